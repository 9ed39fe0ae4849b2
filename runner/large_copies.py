"""Copies that storage makes by itself and that outlast a request: begun, looked after, broken off."""

from __future__ import annotations

import threading

from .blobs import facts_of
from .errors import TransferError
from .http_client import HASTY, Answer, HttpClient

_FIRST_LOOK, _LONGEST_WAIT = 0.1, 5.0
_CONFLICT = 409
PENDING, SUCCESS = "pending", "success"


def is_being_copied(client: HttpClient, read_url: str) -> bool:
    """Whether a blob is the unfinished work of a copy, its own size and MD5 notwithstanding.

    Raises:
        TransferError: Storage did not tell.
    """
    return client.send("HEAD", read_url).headers.get("x-ms-copy-status") == PENDING


def copy_large(client: HttpClient, url: str, read_url: str, source_url: str, stop: threading.Event) -> str | None:
    """Have storage copy a blob of any size from an address that it can read, and wait for it.

    Args:
        client: For the requests.
        url: Where the blob is to be, writable.
        read_url: The same place, readable.
        source_url: What is to be copied.
        stop: Set where the copy is to be broken off. Storage then leaves an empty blob behind.

    Returns:
        The new etag; None where storage gave up.

    Raises:
        TransferError: Storage refused, or the copy was stopped.
    """
    answer = _begin(client, url, source_url)
    if answer.status == _CONFLICT:  # the copy of a try that was killed goes on
        _break_off(url, client.send("HEAD", read_url))
        answer = _begin(client, url, source_url)
        if answer.status == _CONFLICT:
            raise TransferError("Another copy to the same place is under way.", _CONFLICT)
    wait = _FIRST_LOOK
    while answer.headers.get("x-ms-copy-status") == PENDING:
        if stop.wait(wait):
            _break_off(url, answer)
            raise TransferError("The transfer was stopped.", 0)
        wait = min(2 * wait, _LONGEST_WAIT)
        try:
            answer = client.send("HEAD", read_url)
        except TransferError:
            if not stop.is_set():
                raise  # another try finds the copy and breaks it off
    if answer.headers.get("x-ms-copy-status") != SUCCESS:
        return None
    return facts_of(client, read_url).etag


def _begin(client: HttpClient, url: str, source_url: str) -> Answer:
    return client.send("PUT", url, b"", {"x-ms-copy-source": source_url}, expect=(202, _CONFLICT))


def _break_off(url: str, copy: Answer) -> None:
    """End a copy. By a connection of its own: the others may be closed already."""
    separator = "&" if "?" in url else "?"
    address = f"{url}{separator}comp=copy&copyid={copy.headers.get('x-ms-copy-id') or ''}"
    client = HttpClient()
    try:
        client.send("PUT", address, b"", {"x-ms-copy-action": "abort"}, expect=(204, _CONFLICT), waits=HASTY)
    finally:
        client.close()
