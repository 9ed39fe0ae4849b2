"""The edges of the HTTP mapping that a real server hardly shows."""

import asyncio
import types
from typing import Any

import pytest

from local import http_server
from local.functions_host import Function
from local.http_routes import RouteTable
from local.http_server import HttpApp

FUNCTION = Function("f", "id", ({"type": "httpTrigger", "name": "req", "route": "{*path}"},))


class StubHost:
    """Records the request and answers with what it was given."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.seen: Any = None

    @staticmethod
    def datum(value: Any, kind: str) -> Any:
        return types.SimpleNamespace(value=value, type=kind)

    async def invoke(self, _: Function, datum: Any) -> Any:
        self.seen = datum.value
        return self.answer


def ask(host: StubHost, headers: list[tuple[bytes, bytes]], chunks: list[bytes]) -> list[Any]:
    scope = {
        "type": "http", "method": "POST", "path": "/x", "raw_path": b"/x", "query_string": b"",
        "scheme": "http", "headers": [(b"host", b"localhost"), *headers],
    }  # fmt: skip
    messages = [
        {"type": "http.request", "body": chunk, "more_body": index + 1 < len(chunks)}
        for index, chunk in enumerate(chunks)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    app = HttpApp(host, RouteTable([FUNCTION], ""))  # type: ignore[arg-type]
    asyncio.run(app(scope, receive, send))
    return sent


def test_no_return_value_is_204_without_a_length():
    start, body = ask(StubHost(None), [], [b""])
    assert start == {"type": "http.response.start", "status": 204, "headers": []}
    assert body["body"] == b""


def test_text_is_200():
    start, body = ask(StubHost(StubHost.datum("hello", "string")), [], [b""])
    assert (start["status"], body["body"]) == (200, b"hello")


def test_body_comes_together_from_its_chunks_and_repeated_headers_are_joined():
    host = StubHost(None)
    ask(host, [(b"Accept", b"a"), (b"accept", b"b"), (b"cookie", b"x=1"), (b"cookie", b"y=2")], [b"ab", b"cd"])
    assert host.seen["body"].value == b"abcd"
    assert host.seen["headers"]["accept"].value == "a, b"
    assert host.seen["headers"]["cookie"].value == "x=1; y=2"


@pytest.mark.parametrize("headers", [[(b"content-length", b"11")], []])
def test_large_bodies_are_refused_whether_announced_or_not(monkeypatch, headers):
    monkeypatch.setattr(http_server, "MAX_BODY_BYTES", 10)
    host = StubHost(None)
    assert ask(host, headers, [b"12345678", b"901"])[0]["status"] == 413
    assert host.seen is None
