"""Serves an application on loopback, and can cut a connection under it."""

import asyncio
import os
import signal
import socket
import sys
import threading
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
_GRACE_SECONDS = 1
_connections: dict[Any, asyncio.Transport] = {}


class _Protocol(H11Protocol):
    """Remembers its connection, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        _connections[transport.get_extra_info("peername")] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        _connections.pop(self.transport.get_extra_info("peername"), None)
        super().connection_lost(exc)


def serve(app: ASGIApp, *, fd: int | None = None, port: int | None = None) -> None:
    """Serve until SIGTERM or SIGINT, on an inherited listener or on a port of 127.0.0.1."""
    listener = socket.socket(fileno=fd) if fd is not None else socket.create_server(("127.0.0.1", port or 0))
    host, number = listener.getsockname()[:2]
    config = uvicorn.Config(
        _only_loopback(app),
        http=_Protocol,
        ws="none",
        access_log=False,
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    for asked in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again once it has stopped; there is more to be ended after that.
        signal.signal(asked, lambda *_: None)
    print(f"Listening at http://{host}:{number}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])


async def cut(scope: Scope, receive: Receive) -> None:
    """Drop a request's connection without an answer."""
    client = scope.get("client")
    transport = _connections.get(tuple(client)) if client else None
    if transport is not None:
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


def end_with_input() -> None:
    """Stop as on SIGTERM once standard input has ended: whoever started this process is gone then."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def _only_loopback(app: ASGIApp) -> ASGIApp:
    """Refuse what a web page could send through a host name of its own that points at 127.0.0.1."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            host = dict(scope["headers"]).get(b"host", b"").decode("latin-1").rpartition(":")[0]
            if host not in _LOOPBACK:
                await send({"type": "http.response.start", "status": 421, "headers": []})
                await send({"type": "http.response.body", "body": b"This host is reached as 127.0.0.1."})
                return
        await app(scope, receive, send)

    return guarded
