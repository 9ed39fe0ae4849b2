"""Copies an input from place to place: by storage itself where it can, else through this machine; nothing twice.

What lies at the destination with the same bytes already is left alone, so that another try goes on where this one ends.
A file appears under its name whole or not at all; a share cannot promise that, so there a file once begun is finished.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple

from . import blobs
from .cache import Cache, read_file
from .errors import JobError, TransferError
from .http_client import HttpClient, can_mend
from .live import LogUpload
from .outputs import OutputFile, upload_file
from .script import Layout
from .spec import FileSpec, InputSpec, OutputSpec, Present, Spec

AT_ONCE = 8
"""Files under way at the same moment."""
BY_STORAGE_BYTES = 256 << 20
"""The largest blob that storage copies within one request."""

BY_STORAGE = "copied by storage"
THROUGH_HERE = "copied through this machine"
SKIPPED = "skipped, the same bytes were there already"

_PROGRESS_SECONDS = 5.0
_LOOK_SECONDS = 0.2


class _Pair(NamedTuple):
    """A file and where it goes below the output."""

    number: int
    file: FileSpec
    relative: str


class _Copied(NamedTuple):
    """A file at its destination, and how it got there."""

    file: OutputFile
    how: str


class Copier:
    """One transfer, which may be begun again after storage was away: what is done stays done.

    Args:
        layout: The job's directory; files pass through a folder of it.
        upload: Uploads the log now and then.
    """

    def __init__(self, layout: Layout, upload: LogUpload) -> None:
        self._scratch = layout.root / "copying"
        self._log = layout.log
        self._upload = upload
        self._done: dict[str, _Copied] = {}

    @property
    def files(self) -> list[OutputFile]:
        """Everything that is at the destination now, by name."""
        return [self._done[relative].file for relative in sorted(self._done)]

    def run(self, spec: Spec, deadline: float | None) -> None:
        """Copy what is not copied yet.

        Raises:
            JobError: The ends do not fit each other, or time is up.
            TransferError: A place did not give or take a file.
        """
        source, output, pairs = _plan(spec)
        left = [pair for pair in pairs if pair.relative not in self._done]
        total = sum(pair.file.size for pair in pairs)
        self.say(f"Copying {source.name} to {output.name}: {_amount(len(pairs), total)}.")
        stop = threading.Event()
        workers = _Workers(output, self._scratch, stop)
        self._scratch.mkdir(exist_ok=True)
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            self._collect({pool.submit(workers.copy, pair) for pair in left}, len(pairs), deadline, spec)
        except OSError as error:
            raise JobError(f"The disk of this machine refused: {error.strerror}.") from error
        finally:
            stop.set()
            workers.break_off()
            pool.shutdown(wait=True, cancel_futures=True)
            workers.close()
            shutil.rmtree(self._scratch, ignore_errors=True)
        self._summarise()

    def say(self, text: str) -> None:
        """Write a line of the log."""
        with self._log.open("a", encoding="utf-8") as stream:
            stream.write(f"{text}\n")

    def _collect(self, pending: set[Future[_Copied]], count: int, deadline: float | None, spec: Spec) -> None:
        said_at = uploaded_at = time.monotonic()
        while pending:
            ended, pending = wait(pending, _LOOK_SECONDS, FIRST_COMPLETED)
            for copied in [future.result() for future in ended]:
                self._done[copied.file["path"]] = copied
            now = time.monotonic()
            if deadline is not None and now > deadline and pending:
                raise JobError(f"The transfer was ended: no end within {spec.timeout_seconds:g} s.")
            if pending and now - said_at > _PROGRESS_SECONDS:
                self.say(f"{len(self._done)} of {count} files are there.")
                said_at = now
            if now - uploaded_at > self._upload.interval_seconds:
                self._upload.tick(lambda: False)
                uploaded_at = now

    def _summarise(self) -> None:
        for how in (BY_STORAGE, THROUGH_HERE, SKIPPED):
            sizes = [copied.file["size"] for copied in self._done.values() if copied.how == how]
            if sizes:
                self.say(f"{_amount(len(sizes), sum(sizes))} {how}.")


class _Workers:
    """What the threads share."""

    def __init__(self, output: OutputSpec, scratch: Path, stop: threading.Event) -> None:
        self._output = output
        self._present = {present.path: present for present in output.present}
        self._scratch = scratch
        self._stop = stop
        self._own = threading.local()
        self._clients: list[HttpClient] = []

    def copy(self, pair: _Pair) -> _Copied:
        """Bring one file to its destination.

        Raises:
            TransferError: That was not possible, or somebody asked for the end.
        """
        self._check()
        algorithm, _, digest = pair.file.digest.partition(":")
        present = self._present.get(pair.relative)
        if present is not None and present.size != pair.file.size:
            present = None
        if algorithm == "etag":
            return self._copy_unknown(pair, present)
        if present is not None and self._digest_there(present, algorithm) == digest:
            return _Copied(_listed(pair, algorithm, digest, present.etag), SKIPPED)
        etag = self._copy_by_storage(pair)
        if etag is not None:
            return _Copied(_listed(pair, algorithm, digest, etag), BY_STORAGE)
        staged = self._fetch(pair)
        etag = self._write(pair, staged, digest if algorithm == "md5" else None)
        return _Copied(_listed(pair, algorithm, digest, etag), THROUGH_HERE)

    def break_off(self) -> None:
        """End the requests that are under way."""
        for client in list(self._clients):
            client.break_off()

    def close(self) -> None:
        """Close the threads' connections."""
        for client in self._clients:
            client.close()

    def _copy_unknown(self, pair: _Pair, present: Present | None) -> _Copied:
        """A file without a digest must be read to know what it is."""
        staged = self._fetch(pair)
        sha256, md5 = blobs.digests_of(staged)
        if present is not None:
            algorithm, digest = ("md5", md5.hex()) if present.md5 is not None else ("sha256", sha256)
            if self._digest_there(present, algorithm) == digest:
                staged.unlink()
                listed = _listed(pair, "sha256", sha256, present.etag)
                return _Copied(listed, SKIPPED)
        listed = _listed(pair, "sha256", sha256, self._write(pair, staged, md5.hex()))
        return _Copied(listed, THROUGH_HERE)

    def _digest_there(self, present: Present, algorithm: str) -> str:
        if algorithm == "md5" and present.md5 is not None:
            return present.md5
        temporary = self._scratch / f"there-{threading.get_ident()}"
        with temporary.open("wb") as stream:
            read_file(self._client, present.url, lambda chunk: self._keep(stream.write, chunk))
        sha256, md5 = blobs.digests_of(temporary)
        temporary.unlink()
        return sha256 if algorithm == "sha256" else md5.hex()

    def _copy_by_storage(self, pair: _Pair) -> str | None:
        """Let storage copy a blob; None where it cannot."""
        target = self._output.target
        if target.type != "blob" or not pair.file.url.startswith("http") or pair.file.size > BY_STORAGE_BYTES:
            return None
        try:
            md5 = self._stored_md5(pair.file)
            if md5 is None:
                return None
            etag = blobs.copy_from(self._client, target.url(pair.relative), pair.file.url, md5)
        except TransferError as error:
            if can_mend(error):
                raise
            return None
        self._verify(pair, md5)
        return etag

    def _stored_md5(self, file: FileSpec) -> str | None:
        """The MD5 that storage keeps of a source; None where it keeps none of the version that was asked for."""
        algorithm, _, digest = file.digest.partition(":")
        if algorithm == "md5":
            return digest
        if file.etag is None:
            return None
        facts = blobs.facts_of(self._client, file.url)
        return facts.md5 if facts.etag == file.etag else None

    def _fetch(self, pair: _Pair) -> Path:
        """A file on this machine, checked against its digest."""
        staged = self._scratch / str(pair.number)
        Cache(self._scratch, self._client).download(pair.file, staged)
        return staged

    def _write(self, pair: _Pair, staged: Path, md5: str | None) -> str:
        target = self._output.target
        whole = HttpClient() if target.type == "file_share" else self._client
        try:
            etag = upload_file(whole, target, pair.relative, staged).etag
            self._verify(pair, md5)
        except OSError as error:
            raise TransferError(f"{pair.file.path} could not be read: {error.strerror}.", 0) from error
        finally:
            staged.unlink(missing_ok=True)
            if whole is not self._client:
                whole.close()
        return etag

    def _verify(self, pair: _Pair, md5: str | None) -> None:
        """Ask storage what it has now. The disk of this machine has been asked while it was written."""
        target = self._output.target
        if target.type == "local_folder":
            return
        url = target._replace(query=self._output.read_query).url(pair.relative)
        facts = blobs.facts_of(self._client, url)
        if facts.size != pair.file.size or (md5 and facts.md5 and facts.md5 != md5):
            raise TransferError(f"{pair.file.path} arrived at the destination with other bytes.", 0)

    @property
    def _client(self) -> HttpClient:
        client: HttpClient | None = getattr(self._own, "client", None)
        if client is None:
            client = self._own.client = HttpClient(check=self._check)
            self._clients.append(client)
        return client

    def _keep(self, write: Callable[[bytes], object], chunk: bytes) -> None:
        self._check()
        write(chunk)

    def _check(self) -> None:
        if self._stop.is_set():
            raise TransferError("The transfer was stopped.", 0)


