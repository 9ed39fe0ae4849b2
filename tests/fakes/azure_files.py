"""A server that speaks Azure Files' REST, as far as datastores need it. A stand-in: Azurite has no Files service.

It keeps to what the service does where clients could rely on it: folders must exist, files have a fixed size, a range
has at most 4 MiB, every write makes a new ETag, listings come in pages, and a shared access signature is checked with
its permissions and its end.
"""

import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from azure.storage.fileshare import generate_file_sas, generate_share_sas

ACCOUNT = "fileaccount"
ACCOUNT_KEY = "ZmlsZWFjY291bnRrZXlmaWxlYWNjb3VudGtleQ=="
MAX_RANGE = 4 << 20
PAGE = 3
"""Entries of a listing's page: few, so that tests meet several."""


class File:
    """A file: its bytes have a fixed number."""

    def __init__(self, size: int, etag: str) -> None:
        self.data = bytearray(size)
        self.etag = etag


class AzureFiles:
    """The account. Use it in a `with` block."""

    def __init__(self) -> None:
        self.shares: dict[str, dict[str, File | None]] = {}
        """Folders (None) and files of each share by path; "" is the root."""
        self.requests: list[str] = []
        self.before: Callable[[str], None] = lambda _: None
        """Called with each request before it is answered; may make it wait."""
        self._etags = itertools.count(1)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"account": self}))
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self.lock = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def new_etag(self) -> str:
        return f'"0x{next(self._etags):016X}"'


