"""A real HTTP server on loopback that keeps blobs in memory and remembers every request."""

import hashlib
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree as ET

from tests.fakes import http_server
from tests.fakes.http_server import HttpServer, Reply

QUERY = "sv=2024&sig=SECRETSIGNATURE"


class Request(NamedTuple):
    method: str
    name: str
    operation: str
    size: int
    time: float


class BlobServer:
    """`fail` may return a status to answer with instead of the true one (0: drop the connection)."""

    def __init__(self):
        self.blobs: dict[str, bytes] = {}
        self.blocks: dict[str, bytes] = {}
        self.kinds: dict[str, str] = {}
        self.requests: list[Request] = []
        self.fail: Callable[[Request], int | None] = lambda request: None
        self.drop_answer: Callable[[Request], bool] = lambda request: False
        self.lock = threading.Lock()
        self._server = HttpServer(self._answer)
        self.base_url = self._server.url

    @property
    def connections(self) -> int:
        return self._server.connections

    def put(self, name: str, data: bytes) -> dict[str, Any]:
        """Store a blob; returns what a JobFile needs besides its path."""
        self.blobs[name] = data
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        return {"url": f"{self.base_url}/{name}?{QUERY}", "digest": digest, "size": len(data)}

    def seen(self, method: str, name: str) -> list[Request]:
        with self.lock:
            return [request for request in self.requests if (request.method, request.name) == (method, name)]

    def close(self):
        self._server.close()

    def _answer(self, sent: http_server.Request) -> Reply:
        query = parse_qs(sent.query)
        name, operation = unquote(sent.path.lstrip("/")), query.get("comp", [""])[0]
        request = Request(sent.method, name, operation, len(sent.body), time.monotonic())
        with self.lock:
            self.requests.append(request)
            failure = self.fail(request)
            reply = self._act(request, query, sent) if failure is None else Reply(failure)
            return Reply(0) if self.drop_answer(request) else reply

    def _act(self, request: Request, query: dict[str, list[str]], sent: http_server.Request) -> Reply:
        name = request.name
        if "sig" not in query and request.method != "POST":
            return Reply(403)
        if request.method in {"GET", "HEAD"}:
            return Reply(200, content=self.blobs[name]) if name in self.blobs else Reply(404)
        if request.method == "POST":
            return Reply(200)
        if "x-ms-copy-source" in sent.headers:
            return Reply(501)
        if request.operation == "block":
            self.blocks[f"{name}/{query['blockid'][0]}"] = sent.body
            return Reply(201)
        if request.operation == "blocklist":
            names = [str(element.text) for element in ET.fromstring(sent.body)]
            return self._store(name, b"".join(self.blocks.pop(f"{name}/{block}") for block in names), "BlockBlob")
        if request.operation == "appendblock":
            return self._append(name, sent)
        if sent.headers.get("If-None-Match") == "*" and name in self.blobs:
            return Reply(409)
        return self._store(name, sent.body, sent.headers["x-ms-blob-type"])

    def _append(self, name: str, sent: http_server.Request) -> Reply:
        end = len(self.blobs[name])
        expected = sent.headers.get("x-ms-blob-condition-appendpos")
        if expected is not None and int(expected) != end:
            return Reply(412)
        self._store(name, self.blobs[name] + sent.body, "AppendBlob")
        return Reply(201, headers={"x-ms-blob-append-offset": str(end)})

    def _store(self, name: str, data: bytes, kind: str) -> Reply:
        self.blobs[name] = data
        self.kinds[name] = kind
        return Reply(201, headers={"ETag": f'"{hashlib.sha256(data).hexdigest()[:16]}"'})
