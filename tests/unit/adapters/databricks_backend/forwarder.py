"""A server on loopback that hands requests on to another one, and keeps them."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import httpx


class Said(NamedTuple):
    method: str
    path: str
    authorization: str
    body: bytes


class Forwarder:
    """What came by, in order. `answer` may answer a request itself: (status, headers, body)."""

    def __init__(self, url: str) -> None:
        self.said: list[Said] = []
        self.answer = lambda said: None
        client = httpx.Client(base_url=url, timeout=30, trust_env=False)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format, *args):  # noqa: A002
                pass

            def _serve(handler):  # noqa: N805
                body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
                said = Said(handler.command, handler.path, handler.headers.get("Authorization", ""), body)
                self.said.append(said)
                own = self.answer(said)
                if own is None:
                    kept = {
                        name: handler.headers[name]
                        for name in ("Authorization", "Content-Type")
                        if name in handler.headers
                    }
                    try:
                        got = client.request(handler.command, handler.path, headers=kept, content=body)
                    except httpx.HTTPError:
                        handler.close_connection = True
                        return
                    names = {"content-type", "retry-after", "last-modified"} | (
                        {"content-length"} if handler.command == "HEAD" else set()
                    )
                    own = got.status_code, {k: v for k, v in got.headers.items() if k in names}, got.content
                status, headers, content = own
                handler.send_response(status)
                for name, value in headers.items():
                    handler.send_header(name, value)
                if handler.command != "HEAD":
                    handler.send_header("Content-Length", str(len(content)))
                handler.end_headers()
                if handler.command != "HEAD":
                    handler.wfile.write(content)

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _serve  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._client = client
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._client.close()

    def paths(self, part: str) -> list[str]:
        return [said.path for said in self.said if part in said.path]
