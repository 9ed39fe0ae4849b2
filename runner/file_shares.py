"""Azure Files over its REST interface: folders, files of a fixed size, and ranges of at most 4 MiB."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from .blobs import Uploaded
from .errors import TransferError
from .http_client import PATIENT, HttpClient

RANGE_BYTES = 4 << 20

_VERSION = {"x-ms-version": "2022-11-02"}
_NEW = {
    **_VERSION,
    "x-ms-file-attributes": "None",
    "x-ms-file-creation-time": "now",
    "x-ms-file-last-write-time": "now",
    "x-ms-file-permission": "inherit",
}
_NOT_FOUND = 404


def put_file(client: HttpClient, url: str, path: Path, *, waits: tuple[float, ...] = PATIENT) -> Uploaded:
    """Create or replace a file of a share, with the folders above it.

    Raises:
        OSError: The file cannot be read.
        TransferError: Storage did not take it.
    """
    size = path.stat().st_size
    etag = _create(client, url, size, waits)
    sha256, sent = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while True:
            data = stream.read(min(RANGE_BYTES, size - sent))
            if not data:
                break
            headers = {**_VERSION, "x-ms-write": "update", "x-ms-range": f"bytes={sent}-{sent + len(data) - 1}"}
            answer = client.send("PUT", _with(url, "comp=range"), data, headers, waits=waits)
            etag = answer.headers.get("ETag") or ""
            sha256.update(data)
            sent += len(data)
    if sent != size:
        raise TransferError(f"{path.name} became shorter while it was uploaded.", 0)
    return Uploaded(sha256.hexdigest(), size, etag.strip('"'))


def _create(client: HttpClient, url: str, size: int, waits: tuple[float, ...]) -> str:
    headers = {**_NEW, "x-ms-type": "file", "x-ms-content-length": str(size)}
    try:
        answer = client.send("PUT", url, b"", headers, waits=waits)
    except TransferError as error:
        if error.status != _NOT_FOUND:
            raise
        for folder in _folders(url):
            client.send("PUT", _with(folder, "restype=directory"), b"", _NEW, expect=(201, 409), waits=waits)
        answer = client.send("PUT", url, b"", headers, waits=waits)
    return answer.headers.get("ETag") or ""


def _folders(url: str) -> list[str]:
    """Addresses of the folders between the share and the file, from the top."""
    parts = urlsplit(url)
    share, *folders = parts.path.lstrip("/").split("/")[:-1]
    paths = ["/".join(("", share, *folders[: depth + 1])) for depth in range(len(folders))]
    return [urlunsplit(parts._replace(path=path)) for path in paths]


def _with(url: str, parameters: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{parameters}"
