"""Plain HTTP to signed URLs: one kept connection per host, retries, and messages without signatures."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import NamedTuple, Union
from urllib.parse import unquote, urlsplit

from .errors import TransferError

PATIENT = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Waits between tries of a transfer that the job cannot do without: about 8 s, after which results wait longer."""
HASTY = (0.25, 0.75, 1.5)
"""Waits where somebody waits for the job's end."""

_CHUNK = 1 << 20
_IDLE_SECONDS = 2.0  # Node servers such as Azurite drop a connection after 5 s; a dropped one costs a failed request
_WAITING_CAN_HELP = frozenset({408, 429, 500, 502, 503, 504})


class FileSlice(NamedTuple):
    """A part of a file as a request's body: read anew at every try, never whole in memory."""

    path: Path
    offset: int
    length: int

    def chunks(self) -> Iterator[bytes]:
        """The bytes, in pieces.

        Raises:
            TransferError: The file has become shorter.
        """
        with self.path.open("rb") as stream:
            stream.seek(self.offset)
            left = self.length
            while left:
                chunk = stream.read(min(_CHUNK, left))
                if not chunk:
                    raise TransferError(f"{self.path.name} became shorter while it was uploaded.", 0)
                left -= len(chunk)
                yield chunk


Body = Union[bytes, FileSlice]  # noqa: UP007 - Python 3.9 evaluates this line


class Answer(NamedTuple):
    """Status and headers; the body only where a request asked for none of its own handling."""

    status: int
    headers: HTTPMessage


class _Connection(NamedTuple):
    http: HTTPConnection
    fresh: bool


def public(url: str) -> str:
    """The part of a URL that may be shown: no query, no host."""
    return unquote(urlsplit(url).path)