def _plan(spec: Spec) -> tuple[InputSpec, OutputSpec, list[_Pair]]:
    """What goes where.

    Raises:
        JobError: The kinds of the ends are not what the step says.
    """
    first, second, source_type, destination_type = spec.command
    source = next(item for item in spec.inputs if item.name == first.input)
    output = next(item for item in spec.outputs if item.name == second.output)
    is_file = source.file_name is not None
    if source_type.value != "any" and is_file != (source_type.value == "file"):
        found = "a file" if is_file else "a folder"
        raise JobError(f"The source {source.name} is {found}, but source_reference_type is {source_type.value}.")
    if destination_type.value == "file" and not is_file:
        raise JobError(f"The source {source.name} is a folder: it cannot be copied to a file.")
    alone = is_file and destination_type.value != "directory"
    pairs = [_Pair(number, file, "" if alone else file.path) for number, file in enumerate(source.files)]
    return source, output, pairs


def _listed(pair: _Pair, algorithm: str, digest: str, etag: str) -> OutputFile:
    return {
        "path": pair.relative,
        "sha256": digest if algorithm == "sha256" else None,
        "md5": digest if algorithm == "md5" else None,
        "size": pair.file.size,
        "etag": etag,
    }


def _amount(files: int, size: int) -> str:
    return f"{files} {'file' if files == 1 else 'files'}, {size:,} bytes"
