"""A real HTTP server on loopback that keeps every request, and answers as the test says."""

import json
import ssl
import threading
from collections.abc import Callable
from email.message import Message
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

_PASSED_ON = {"Content-Type", "Retry-After", "Location", "Azure-Asyncoperation", "Last-Modified"}


class Request(NamedTuple):
    """A request as it arrived."""

    method: str
    path: str
    query: str
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def target(self) -> str:
        """Path and query, as they stood in the first line."""
        return f"{self.path}?{self.query}" if self.query else self.path


class Reply(NamedTuple):
    """An answer: `content`, or else a document. `status` 0 cuts the connection."""

    status: int
    json: Any = None
    headers: dict[str, str] = {}
    content: bytes | None = None

    @property
    def data(self) -> bytes:
        if self.content is not None:
            return self.content
        return b"" if self.json is None else json.dumps(self.json).encode()


Answer = Callable[[Request], Reply]


class HttpServer:
    """Listens at once and until `close`, or in a `with` block.

    Attributes:
        answer: Says what each request gets.
        replies: What the next requests get instead, in order.
        requests: What has arrived so far.
        connections: How many there were.
        tls: Speak TLS with this on connections from now on.
    """

    def __init__(self, answer: Answer = lambda _: Reply(200, {})) -> None:
        self.answer = answer
        self.replies: list[Reply] = []
        self.requests: list[Request] = []
        self.connections = 0
        self.tls: ssl.SSLContext | None = None
        self._lock = threading.Lock()
        self._server = _Listener(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def reply_to(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            planned = self.replies.pop(0) if self.replies else None
        return planned or self.answer(request)

    def pass_on(self, to: str) -> Answer:
        """An answer that asks another server, and has its addresses lead here."""

        def ask(request: Request) -> Reply:
            host = urlsplit(to).netloc
            connection = HTTPConnection(host, timeout=30)
            try:
                headers = {**request.headers, "Host": host}
                connection.request(request.method, request.target, request.body or None, headers)
                response = connection.getresponse()
                content = response.read().replace(to.encode(), self.url.encode())
            except (OSError, HTTPException):  # a server that cut the connection
                return Reply(0)
            finally:
                connection.close()
            kept = {key: value for key, value in response.getheaders() if key.title() in _PASSED_ON}
            if request.method == "HEAD":
                kept["Content-Length"] = response.headers["Content-Length"]
            return Reply(response.status, headers=kept, content=content)

        return ask

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, owner: HttpServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        self.owner.connections += 1
        if self.owner.tls is not None:
            connection = self.owner.tls.wrap_socket(connection, server_side=True)
        return connection, address


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body leave together and at once; else each answer waits 40 ms for the peer's acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Listener

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self.server.owner.reply_to(Request(self.command, path, query, self.headers, body))
        if reply.status == 0:
            self.close_connection = True
            return
        data = reply.data
        self.send_response(reply.status)
        kind = {} if reply.json is None else {"Content-Type": "application/json"}
        for key, value in {**kind, "Content-Length": str(len(data)), **reply.headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - the base class wants them
