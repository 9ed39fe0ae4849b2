"""A real HTTP server on loopback that keeps blobs in memory and remembers every request."""

import hashlib
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

QUERY = "sv=2024&sig=SECRETSIGNATURE"


class Request(NamedTuple):
    method: str
    name: str
    operation: str
    size: int
    time: float


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class BlobServer:
    """`fail` may return a status to answer with instead of the true one (0: drop the connection)."""

    def __init__(self):
        self.blobs: dict[str, bytes] = {}
        self.blocks: dict[str, bytes] = {}
        self.kinds: dict[str, str] = {}
        self.requests: list[Request] = []
        self.connections = 0
        self.fail: Callable[[Request], int | None] = lambda request: None
        self.drop_answer: Callable[[Request], bool] = lambda request: False
        self.lock = threading.Lock()
        owner = self

        class Handler(_Handler):
            store = owner

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def put(self, name: str, data: bytes) -> dict[str, Any]:
        """Store a blob; returns what a JobFile needs besides its path."""
        self.blobs[name] = data
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        return {"url": f"{self.base_url}/{name}?{QUERY}", "digest": digest, "size": len(data)}

    def seen(self, method: str, name: str) -> list[Request]:
        with self.lock:
            return [request for request in self.requests if (request.method, request.name) == (method, name)]

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    store: BlobServer

    def setup(self):
        super().setup()
        self.store.connections += 1

    def log_message(self, format, *args):  # noqa: A002
        pass

    def _serve(self):
        parts = urlsplit(self.path)
        name = unquote(parts.path.lstrip("/"))
        query = parse_qs(parts.query)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, name, query.get("comp", [""])[0], len(body), time.monotonic())
        with self.store.lock:
            self.store.requests.append(request)
            failure = self.store.fail(request)
            status, headers, answer = (failure, {}, b"") if failure is not None else self._act(request, query, body)
            drop = self.store.drop_answer(request)
        if status == 0 or drop:
            self.close_connection = True
            return
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_HEAD = do_PUT = do_POST = _serve  # noqa: N815

    def _act(self, request, query, body):
        store, name = self.store, request.name
        if "sig" not in query and request.method != "POST":
            return 403, {}, b""
        if request.method in {"GET", "HEAD"}:
            return (200, {}, store.blobs[name]) if name in store.blobs else (404, {}, b"")
        if request.method == "POST":
            return 200, {}, b""
        if "x-ms-copy-source" in self.headers:
            return 501, {}, b""
        if request.operation == "block":
            store.blocks[f"{name}/{query['blockid'][0]}"] = body
            return 201, {}, b""
        if request.operation == "blocklist":
            names = [str(element.text) for element in ET.fromstring(body)]
            return self._store(name, b"".join(store.blocks.pop(f"{name}/{block}") for block in names), "BlockBlob")
        if request.operation == "appendblock":
            return self._append(name, body)
        if self.headers.get("If-None-Match") == "*" and name in store.blobs:
            return 409, {}, b""
        return self._store(name, body, self.headers["x-ms-blob-type"])

    def _append(self, name, body):
        end = len(self.store.blobs[name])
        expected = self.headers.get("x-ms-blob-condition-appendpos")
        if expected is not None and int(expected) != end:
            return 412, {}, b""
        self._store(name, self.store.blobs[name] + body, "AppendBlob")
        return 201, {"x-ms-blob-append-offset": str(end)}, b""

    def _store(self, name, data, kind):
        self.store.blobs[name] = data
        self.store.kinds[name] = kind
        return 201, {"ETag": f'"{hashlib.sha256(data).hexdigest()[:16]}"'}, b""
