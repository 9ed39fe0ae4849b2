"""Copies that storage makes by itself and that outlast a request: block by block, and seen once all blocks are there.

Storage has a call that copies a blob of any size at once, too. It is not used: it puts an empty blob in the place of
what was there before it begins, and leaves that behind where it is broken off.
"""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import quote

from .blobs import commit_blocks, operation
from .errors import TransferError
from .http_client import HttpClient

_BLOCK_BYTES = 64 << 20
_MAX_BLOCKS = 50_000
_BLOCK_SECONDS = 300.0
"""Storage answers when it has copied a block, which may be from another region."""
_NOT_FOUND, _CHANGED = 404, 412
_LISTED = re.compile(rb"<Block><Name>([^<]+)</Name><Size>(\d+)</Size></Block>")
_KEPT = {
    "Content-Type": "x-ms-blob-content-type",
    "Content-Encoding": "x-ms-blob-content-encoding",
    "Content-Language": "x-ms-blob-content-language",
    "Content-Disposition": "x-ms-blob-content-disposition",
    "Cache-Control": "x-ms-blob-cache-control",
}
"""What a blob says of itself, and how the same is said of one that is made of blocks."""


def is_being_copied(client: HttpClient, read_url: str) -> bool:
    """Whether a blob is the unfinished work of somebody's copy, its own size and MD5 notwithstanding.

    Raises:
        TransferError: Storage did not tell.
    """
    return client.send("HEAD", read_url).headers.get("x-ms-copy-status") == "pending"


def copy_large(client: HttpClient, url: str, read_url: str, source_url: str, md5: str) -> str:
    """Have storage copy a blob of any size from an address that it can read; returns the new etag.

    Blocks that an earlier try has copied are not copied again. Until all are there, nothing is seen of them, and what
    was at the place before stays; storage drops what nobody finishes within a week.

    Args:
        client: For the requests; whoever breaks it off ends the copy.
        url: Where the blob is to be, writable.
        read_url: The same place, readable.
        source_url: What is to be copied.
        md5: What storage keeps as the MD5 of the source, in hex.

    Raises:
        TransferError: Storage refused, the source has changed, or the copy was stopped.
    """
    source = client.send("HEAD", source_url).headers
    size, etag = int(source.get("Content-Length") or 0), source.get("ETag") or ""
    if source.get("Content-MD5") != base64.b64encode(bytes.fromhex(md5)).decode():
        raise TransferError("The source is not what it was.", _CHANGED)
    block_bytes = max(_BLOCK_BYTES, -(-size // _MAX_BLOCKS))
    there = _copied_blocks(client, read_url)
    names = []
    for number, start in enumerate(range(0, size, block_bytes)):
        end = min(start + block_bytes, size)
        names.append(_name(number, f"{etag} {md5} {size} {block_bytes}"))
        if there.get(names[-1]) != end - start:
            headers = {
                "x-ms-copy-source": source_url,
                "x-ms-source-range": f"bytes={start}-{end - 1}",
                "x-ms-source-if-match": etag,
            }
            address = operation(url, f"comp=block&blockid={quote(names[-1], safe='')}")
            client.send("PUT", address, b"", headers, timeout_seconds=_BLOCK_SECONDS)
    told = {theirs: source[ours] for ours, theirs in _KEPT.items() if source.get(ours)}
    told |= {name: value for name, value in source.items() if name.lower().startswith("x-ms-meta-")}
    return commit_blocks(client, url, names, bytes.fromhex(md5), told)


def _name(number: int, source: str) -> str:
    """A block's name. All names of a blob must be of one length, this one's and those of files sent from here."""
    return base64.b64encode(number.to_bytes(2, "big") + hashlib.sha256(source.encode()).digest()[:6]).decode()


def _copied_blocks(client: HttpClient, read_url: str) -> dict[str, int]:
    """Sizes of the blocks that are at a place without being seen."""
    chunks: list[bytes] = []
    try:
        client.download(operation(read_url, "comp=blocklist&blocklisttype=uncommitted"), chunks.append)
    except TransferError as error:
        if error.status != _NOT_FOUND:
            raise
        return {}
    return {name.decode(): int(size) for name, size in _LISTED.findall(b"".join(chunks))}
