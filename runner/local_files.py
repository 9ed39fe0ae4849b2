"""Files of this machine as a place for inputs and outputs: what `file://` addresses mean."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .blobs import Uploaded
from .errors import TransferError

SCHEME = "file://"
UNFINISHED = ".pipeyard-"
"""Begins the names of files that are being written; listings leave them out."""

_CHUNK = 1 << 20


def path_of(url: str) -> Path:
    """The file that an address names.

    Raises:
        TransferError: It names a file of another machine.
    """
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc:
        raise TransferError(f"{unquote(parts.path)} is no file of this machine.", 0)
    return Path(unquote(parts.path))


def file_etag(status: os.stat_result) -> str:
    """A file's version, in the words of the workspace's listings."""
    return f"{status.st_size:x}-{status.st_mtime_ns:x}-{status.st_ino:x}"


def read_file(url: str, sink: Callable[[bytes], None]) -> str:
    """Read a file piece by piece; returns its version.

    Raises:
        TransferError: It is gone, cannot be read, or was changed meanwhile.
    """
    path = path_of(url)
    try:
        with path.open("rb") as stream:
            before = file_etag(os.fstat(stream.fileno()))
            while True:
                chunk = stream.read(_CHUNK)
                if not chunk:
                    break
                sink(chunk)
            after = file_etag(os.fstat(stream.fileno()))
    except OSError as error:
        raise TransferError(f"{path} cannot be read: {error.strerror}.", 0) from error
    if before != after:
        raise TransferError(f"{path} was changed while it was read.")
    return after


def put_file(url: str, source: Path) -> Uploaded:
    """Copy a file to its place: whole or not at all.

    Raises:
        OSError: The source cannot be read.
        TransferError: The place does not take it.
    """
    target = path_of(url)
    sha256, size = hashlib.sha256(), 0
    temporary = target.with_name(f"{UNFINISHED}{os.getpid()}-{threading.get_ident()}.part")
    with source.open("rb") as stream:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as out:
                while True:
                    chunk = stream.read(_CHUNK)
                    if not chunk:
                        break
                    sha256.update(chunk)
                    size += len(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            etag = file_etag(temporary.stat())
            temporary.replace(target)
        except OSError as error:
            raise TransferError(f"{target} cannot be written: {error.strerror}.", 0) from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
    return Uploaded(sha256.hexdigest(), size, etag)