class HttpClient:
    """Requests with retries. Not for use by several threads.

    Args:
        timeout_seconds: For every wait on the network.
        check: Called before every request; what it raises ends the transfer.
    """

    def __init__(self, timeout_seconds: float = 30.0, check: Callable[[], None] = lambda: None) -> None:
        self._timeout_seconds = timeout_seconds
        self._check = check
        self._connections: dict[tuple[str, str], tuple[HTTPConnection, float]] = {}
        self._current: HTTPConnection | None = None

    def send(
        self,
        method: str,
        url: str,
        body: Body = b"",
        headers: dict[str, str] | None = None,
        *,
        expect: tuple[int, ...] = (200, 201),
        waits: tuple[float, ...] = PATIENT,
        timeout_seconds: float | None = None,
        repeatable: bool = True,
    ) -> Answer:
        """Send a request and read its answer to the end.

        Args:
            method: HTTP method.
            url: Where to.
            body: What to send.
            headers: Besides Content-Length, which follows from the body.
            expect: Statuses that are a success.
            waits: Seconds before each further try.
            timeout_seconds: For every wait on the network; None means the client's own.
            repeatable: Whether the request may be sent again on a fresh connection when a kept one turns out broken.

        Raises:
            TransferError: Another status, or no answer, after all tries.
        """

        def attempt() -> Answer:
            response, key, connection = self._exchange(
                method, url, body, headers, timeout_seconds, repeatable=repeatable
            )
            self._receive(method, url, response, connection, lambda _: None)
            self._keep(key, connection, response)
            if response.status not in expect:
                raise _refused(method, url, response.status)
            return Answer(response.status, response.headers)

        return _persist(attempt, waits)

    def download(self, url: str, sink: Callable[[bytes], None]) -> Answer:
        """GET a file piece by piece, once: the caller knows how to start over.

        Raises:
            TransferError: No success, or the connection broke on the way.
        """
        response, key, connection = self._exchange("GET", url)
        found = response.status == 200  # noqa: PLR2004
        self._receive("GET", url, response, connection, sink if found else lambda _: None)
        self._keep(key, connection, response)
        if not found:
            raise _refused("GET", url, response.status)
        return Answer(response.status, response.headers)

    def break_off(self) -> None:
        """End the request that is under way in another thread: it fails as if the network had broken."""
        current = self._current
        if current is not None and current.sock is not None:
            with contextlib.suppress(OSError):
                current.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close every kept connection."""
        for connection, _ in self._connections.values():
            connection.close()
        self._connections.clear()

    def _exchange(
        self,
        method: str,
        url: str,
        body: Body = b"",
        headers: dict[str, str] | None = None,
        timeout_seconds: float | None = None,
        *,
        repeatable: bool = True,
    ) -> tuple[HTTPResponse, tuple[str, str], HTTPConnection]:
        self._check()
        parts = urlsplit(url)
        key = (parts.scheme, parts.netloc)
        timeout = self._timeout_seconds if timeout_seconds is None else timeout_seconds
        resource = f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"
        for _ in range(2):
            try:
                connection, fresh = self._connection(key, timeout)
            except (HTTPException, ValueError) as error:  # a port that is no number
                raise _broken(method, url, error) from None
            self._current = connection
            try:
                _request(connection, method, resource, body, headers or {})
                return connection.getresponse(), key, connection
            except (OSError, HTTPException, ValueError) as error:
                connection.close()
                if fresh or not repeatable:
                    raise _broken(method, url, error) from None
            except BaseException:
                connection.close()
                raise
        raise AssertionError  # the second connection is always a fresh one

    def _receive(
        self, method: str, url: str, response: HTTPResponse, connection: HTTPConnection, sink: Callable[[bytes], None]
    ) -> None:
        try:
            while True:
                chunk = response.read(_CHUNK)
                if not chunk:
                    return
                sink(chunk)
        except HTTPException as error:
            connection.close()
            raise _broken(method, url, error) from None
        except BaseException:
            connection.close()
            raise

    def _connection(self, key: tuple[str, str], timeout: float) -> _Connection:
        kept = self._connections.pop(key, None)
        if kept is not None:
            connection, used_at = kept
            if connection.sock is not None and time.monotonic() - used_at < _IDLE_SECONDS:
                connection.sock.settimeout(timeout)
                return _Connection(connection, fresh=False)
            connection.close()
        scheme, host = key
        kind = HTTPSConnection if scheme == "https" else HTTPConnection
        return _Connection(kind(host, timeout=timeout, blocksize=_CHUNK), fresh=True)

    def _keep(self, key: tuple[str, str], connection: HTTPConnection, response: HTTPResponse) -> None:
        if response.will_close:
            connection.close()
        else:
            self._connections[key] = (connection, time.monotonic())


def pause_between(waits: tuple[float, ...]) -> Iterator[None]:
    """One round per try, sleeping before each further one."""
    yield
    for seconds in waits:
        time.sleep(seconds)
        yield


def can_mend(error: TransferError) -> bool:
    """Whether trying again can help."""
    return error.status is None or error.status in _WAITING_CAN_HELP


def _persist(attempt: Callable[[], Answer], waits: tuple[float, ...]) -> Answer:
    last: TransferError | None = None
    for _ in pause_between(waits):
        try:
            return attempt()
        except TransferError as error:
            if not can_mend(error):
                raise
            last = error
    if last is None:
        raise AssertionError
    raise last


def _request(connection: HTTPConnection, method: str, resource: str, body: Body, headers: dict[str, str]) -> None:
    if isinstance(body, bytes):
        connection.request(method, resource, body if method != "GET" else None, headers)
    else:
        length = {"Content-Length": str(body.length)}
        connection.request(method, resource, body.chunks(), {**headers, **length})


def _refused(method: str, url: str, status: int) -> TransferError:
    return TransferError(f"Storage answered {status} to {method} {public(url)}.", status)


def _broken(method: str, url: str, error: Exception) -> TransferError:
    # Only the kind of the error: its text may quote the request with its signature.
    return TransferError(f"Storage did not answer {method} {public(url)} ({type(error).__name__}).")
