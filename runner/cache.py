"""Files by digest, shared by the jobs of a machine. Inputs are hard links into it, so a file exists only once.

A file of the cache is read-only and carries one fixed modification time as a seal: whoever writes to it, under
whichever of its names, breaks the seal, and the file is fetched again before the next job uses it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from . import local_files
from .digests import md5
from .errors import TransferError
from .http_client import PATIENT, HttpClient, can_mend, pause_between
from .spec import FileSpec

SEAL_NS = 978_307_200 * 10**9
"""2001-01-01: no file that a script writes gets this time by itself."""

_READ_ONLY = 0o444
_TRIES = 3


class Link(NamedTuple):
    """An input that shares its bytes with the cache."""

    path: Path
    cached: Path
    inode: int
    size: int


class Cache:
    """Content-addressed files below one folder; safe for many processes at once."""

    def __init__(self, root: Path, client: HttpClient, waits: tuple[float, ...] = PATIENT) -> None:
        self._root = root
        self._client = client
        self._waits = waits

    def path_of(self, digest: str) -> Path:
        """Where the file with this digest lies, if it is there."""
        algorithm, _, value = digest.partition(":")
        if algorithm == "etag":
            value = hashlib.sha256(digest.encode()).hexdigest()  # an etag's text is no file name
        return self._root / algorithm / value[:2] / value

    def copy(self, file: FileSpec, destination: Path) -> None:
        """Put a writable copy of a file at `destination`.

        Raises:
            OSError: The disk refused.
            TransferError: The file could not be fetched.
        """
        for _ in range(_TRIES):
            try:
                shutil.copyfile(self._fetch(file), destination)
            except FileNotFoundError:
                continue  # evicted between the two calls
            return
        raise TransferError(f"{file.path} was evicted from the cache again and again.")

    def link(self, file: FileSpec, destination: Path) -> Link | None:
        """Put a file at `destination` without a second copy; None where the disk wanted one all the same.

        Raises:
            OSError: The disk refused.
            TransferError: The file could not be fetched.
        """
        for _ in range(_TRIES):
            cached = self._fetch(file)
            try:
                os.link(cached, destination)
            except FileNotFoundError:
                continue
            except FileExistsError:
                raise
            except OSError:  # another device, too many links, or a file system without links
                shutil.copyfile(cached, destination)
                destination.chmod(_READ_ONLY)
                return None
            return Link(destination, cached, destination.stat().st_ino, file.size)
        raise TransferError(f"{file.path} was evicted from the cache again and again.")

    def download(self, file: FileSpec, destination: Path) -> None:
        """Put a file at `destination`, checked, without keeping it in the cache.

        Raises:
            OSError: The disk refused.
            TransferError: The file could not be fetched.
        """
        self._download(file, destination)

    def changed(self, link: Link) -> bool:
        """Whether somebody wrote to a linked file; such a file is evicted."""
        for path in (link.path, link.cached):  # a script may have moved a new file over its own name
            try:
                status = path.lstat()
            except OSError:
                continue
            if status.st_ino == link.inode:
                if _intact(status, link.size):
                    return False
                self._evict(link)
                return True
        return False

    def adopt(self, path: Path, sha256: str) -> None:
        """Keep an output, so that a later job on this machine finds it. Only a favour: a refusal does not matter."""
        cached = self.path_of(f"sha256:{sha256}")
        try:
            if not cached.exists():
                cached.parent.mkdir(parents=True, exist_ok=True)
                _seal(path)
                os.link(path, cached)
        except OSError:
            return

    def _fetch(self, file: FileSpec) -> Path:
        cached = self.path_of(file.digest)
        if _is_intact(cached, file.size):
            return cached
        cached.parent.mkdir(parents=True, exist_ok=True)
        lock = cached.with_name(f"{cached.name}.lock")
        with lock.open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            try:
                if not _is_intact(cached, file.size):
                    cached.unlink(missing_ok=True)
                    self._download(file, cached)
            finally:  # whoever still waits for this very lock will look for the file first
                lock.unlink(missing_ok=True)
        return cached

    def _download(self, file: FileSpec, cached: Path) -> None:
        temporary = cached.with_name(f"{cached.name}.{os.getpid()}")
        last = TransferError("")
        try:
            for _ in pause_between(self._waits):
                try:
                    self._attempt(file, temporary)
                except TransferError as error:
                    if not can_mend(error):
                        raise
                    last = error
                else:
                    _seal(temporary)
                    temporary.rename(cached)
                    return
            raise last
        finally:
            temporary.unlink(missing_ok=True)

    def _attempt(self, file: FileSpec, temporary: Path) -> None:
        algorithm, _, value = file.digest.partition(":")
        digest: Any = None
        if algorithm == "sha256":
            digest = hashlib.sha256()
        elif algorithm == "md5":
            digest = md5()
        size = 0
        temporary.unlink(missing_ok=True)  # left, and sealed already, by a process that was killed
        with temporary.open("wb") as stream:

            def sink(chunk: bytes) -> None:
                nonlocal size
                size += len(chunk)
                stream.write(chunk)
                if digest is not None:
                    digest.update(chunk)

            etag = read_file(self._client, file.url, sink)
        if algorithm == "etag" and etag and not value.endswith(f":{etag}"):
            raise TransferError(f"{file.path} was changed since the run looked at it. Submit the run again.", 0)
        if size != file.size or (digest is not None and digest.hexdigest() != value):
            raise TransferError(f"The stored content of {file.path} is not what its digest says.", 0)

    def _evict(self, link: Link) -> None:
        try:
            if link.cached.lstat().st_ino == link.inode:
                link.cached.unlink()
        except OSError:
            return


def read_file(client: HttpClient, url: str, sink: Callable[[bytes], None]) -> str:
    """Read a file to the end; returns its version, "" where the answer has none.

    Raises:
        TransferError: It cannot be read.
    """
    if url.startswith(local_files.SCHEME):
        return local_files.read_file(url, sink)
    return (client.download(url, sink).headers.get("ETag") or "").strip('"')


def _is_intact(path: Path, size: int) -> bool:
    try:
        return _intact(path.lstat(), size)
    except OSError:
        return False


def _intact(status: os.stat_result, size: int) -> bool:
    return status.st_mtime_ns == SEAL_NS and status.st_size == size


def _seal(path: Path) -> None:
    path.chmod(_READ_ONLY)
    # The access time stays true: it says which files have not been used for long.
    os.utime(path, ns=(path.stat().st_atime_ns, SEAL_NS))
