"""Copies that take storage a while, against a server that decides when they end."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from runner.errors import TransferError
from runner.http_client import HttpClient
from runner.large_copies import copy_large, is_being_copied

SIGNED = "sig=SECRETSIGNATURE"


class Storage:
    """One blob, which is made by copying.

    Attributes:
        status: Of the copy under way or of the last one.
        refused: Whether a copy to the place is refused, because another one is pending there.
    """

    def __init__(self) -> None:
        self.status: str | None = None
        self.refused = False
        self.seen: list[str] = []
        self.source = ""
        storage = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                storage.seen.append(self.command if "comp" not in query else f"abort {query['copyid'][0]}")
                status = storage.act(self.command, dict(self.headers), aborts="comp" in query)
                self.send_response(status)
                for name, value in {"x-ms-copy-id": "id1", "x-ms-copy-status": storage.status}.items():
                    if value is not None:
                        self.send_header(name, value)
                self.send_header("ETag", '"e1"')
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_HEAD = do_PUT = answer  # noqa: N815 - the base class asks for these names

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/c/b?{SIGNED}"

    def act(self, method: str, headers: dict[str, str], *, aborts: bool) -> int:
        if method == "HEAD":
            return 200
        if aborts:
            self.status, self.refused = "aborted", False
            return 204
        if self.refused:
            return 409
        self.source, self.status = headers["x-ms-copy-source"], "pending"
        return 202

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def storage() -> Iterator[Storage]:
    made = Storage()
    yield made
    made.close()


@pytest.fixture
def client() -> Iterator[HttpClient]:
    made = HttpClient()
    yield made
    made.close()


class Copy(threading.Thread):
    """A copy under way."""

    def __init__(self, storage: Storage, client: HttpClient) -> None:
        super().__init__()
        self.stop = threading.Event()
        self.result: str | None = None
        self.error: TransferError | None = None
        self._call = (client, storage.url, storage.url, "http://source/x?sig=1", self.stop)

    def run(self) -> None:
        try:
            self.result = copy_large(*self._call)
        except TransferError as error:
            self.error = error


def until_looked(storage: Storage) -> None:
    deadline = time.monotonic() + 10
    while "HEAD" not in storage.seen:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_copy_is_waited_for(storage: Storage, client: HttpClient):
    copy = Copy(storage, client)
    copy.start()
    until_looked(storage)
    assert copy.is_alive()
    other = HttpClient()
    assert is_being_copied(other, storage.url)
    storage.status = "success"
    copy.join(10)
    assert (copy.result, copy.error) == ("e1", None)
    assert not is_being_copied(other, storage.url)
    other.close()
    assert storage.source == "http://source/x?sig=1"


def test_a_stop_breaks_it_off(storage: Storage, client: HttpClient):
    copy = Copy(storage, client)
    copy.start()
    until_looked(storage)
    copy.stop.set()
    copy.join(10)
    assert storage.seen[-1] == "abort id1"
    assert str(copy.error) == "The transfer was stopped."


def test_storage_may_give_up(storage: Storage, client: HttpClient):
    copy = Copy(storage, client)
    copy.start()
    until_looked(storage)
    storage.status = "failed"
    copy.join(10)
    assert (copy.result, copy.error) == (None, None)


def test_what_a_killed_try_left_is_begun_again(storage: Storage, client: HttpClient):
    storage.refused, storage.status = True, "pending"
    copy = Copy(storage, client)
    copy.start()
    deadline = time.monotonic() + 10
    while storage.seen[:4] != ["PUT", "HEAD", "abort id1", "PUT"]:
        assert time.monotonic() < deadline, storage.seen
        time.sleep(0.01)
    storage.status = "success"
    copy.join(10)
    assert copy.result is not None
