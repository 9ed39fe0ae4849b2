"""Azure Blob Storage by plain PUTs: block blobs in one or many pieces, append blobs."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import NamedTuple

from . import digests
from .http_client import PATIENT, Answer, FileSlice, HttpClient

ONE_READ_BYTES = 4 << 20
ONE_PUT_BYTES = 64 << 20
APPEND_BYTES = 4 << 20
_BLOCK_BYTES = 8 << 20
_MAX_BLOCKS = 50_000
_CHUNK = 1 << 20


class Uploaded(NamedTuple):
    """A file that storage has taken."""

    sha256: str
    size: int
    etag: str


def put_bytes(
    client: HttpClient,
    url: str,
    data: bytes,
    *,
    waits: tuple[float, ...] = PATIENT,
    timeout_seconds: float | None = None,
    content_type: str = "application/octet-stream",
) -> str:
    """Create or replace a block blob; returns its etag.

    Raises:
        TransferError: Storage did not take it.
    """
    headers = _whole(digests.md5(data).digest(), content_type)
    answer = client.send("PUT", url, data, headers, waits=waits, timeout_seconds=timeout_seconds)
    return (_etag(answer)).strip('"')


def put_file(
    client: HttpClient,
    url: str,
    path: Path,
    *,
    waits: tuple[float, ...] = PATIENT,
    content_type: str = "application/octet-stream",
) -> Uploaded:
    """Create or replace a block blob from a file of any size, with flat memory.

    Raises:
        OSError: The file cannot be read.
        TransferError: Storage did not take it.
    """
    size = path.stat().st_size
    if size <= ONE_READ_BYTES:
        data = path.read_bytes()
        etag = put_bytes(client, url, data, waits=waits, content_type=content_type)
        return Uploaded(hashlib.sha256(data).hexdigest(), len(data), etag)
    if size > ONE_PUT_BYTES:
        return _put_blocks(client, url, path, waits, content_type)
    sha256, md5 = digests_of(path)
    answer = client.send("PUT", url, FileSlice(path, 0, size), _whole(md5, content_type), waits=waits)
    return Uploaded(sha256, size, (_etag(answer)).strip('"'))


def copy_from(client: HttpClient, url: str, source_url: str, md5: str) -> str:
    """Have storage copy a blob, of at most 256 MiB, from an address that it can read; returns the new etag.

    Storage checks the bytes against their MD5 (hex) while it copies. The new blob exists once it is complete.

    Raises:
        TransferError: Storage did not copy it.
    """
    headers = {
        "x-ms-requires-sync": "true",
        "x-ms-copy-source": source_url,
        "x-ms-source-content-md5": base64.b64encode(bytes.fromhex(md5)).decode(),
    }
    return _etag(client.send("PUT", url, b"", headers, expect=(202,)))


class Facts(NamedTuple):
    """What storage says of a file; `md5` is hex, None where storage keeps none."""

    size: int
    md5: str | None
    etag: str


def facts_of(client: HttpClient, url: str) -> Facts:
    """Ask for a stored file's facts.

    Raises:
        TransferError: Storage did not tell.
    """
    answer = client.send("HEAD", url)
    md5 = answer.headers.get("Content-MD5")
    size = int(answer.headers.get("Content-Length") or 0)
    return Facts(size, base64.b64decode(md5).hex() if md5 else None, _etag(answer))


def create_append_blob(client: HttpClient, url: str, timeout_seconds: float) -> bool:
    """Create an empty append blob. False if the blob is there already.

    Raises:
        TransferError: Storage refused or did not answer.
    """
    headers = {
        "x-ms-blob-type": "AppendBlob",
        "x-ms-blob-content-type": "text/plain; charset=utf-8",
        "If-None-Match": "*",
    }
    answer = client.send("PUT", url, b"", headers, expect=(201, 409, 412), waits=(), timeout_seconds=timeout_seconds)
    return answer.status == 201  # noqa: PLR2004


def append_block(client: HttpClient, url: str, data: bytes, position: int | None, timeout_seconds: float) -> int | None:
    """Append at `position` (None: wherever the end is). Returns the new end, None where storage does not tell it.

    Raises:
        TransferError: Not appended, or (`status` None) unknown whether it was; 412 means that the end is elsewhere.
    """
    md5 = base64.b64encode(digests.md5(data).digest()).decode()
    headers = {"Content-MD5": md5}
    if position is not None:
        headers["x-ms-blob-condition-appendpos"] = str(position)
    answer = client.send(
        "PUT",
        operation(url, "comp=appendblock"),
        data,
        headers,
        waits=(),
        timeout_seconds=timeout_seconds,
        repeatable=False,
    )
    offset = answer.headers.get("x-ms-blob-append-offset")
    return int(offset) + len(data) if offset is not None and offset.isdigit() else None


def commit_blocks(
    client: HttpClient,
    url: str,
    names: list[str],
    md5: bytes,
    headers: dict[str, str],
    *,
    waits: tuple[float, ...] = PATIENT,
) -> str:
    """Make a blob of blocks that are there; returns its etag.

    Raises:
        TransferError: Storage did not do it.
    """
    latest = "".join(f"<Latest>{name}</Latest>" for name in names)
    body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{latest}</BlockList>'.encode()
    given = {**headers, "Content-Type": "application/xml", "x-ms-blob-content-md5": base64.b64encode(md5).decode()}
    return _etag(client.send("PUT", operation(url, "comp=blocklist"), body, given, waits=waits))


def operation(url: str, parameters: str) -> str:
    """The address of what is done to a blob."""
    return f"{url}{'&' if '?' in url else '?'}{parameters}"


def _etag(answer: Answer) -> str:
    # Bare, as in listings: services disagree about the quotes here.
    return (answer.headers.get("ETag") or "").strip('"')


def _whole(md5: bytes, content_type: str) -> dict[str, str]:
    return {
        "x-ms-blob-type": "BlockBlob",
        "Content-Type": content_type,
        "Content-MD5": base64.b64encode(md5).decode(),
    }


def digests_of(path: Path) -> tuple[str, bytes]:
    """SHA-256 in hex and MD5 of a file.

    Raises:
        OSError: It cannot be read.
    """
    sha256, md5 = hashlib.sha256(), digests.md5()
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(_CHUNK)
            if not chunk:
                return sha256.hexdigest(), md5.digest()
            sha256.update(chunk)
            md5.update(chunk)


def _put_blocks(client: HttpClient, url: str, path: Path, waits: tuple[float, ...], content_type: str) -> Uploaded:
    sha256, md5 = hashlib.sha256(), digests.md5()
    block_bytes = max(_BLOCK_BYTES, -(-path.stat().st_size // _MAX_BLOCKS))
    names: list[str] = []
    size = 0
    with path.open("rb") as stream:
        while True:
            block = stream.read(block_bytes)
            if not block:
                break
            sha256.update(block)
            md5.update(block)
            size += len(block)
            names.append(base64.b64encode(b"%08d" % len(names)).decode())
            # "+" and "/" do not occur in the base64 of digits, "=" does.
            block_id = names[-1].replace("=", "%3D")
            client.send("PUT", operation(url, f"comp=block&blockid={block_id}"), block, waits=waits)
    etag = commit_blocks(client, url, names, md5.digest(), {"x-ms-blob-content-type": content_type}, waits=waits)
    return Uploaded(sha256.hexdigest(), size, etag)
