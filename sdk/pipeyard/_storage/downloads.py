"""Downloads in ranges, several at a time. What an interrupted one has fetched is kept and not fetched again.

Beside an unfinished file lies its journal: which version of the file it is of, and which ranges have arrived.
"""

import base64
import hashlib
import json
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, wait
from pathlib import Path
from typing import IO

import httpx

from pipeyard._http import HttpSession
from pipeyard._storage.local_files import unfinished
from pipeyard._wire import StoredFile
from pipeyard.exceptions import ServiceException

RANGE_BYTES = 4 << 20
IN_FLIGHT = 8
TRIES = 4
_CHUNK = 1 << 20

Received = Callable[[int], None]


def download_small(http: HttpSession, url: str, file: StoredFile, target: Path, received: Received) -> None:
    """Fetch a file in one request; it appears whole or not at all."""
    answer = http.send("GET", url)
    _check_version(answer, file)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = unfinished(target, str(os.getpid()))
    try:
        partial.write_bytes(answer.content)
        if partial.stat().st_size != file["size"]:
            raise ServiceException(f"{file['path']} arrived with {len(answer.content)} of {file['size']} bytes.")
        _verify(partial, _md5_of(answer, whole=True), file)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    received(file["size"])


def download_large(
    http: HttpSession, address: Callable[[], str], file: StoredFile, target: Path, pool: Executor, received: Received
) -> None:
    """Fetch a file in ranges; it appears whole or not at all.

    Raises:
        ServiceException: The file was changed meanwhile, or what arrived is not what storage has.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial, journal = unfinished(target, "content"), unfinished(target, "journal")
    done = _ranges_of(journal, partial, file)
    count = -(-file["size"] // RANGE_BYTES)
    missing = [index for index in range(count) if index not in done] or [0]
    received(sum(_length(file, index) for index in range(count) if index not in missing))
    with partial.open("r+b", buffering=0) as out, journal.open("a", encoding="utf-8") as notes:
        os.truncate(out.fileno(), file["size"])
        fetch = _Fetch(http, address, file, out)
        for index in fetch.in_parallel(pool, missing):
            notes.write(f"{index}\n")
            notes.flush()
            received(_length(file, index))
    try:
        _verify(partial, fetch.md5, file)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
        journal.unlink(missing_ok=True)


class _Fetch:
    """The ranges of one file."""

    def __init__(self, http: HttpSession, address: Callable[[], str], file: StoredFile, out: IO[bytes]) -> None:
        self._http = http
        self._address = address
        self._file = file
        self._out = out
        self._lock = threading.Lock()
        self.md5: bytes | None = None

    def in_parallel(self, pool: Executor, indexes: list[int]) -> Iterator[int]:
        """Fetch ranges; yields each when it is in its place."""
        pending: deque[tuple[int, Future[None]]] = deque()
        try:
            for index in indexes:
                if len(pending) >= IN_FLIGHT:
                    yield _finished(pending)
                pending.append((index, pool.submit(self._range, index)))
            while pending:
                yield _finished(pending)
        finally:
            # Nobody may write to the file any more when it is closed.
            wait([future for _, future in pending if not future.cancel()])

    def _range(self, index: int) -> None:
        start, length = index * RANGE_BYTES, _length(self._file, index)
        headers = {"Range": f"bytes={start}-{start + length - 1}"}
        for remaining in reversed(range(TRIES)):
            try:
                with self._http.stream(self._address(), headers) as answer:
                    self._take(answer, start, length)
            except ServiceException as error:
                if not remaining or error.code != "no_answer":
                    raise
            else:
                return

    def _take(self, answer: httpx.Response, start: int, length: int) -> None:
        _check_version(answer, self._file)
        self.md5 = self.md5 or _md5_of(answer, whole=False)
        position = start
        if answer.status_code == httpx.codes.PARTIAL_CONTENT:
            for chunk in answer.iter_raw():
                with self._lock:
                    self._out.seek(position)
                    self._out.write(chunk)
                position += len(chunk)
        if position != start + length:
            raise ServiceException(f"{self._file['path']}: storage did not answer with the range that was asked for.")


def _finished(pending: deque[tuple[int, Future[None]]]) -> int:
    index, future = pending.popleft()
    future.result()
    return index


def _length(file: StoredFile, index: int) -> int:
    return min(RANGE_BYTES, file["size"] - index * RANGE_BYTES)


def _ranges_of(journal: Path, partial: Path, file: StoredFile) -> set[int]:
    """Ranges that an earlier download of this very version has left; otherwise both files begin anew."""
    version = json.dumps([file["path"], file["etag"], file["size"], RANGE_BYTES])
    try:
        first, *ranges = journal.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        first, ranges = "", []
    if first == version and partial.exists():
        return {int(text) for text in ranges if text.isdigit()}
    partial.write_bytes(b"")
    journal.write_text(f"{version}\n", encoding="utf-8")
    return set()


def _check_version(answer: httpx.Response, file: StoredFile) -> None:
    etag = answer.headers.get("etag", "").strip('"')
    if etag and etag != file["etag"]:
        raise ServiceException(f"{file['path']} was changed while it was downloaded. Download it again.")


def _md5_of(answer: httpx.Response, *, whole: bool) -> bytes | None:
    """MD5 of the whole file, where storage keeps one. In the answer to a range, Content-MD5 would be the range's."""
    text = answer.headers.get("x-ms-blob-content-md5") or answer.headers.get("x-ms-content-md5")
    if whole:
        text = text or answer.headers.get("content-md5")
    return base64.b64decode(text) if text else None


def _verify(partial: Path, md5: bytes | None, file: StoredFile) -> None:
    if md5 is None:
        return
    digest = hashlib.md5(usedforsecurity=False)
    with partial.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    if digest.digest() != md5:
        raise ServiceException(f"{file['path']} arrived with other bytes than storage has. Download it again.")
