"""One file from place to place, as threads of a transfer do it.

A file appears under its name whole or not at all, and until then what was there stays; but for shares, which cannot
promise that: there, a file once begun is finished.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from . import blobs
from .cache import Cache, read_file
from .errors import TransferError
from .http_client import HttpClient, can_mend
from .large_copies import copy_large, is_being_copied
from .outputs import OutputFile, upload_file
from .spec import FileSpec, OutputSpec, Present

BY_STORAGE_BYTES = 256 << 20
"""The largest blob that storage copies within one request; larger ones it copies block by block."""

BY_STORAGE = "copied by storage"
THROUGH_HERE = "copied through this machine"
SKIPPED = "skipped, the same bytes were there already"


class Pair(NamedTuple):
    """A file and where it goes below the output."""

    number: int
    file: FileSpec
    relative: str


class Copied(NamedTuple):
    """A file at its destination, and how it got there."""

    file: OutputFile
    how: str


class FileCopies:
    """What the threads share."""

    def __init__(self, output: OutputSpec, scratch: Path, stop: threading.Event) -> None:
        self._output = output
        self._present = {present.path: present for present in output.present}
        self._scratch = scratch
        self._stop = stop
        self._own = threading.local()
        self._clients: list[HttpClient] = []

    def copy(self, pair: Pair) -> Copied:
        """Bring one file to its destination.

        Raises:
            TransferError: That was not possible, or somebody asked for the end.
        """
        self._check()
        algorithm, _, digest = pair.file.digest.partition(":")
        present = self._present.get(pair.relative)
        if present is not None and (present.size != pair.file.size or self._is_unfinished(present)):
            present = None
        if algorithm == "etag":
            return self._copy_unknown(pair, present)
        if present is not None and self._digest_there(present, algorithm) == digest:
            return Copied(_listed(pair, algorithm, digest, present.etag), SKIPPED)
        etag = self._copy_by_storage(pair)
        if etag is not None:
            return Copied(_listed(pair, algorithm, digest, etag), BY_STORAGE)
        staged = self._fetch(pair)
        etag = self._write(pair, staged, digest if algorithm == "md5" else None)
        return Copied(_listed(pair, algorithm, digest, etag), THROUGH_HERE)

    def break_off(self) -> None:
        """End the requests that are under way."""
        for client in list(self._clients):
            client.break_off()

    def close(self) -> None:
        """Close the threads' connections."""
        for client in self._clients:
            client.close()

    def _copy_unknown(self, pair: Pair, present: Present | None) -> Copied:
        """A file without a digest must be read to know what it is."""
        staged = self._fetch(pair)
        sha256, md5 = blobs.digests_of(staged)
        if present is not None:
            algorithm, digest = ("md5", md5.hex()) if present.md5 is not None else ("sha256", sha256)
            if self._digest_there(present, algorithm) == digest:
                staged.unlink()
                listed = _listed(pair, "sha256", sha256, present.etag)
                return Copied(listed, SKIPPED)
        listed = _listed(pair, "sha256", sha256, self._write(pair, staged, md5.hex()))
        return Copied(listed, THROUGH_HERE)

    def _digest_there(self, present: Present, algorithm: str) -> str:
        if algorithm == "md5" and present.md5 is not None:
            return present.md5
        temporary = self._scratch / f"there-{threading.get_ident()}"
        with temporary.open("wb") as stream:
            read_file(self._client, present.url, lambda chunk: self._keep(stream.write, chunk))
        sha256, md5 = blobs.digests_of(temporary)
        temporary.unlink()
        return sha256 if algorithm == "sha256" else md5.hex()

    def _copy_by_storage(self, pair: Pair) -> str | None:
        """Let storage copy a blob; None where it cannot."""
        target = self._output.target
        if target.type != "blob" or not pair.file.url.startswith("http"):
            return None
        url = target.url(pair.relative)
        try:
            md5 = self._stored_md5(pair.file)
            if md5 is None:
                return None
            if pair.file.size > BY_STORAGE_BYTES:
                etag = copy_large(self._client, url, self._read_url(pair), pair.file.url, md5)
            else:
                etag = blobs.copy_from(self._client, url, pair.file.url, md5)
        except TransferError as error:
            if can_mend(error) or self._stop.is_set():
                raise
            return None
        if etag is not None:
            self._verify(pair, md5)
        return etag

    def _is_unfinished(self, present: Present) -> bool:
        """Whether somebody's copy is there that storage is still at work on."""
        large = self._output.target.type == "blob" and present.size > BY_STORAGE_BYTES
        return large and is_being_copied(self._client, present.url)

    def _stored_md5(self, file: FileSpec) -> str | None:
        """The MD5 that storage keeps of a source; None where it keeps none of the version that was asked for."""
        algorithm, _, digest = file.digest.partition(":")
        if algorithm == "md5":
            return digest
        if file.etag is None:
            return None
        facts = blobs.facts_of(self._client, file.url)
        return facts.md5 if facts.etag == file.etag else None

    def _fetch(self, pair: Pair) -> Path:
        """A file on this machine, checked against its digest."""
        staged = self._scratch / str(pair.number)
        Cache(self._scratch, self._client).download(pair.file, staged)
        return staged

    def _write(self, pair: Pair, staged: Path, md5: str | None) -> str:
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

    def _verify(self, pair: Pair, md5: str | None) -> None:
        """Ask storage what it has now. The disk of this machine has been asked while it was written."""
        target = self._output.target
        if target.type == "local_folder":
            return
        facts = blobs.facts_of(self._client, self._read_url(pair))
        if facts.size != pair.file.size or (md5 and facts.md5 and facts.md5 != md5):
            raise TransferError(f"{pair.file.path} arrived at the destination with other bytes.", 0)

    def _read_url(self, pair: Pair) -> str:
        return self._output.target._replace(query=self._output.read_query).url(pair.relative)

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


def _listed(pair: Pair, algorithm: str, digest: str, etag: str) -> OutputFile:
    return {
        "path": pair.relative,
        "sha256": digest if algorithm == "sha256" else None,
        "md5": digest if algorithm == "md5" else None,
        "size": pair.file.size,
        "etag": etag,
    }
