"""Uploads to a share of Azure Files: folders, a file of fixed size, and ranges of at most 4 MiB."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from pipeyard._http import HttpSession
from pipeyard.exceptions import PipeyardException, UserErrorException

RANGE_BYTES = 4 << 20

_VERSION = {"x-ms-version": "2022-11-02"}
_NEW = {
    **_VERSION,
    "x-ms-file-attributes": "None",
    "x-ms-file-creation-time": "now",
    "x-ms-file-last-write-time": "now",
    "x-ms-file-permission": "inherit",
}
_MISSING, _CONFLICT = 404, 409


def upload_share_file(http: HttpSession, address: Callable[[], str], source: Path, sent: Callable[[int], None]) -> None:
    """Create or replace a file, with the folders above it.

    Raises:
        UserErrorException: The file became shorter on the way.
    """
    size, position = source.stat().st_size, 0
    _create(http, address(), size)
    with source.open("rb") as stream:
        while data := stream.read(min(RANGE_BYTES, size - position)):
            headers = {**_VERSION, "x-ms-write": "update", "x-ms-range": f"bytes={position}-{position + len(data) - 1}"}
            http.send("PUT", f"{address()}&comp=range", content=data, headers=headers)
            position += len(data)
            sent(len(data))
    if position != size:
        raise UserErrorException(f"{source} became shorter while it was uploaded.")


def _create(http: HttpSession, url: str, size: int) -> None:
    headers = {**_NEW, "x-ms-type": "file", "x-ms-content-length": str(size)}
    try:
        http.send("PUT", url, headers=headers)
    except PipeyardException as error:
        if error.status != _MISSING:
            raise
        _create_folders(http, url)
        http.send("PUT", url, headers=headers)


def _create_folders(http: HttpSession, url: str) -> None:
    parts = urlsplit(url)
    share, *folders = parts.path.lstrip("/").split("/")[:-1]
    for depth in range(len(folders)):
        path = "/".join(("", share, *folders[: depth + 1]))
        try:
            http.send("PUT", f"{urlunsplit(parts._replace(path=path))}&restype=directory", headers=_NEW)
        except PipeyardException as error:
            if error.status != _CONFLICT:  # it is there already
                raise
