"""Copies an input from place to place: by storage itself where it can, else through this machine; nothing twice.

What lies at the destination with the same bytes already is left alone, so that another try goes on where this one ends.
"""

from __future__ import annotations

import shutil
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from .errors import JobError
from .file_copies import BY_STORAGE, SKIPPED, THROUGH_HERE, Copied, FileCopies, Pair
from .live import LogUpload
from .outputs import OutputFile
from .script import Layout
from .spec import InputSpec, OutputSpec, Spec

AT_ONCE = 8
"""Files under way at the same moment."""

_PROGRESS_SECONDS = 5.0
_LOOK_SECONDS = 0.2


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
        self._done: dict[str, Copied] = {}

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
        workers = FileCopies(output, self._scratch, stop)
        self._scratch.mkdir(exist_ok=True)
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            self._collect({pool.submit(workers.copy, pair) for pair in left}, len(pairs), deadline, spec)
        except OSError as error:
            raise JobError(f"The disk of this machine refused: {error.strerror}.") from error
        finally:
            stop.set()
            workers.break_off()
            pool.shutdown(wait=True)  # those that have not begun see that they must stop
            workers.close()
            shutil.rmtree(self._scratch, ignore_errors=True)
        self._summarise()

    def say(self, text: str) -> None:
        """Write a line of the log."""
        with self._log.open("a", encoding="utf-8") as stream:
            stream.write(f"{text}\n")

    def _collect(self, pending: set[Future[Copied]], count: int, deadline: float | None, spec: Spec) -> None:
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


def _plan(spec: Spec) -> tuple[InputSpec, OutputSpec, list[Pair]]:
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
    pairs = [Pair(number, file, "" if alone else file.path) for number, file in enumerate(source.files)]
    return source, output, pairs


def _amount(files: int, size: int) -> str:
    return f"{files} {'file' if files == 1 else 'files'}, {size:,} bytes"
