"""Uploads of block blobs: small ones in one request, large ones in blocks that an interrupted upload need not repeat.

A block's id is made of its position and the digest of its content. So whoever uploads the same file again asks storage
which blocks have arrived already, and sends the others.
"""

import base64
import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeyard._http import HttpSession
from pipeyard._storage.file_slice import CHUNK, FileSlice
from pipeyard.exceptions import PipeyardException

ONE_PUT_BYTES = 4 << 20
BLOCK_BYTES = 4 << 20
MAX_BLOCKS = 50_000
IN_FLIGHT = 8
"""Blocks under way at once."""
CONTENT_TYPE = "application/octet-stream"

_BLOCK = re.compile(r"<Block><Name>([^<]+)</Name><Size>(\d+)</Size></Block>")
_ID_BYTES = 5 + 1 + 32
_MISSING, _FORBIDDEN = 404, 403

Sent = Callable[[int], None]


def upload_small(http: HttpSession, url: str, source: Path, sent: Sent) -> None:
    """Create or replace a blob in one request."""
    data = source.read_bytes()
    headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": CONTENT_TYPE, "Content-MD5": _md5(data)}
    http.send("PUT", url, content=data, headers=headers)
    sent(len(data))


def upload_large(http: HttpSession, address: Callable[[], str], source: Path, pool: Executor, sent: Sent) -> None:
    """Create or replace a blob in blocks.

    Args:
        http: The session.
        address: Gives the blob's signed address; asked again and again, as an upload may outlast one.
        source: The file.
        pool: Threads that send blocks.
        sent: Told how many bytes have arrived.
    """
    block_bytes = max(BLOCK_BYTES, -(-source.stat().st_size // MAX_BLOCKS))
    arrived = _arrived(http, address())
    whole = hashlib.md5(usedforsecurity=False)
    names: list[str] = []
    pending: deque[Future[None]] = deque()

    def put(name: str, block: FileSlice, md5: bytes) -> None:
        url = f"{address()}&comp=block&blockid={quote(name, safe='')}"
        headers = {"Content-MD5": base64.b64encode(md5).decode(), **block.headers}
        http.send("PUT", url, content=block, headers=headers)
        sent(block.length)

    try:
        for block, md5 in _blocks(source, block_bytes, whole):
            name = base64.b64encode(f"{len(names):05d}-{md5.hex()}".encode()).decode()
            names.append(name)
            if arrived.get(name) == block.length:
                sent(block.length)
                continue
            if len(pending) >= IN_FLIGHT:
                pending.popleft().result()
            pending.append(pool.submit(put, name, block, md5))
        while pending:
            pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()
    _commit(http, address(), names, base64.b64encode(whole.digest()).decode())


def _blocks(source: Path, block_bytes: int, whole: Any) -> Iterator[tuple[FileSlice, bytes]]:
    """Every block with its MD5; `whole` is fed on the way."""
    with source.open("rb") as stream:
        offset = 0
        while True:
            md5, length = hashlib.md5(usedforsecurity=False), 0
            while chunk := stream.read(min(CHUNK, block_bytes - length)):
                md5.update(chunk)
                whole.update(chunk)
                length += len(chunk)
            if not length:
                return
            yield FileSlice(source, offset, length), md5.digest()
            offset += length


def _commit(http: HttpSession, url: str, names: list[str], md5: str) -> None:
    latest = "".join(f"<Latest>{name}</Latest>" for name in names)
    body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{latest}</BlockList>'.encode()
    headers = {"Content-Type": "application/xml", "x-ms-blob-content-type": CONTENT_TYPE, "x-ms-blob-content-md5": md5}
    http.send("PUT", f"{url}&comp=blocklist", content=body, headers=headers)


def _arrived(http: HttpSession, url: str) -> dict[str, int]:
    """Size of each block by id that an earlier upload has left.

    All ids of a blob must have one length. Where another program has left blocks of its own, an empty blob in their
    place makes storage forget them.
    """
    try:
        answer = http.send("GET", f"{url}&comp=blocklist&blocklisttype=uncommitted").text
    except PipeyardException as error:
        if error.status in {_MISSING, _FORBIDDEN}:  # nothing there, or a token that may not look
            return {}
        raise
    found = {name: int(size) for name, size in _BLOCK.findall(answer)}
    if any(len(base64.b64decode(name)) != _ID_BYTES for name in found):
        _commit(http, url, [], _md5(b""))
        return {}
    return found


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
