"""The workspace's HTTP door: an ASGI app that turns requests into function invocations, served on loopback only.

There is no sign-in, so only this machine may come in, and of a browser only pages of this machine: a foreign page
could otherwise reach us through a name that it points at 127.0.0.1 (Host) or by a plain cross-site request (Origin).
"""

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import Generator, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import uvicorn

from local.blob_triggers import BlobTrigger
from local.by_hand import PREFIX, run_by_hand
from local.functions_host import FunctionsHost, InvocationError
from local.http_routes import RouteTable

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 300 * 1024 * 1024
"""What `FUNCTIONS_REQUEST_BODY_SIZE_LIMIT` is to be set to in Azure."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_FUNCTIONS = ("GET", "/admin/functions")
_OWN_HEADERS = frozenset({"content-length", "transfer-encoding", "connection"})

Headers = list[tuple[bytes, bytes]]


class HttpApp:
    """ASGI application over the functions of an app."""

    def __init__(self, host: FunctionsHost, routes: RouteTable, blob_triggers: list[BlobTrigger] | None = None) -> None:
        self._host = host
        self._routes = routes
        self._blob_triggers = blob_triggers or []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            status, headers, body = await self._answer(scope, receive)
        except asyncio.CancelledError:  # the server stops and has waited long enough
            status, headers, body = _problem(HTTPStatus.SERVICE_UNAVAILABLE, "The local workspace is stopping.")
        headers.append((b"content-length", str(len(body)).encode("ascii")))
        if status == HTTPStatus.NO_CONTENT:
            headers, body = [item for item in headers if item[0] != b"content-length"], b""
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Any, receive: Any) -> tuple[int, Headers, bytes]:
        headers = _merged(scope["headers"])
        if not _is_local(headers):
            return _problem(HTTPStatus.FORBIDDEN, "Only this machine may call the local workspace.")
        if (scope["method"], scope["path"]) == _FUNCTIONS:
            return self._functions()
        if scope["method"] == "POST" and scope["path"].startswith(PREFIX):
            return await self._by_hand(scope["path"].removeprefix(PREFIX), await _read_body(headers, receive))
        found = self._routes.match(scope["method"], scope["path"].lstrip("/"))
        if found is None:
            return _problem(HTTPStatus.NOT_FOUND, "Not found.")
        body = await _read_body(headers, receive)
        if body is None:
            status, reply, text = _problem(
                HTTPStatus.CONTENT_TOO_LARGE, f"The body is larger than {MAX_BODY_BYTES} bytes."
            )
            return status, [*reply, (b"connection", b"close")], text
        function, parameters = found
        try:
            datum = await self._host.invoke(function, self._request(scope, headers, parameters, body))
        except InvocationError:
            log.exception("Function %s failed on %s %s", function.name, scope["method"], scope["path"])
            return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The function failed; see the workspace's output.")
        return _response(datum)

    def _functions(self) -> tuple[int, Headers, bytes]:
        """The Functions host's own list of functions, with how often each was invoked."""
        listed = [{"name": name, "invocations": self._host.invocations[name]} for name in self._host.functions]
        return 200, [(b"content-type", b"application/json")], json.dumps(listed).encode()

    async def _by_hand(self, name: str, body: bytes | None) -> tuple[int, Headers, bytes]:
        status, sentence = await run_by_hand(self._host, self._blob_triggers, name, body or b"")
        if status != HTTPStatus.ACCEPTED:
            return _problem(status, sentence)
        return status, [(b"content-type", b"application/json")], json.dumps({"detail": sentence}).encode()

    def _request(self, scope: Any, headers: dict[str, str], parameters: dict[str, str], body: bytes) -> Any:
        datum = self._host.datum
        raw_query = scope["query_string"].decode("latin-1")
        raw_path = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
        query: dict[str, str] = {}
        for name, value in parse_qsl(raw_query, keep_blank_values=True):
            query[name] = f"{query[name]},{value}" if name in query else value
        url = f"{scope['scheme']}://{headers['host']}{raw_path}" + (f"?{raw_query}" if raw_query else "")
        value = {
            "method": datum(scope["method"], "string"),
            "url": datum(url, "string"),
            "headers": {name: datum(value, "string") for name, value in headers.items()},
            "params": {name: datum(value, "string") for name, value in parameters.items()},
            "query": {name: datum(value, "string") for name, value in query.items()},
            "body": datum(body, "bytes"),
        }
        return datum(value, "http")


def _merged(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name_bytes, value_bytes in raw:
        name, value = name_bytes.decode("latin-1").lower(), value_bytes.decode("latin-1")
        joint = "; " if name == "cookie" else ", "
        headers[name] = f"{headers[name]}{joint}{value}" if name in headers else value
    return headers


def _is_local(headers: dict[str, str]) -> bool:
    return _host_name(f"//{headers.get('host', '')}") in _LOOPBACK and (
        "origin" not in headers or _host_name(headers["origin"]) in _LOOPBACK
    )


def _host_name(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for anything but a number
    except ValueError:
        return None
    return None if parts.username is not None else parts.hostname


async def _read_body(headers: dict[str, str], receive: Any) -> bytes | None:
    """The whole body, or None if it is too large (known at once from the length, if the client says it)."""
    announced = headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
        return None
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY_BYTES:
            return None
        parts.append(part)
        if message["type"] != "http.request" or not message.get("more_body", False):
            return b"".join(parts)


def _problem(status: HTTPStatus, detail: str) -> tuple[int, Headers, bytes]:
    """A refusal of the host's own, in the form that the app's refusals have (RFC 9457)."""
    body = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail, "code": "host"}
    return status, [(b"content-type", b"application/problem+json")], json.dumps(body).encode()


def _response(datum: Any) -> tuple[int, Headers, bytes]:
    if datum is None or datum.value is None:
        return HTTPStatus.NO_CONTENT, [], b""
    if datum.type != "http":
        body = datum.value if isinstance(datum.value, bytes) else str(datum.value).encode()
        return 200, [(b"content-type", b"text/plain; charset=utf-8")], body
    value = datum.value
    headers = [
        (name.lower().encode("latin-1"), item.value.encode("latin-1"))
        for name, item in value["headers"].items()
        if name.lower() not in _OWN_HEADERS
    ]
    for cookie in value.get("cookies") or ():
        headers += [(b"set-cookie", morsel.OutputString().encode("latin-1")) for morsel in cookie.values()]
    return int(value["status_code"].value), headers, value["body"].value


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals belong to the workspace, which has more to stop than this server."""
        yield


class HttpServer:
    """uvicorn on the workspace's own loop."""

    def __init__(self, listener: socket.socket, app: HttpApp) -> None:
        config = uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        self._listener = listener
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve in the background; return when connections are accepted."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        while not self._server.started:
            if self._task.done():
                await self._task
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Accept no more requests and give those in flight two seconds."""
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.wait([self._task], timeout=3)
        self._listener.close()


def listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1.

    Raises:
        OSError: The port is taken.
    """
    # The protocol is named because asyncio switches Nagle's delay off only on sockets that say they are TCP; with it,
    # each response waits 40 ms for the client's acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Lets a restart take the port over from connections of its predecessor that the kernel still remembers.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)  # noqa: FBT003 -- the standard library's signature
    return listener