class _Refused(Exception):
    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    account: AzureFiles

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        share, _, path = unquote(parts.path).strip("/").partition("/")
        self.account.requests.append(f"{self.command} {parts.path}")
        self.account.before(f"{self.command} {parts.path}")
        try:
            with self.account.lock:
                self._answer(*self._route(share, path, query, body))
        except _Refused as refused:
            text = f'<?xml version="1.0"?><Error><Code>{refused.code}</Code><Message>no</Message></Error>'
            self._answer(refused.status, {"x-ms-error-code": refused.code}, text.encode())

    do_GET = do_PUT = do_HEAD = do_DELETE = _serve  # noqa: N815 - the base class wants these names

    def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"x-ms-version": "2022-11-02", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _route(self, share: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        kind, comp = query.get("restype"), query.get("comp")
        if kind == "share" and self.command == "PUT":
            self._allow(share, path, query, None)
            if share in self.account.shares:
                raise _Refused(409, "ShareAlreadyExists")
            self.account.shares[share] = {"": None}
            return 201, {"ETag": self.account.new_etag()}, b""
        listing = kind == "directory" and comp == "list"
        wanted = {"GET": "r", "HEAD": "r", "DELETE": "d"}.get(self.command, "cw")
        self._allow(share, path, query, "l" if listing else wanted)
        entries = self.account.shares.get(share)
        if entries is None:
            raise _Refused(404, "ShareNotFound")
        if listing:
            return 200, {"Content-Type": "application/xml"}, self._list(entries, path, query)
        if self.command == "PUT":
            return self._put(entries, path, kind, comp, body)
        if self.command == "DELETE":
            if entries.pop(path, None) is None:
                raise _Refused(404, "ResourceNotFound")
            return 202, {}, b""
        return self._get(entries, path)

    def _allow(self, share: str, path: str, query: dict[str, str], needed: str | None) -> None:
        """Check the signature; `needed` are permissions of which one is enough, None asks for the account's key."""
        if (self.headers.get("Authorization") or "").startswith(f"SharedKey {ACCOUNT}:"):
            return
        if needed is None or "sig" not in query:
            raise _Refused(403, "AuthenticationFailed")
        terms: dict[str, Any] = {
            "permission": query["sp"],
            "expiry": query["se"],
            "start": query.get("st"),
            "protocol": query.get("spr"),
            "content_disposition": query.get("rscd"),
        }
        if query["sr"] == "s":
            signed = generate_share_sas(ACCOUNT, share, ACCOUNT_KEY, **terms)
        else:
            signed = generate_file_sas(ACCOUNT, share, path.split("/"), ACCOUNT_KEY, **terms)
        if parse_qs(signed)["sig"][0] != query["sig"] or datetime.fromisoformat(query["se"]) < datetime.now(UTC):
            raise _Refused(403, "AuthenticationFailed")
        if not set(needed) & set(query["sp"]):
            raise _Refused(403, "AuthorizationPermissionMismatch")

    def _list(self, entries: dict[str, File | None], path: str, query: dict[str, str]) -> bytes:
        if path not in entries or entries[path] is not None:
            raise _Refused(404, "ResourceNotFound")
        start = query.get("prefix", "").lower()
        names = sorted(
            (name, entry)
            for name, entry in entries.items()
            if name and name.rpartition("/")[0] == path and name.rpartition("/")[2].lower().startswith(start)
        )
        first = int(query.get("marker") or 0)
        size = min(PAGE, int(query.get("maxresults") or PAGE))
        shown = "".join(self._entry(name.rpartition("/")[2], entry) for name, entry in names[first : first + size])
        marker = str(first + size) if first + size < len(names) else ""
        return (
            f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="{self.account.endpoint}/" '
            f'ShareName="s" DirectoryPath="{escape(path)}"><Entries>{shown}</Entries><NextMarker>{marker}</NextMarker>'
            "</EnumerationResults>"
        ).encode()

    @staticmethod
    def _entry(name: str, entry: File | None) -> str:
        if entry is None:
            return f"<Directory><Name>{escape(name)}</Name><Properties/></Directory>"
        facts = f"<Content-Length>{len(entry.data)}</Content-Length><Etag>{escape(entry.etag)}</Etag>"
        return f"<File><Name>{escape(name)}</Name><Properties>{facts}</Properties></File>"

    def _put(
        self, entries: dict[str, File | None], path: str, kind: str | None, comp: str | None, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        if comp == "range":
            return self._put_range(entries, path, body)
        parent = path.rpartition("/")[0]
        if parent not in entries or entries[parent] is not None:
            raise _Refused(404, "ParentNotFound")
        etag = self.account.new_etag()
        if kind == "directory":
            if path in entries:
                raise _Refused(409, "ResourceAlreadyExists")
            entries[path] = None
        elif self.headers.get("x-ms-type") == "file":
            if path in entries and entries[path] is None:
                raise _Refused(409, "ResourceTypeMismatch")
            entries[path] = File(int(self.headers["x-ms-content-length"]), etag)
        else:
            raise _Refused(400, "MissingRequiredHeader")
        return 201, {"ETag": etag}, b""

    def _put_range(self, entries: dict[str, File | None], path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        file = entries.get(path)
        if file is None:
            raise _Refused(404, "ResourceNotFound")
        first, last = map(int, self.headers["x-ms-range"].removeprefix("bytes=").split("-"))
        if self.headers["x-ms-write"] != "update" or last - first + 1 != len(body):
            raise _Refused(400, "InvalidHeaderValue")
        if len(body) > MAX_RANGE:
            raise _Refused(413, "RequestBodyTooLarge")
        if last >= len(file.data):
            raise _Refused(416, "InvalidRange")
        file.data[first : last + 1] = body
        file.etag = self.account.new_etag()
        return 201, {"ETag": file.etag}, b""

    def _get(self, entries: dict[str, File | None], path: str) -> tuple[int, dict[str, str], bytes]:
        file = entries.get(path)
        if file is None:
            raise _Refused(404, "ResourceNotFound")
        wanted = self.headers.get("x-ms-range") or self.headers.get("Range")
        if wanted is None:
            return 200, {"ETag": file.etag}, bytes(file.data)
        first, last = map(int, wanted.removeprefix("bytes=").split("-"))
        shown = f"bytes {first}-{last}/{len(file.data)}"
        return 206, {"ETag": file.etag, "Content-Range": shown}, bytes(file.data[first : last + 1])
