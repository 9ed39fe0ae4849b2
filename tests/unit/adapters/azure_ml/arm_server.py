"""A real HTTP server on loopback in the place of Azure Resource Manager: it records, and answers as it is told."""

import json
import threading
from collections.abc import Callable
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

WORKSPACE = "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"


class Sent(NamedTuple):
    """A request as it arrived."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


class Reply(NamedTuple):
    """`status` 0 cuts the connection."""

    status: int
    json: Any = None
    headers: dict[str, str] = {}
    content: bytes | None = None


Answer = Callable[[Sent], Reply]


class ArmServer:
    """`answer` says what each request gets; `pass_on` sends requests to another server and returns what that says."""

    def __init__(self, answer: Answer = lambda sent: Reply(200, {})):
        self.answer = answer
        self.requests: list[Sent] = []
        owner = self

        class Handler(_Handler):
            server_of = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def pass_on(self, to: str) -> Answer:
        def forward(sent: Sent) -> Reply:
            connection = HTTPConnection(urlsplit(to).netloc, timeout=30)
            try:
                headers = {**sent.headers, "Host": urlsplit(to).netloc}
                connection.request(sent.method, f"{sent.path}?{sent.query}", sent.body.encode() or None, headers)
                response = connection.getresponse()
                content = response.read().replace(to.encode(), self.url.encode())
            except OSError:
                return Reply(0)
            except Exception:  # noqa: BLE001 - a server that cut the connection
                return Reply(0)
            else:
                kept = {key: value for key, value in response.getheaders() if key.title() in _KEPT}
                return Reply(response.status, headers=kept, content=content)
            finally:
                connection.close()

        return forward

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


_KEPT = {"Content-Type", "Retry-After", "Location", "Azure-Asyncoperation"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server_of: ArmServer

    def log_message(self, format, *args):  # noqa: A002
        pass

    def _serve(self):
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        sent = Sent(self.command, parts.path, parts.query, dict(self.headers), body)
        self.server_of.requests.append(sent)
        reply = self.server_of.answer(sent)
        if reply.status == 0:
            self.close_connection = True
            return
        content = reply.content
        if content is None:
            content = b"" if reply.json is None else json.dumps(reply.json).encode()
        self.send_response(reply.status)
        for key, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815
