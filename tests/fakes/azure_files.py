"""A server that speaks Azure Files' REST, as far as datastores need it. A stand-in: Azurite has no Files service.

It keeps to what the service does where clients could rely on it: folders must exist, files have a fixed size, a range
has at most 4 MiB, every write makes a new ETag, listings come in pages, and a shared access signature is checked with
its permissions and its end.
"""

import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from azure.storage.fileshare import generate_file_sas, generate_share_sas

from tests.fakes.http_server import HttpServer, Reply, Request

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


class _Refused(Exception):
    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code


class AzureFiles(HttpServer):
    """The account. Use it in a `with` block."""

    def __init__(self) -> None:
        super().__init__(self._serve)
        self.shares: dict[str, dict[str, File | None]] = {}
        """Folders (None) and files of each share by path; "" is the root."""
        self.before: Callable[[str], None] = lambda _: None
        """Called with each request before it is answered; may make it wait."""
        self.lock = threading.Lock()
        self._etags = itertools.count(1)

    def new_etag(self) -> str:
        return f'"0x{next(self._etags):016X}"'

    def _serve(self, request: Request) -> Reply:
        query = {name: values[0] for name, values in parse_qs(request.query, keep_blank_values=True).items()}
        share, _, path = unquote(request.path).strip("/").partition("/")
        self.before(f"{request.method} {request.path}")
        try:
            with self.lock:
                status, headers, content = self._route(request, share, path, query)
        except _Refused as refused:
            text = f'<?xml version="1.0"?><Error><Code>{refused.code}</Code><Message>no</Message></Error>'
            status, headers, content = refused.status, {"x-ms-error-code": refused.code}, text.encode()
        return Reply(status, headers={"x-ms-version": "2022-11-02", **headers}, content=content)

    def _route(
        self, request: Request, share: str, path: str, query: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        kind, comp = query.get("restype"), query.get("comp")
        if kind == "share" and request.method == "PUT":
            self._allow(request, share, path, query, None)
            if share in self.shares:
                raise _Refused(409, "ShareAlreadyExists")
            self.shares[share] = {"": None}
            return 201, {"ETag": self.new_etag()}, b""
        listing = kind == "directory" and comp == "list"
        wanted = {"GET": "r", "HEAD": "r", "DELETE": "d"}.get(request.method, "cw")
        self._allow(request, share, path, query, "l" if listing else wanted)
        entries = self.shares.get(share)
        if entries is None:
            raise _Refused(404, "ShareNotFound")
        if listing:
            return 200, {"Content-Type": "application/xml"}, self._list(entries, path, query)
        if request.method == "PUT":
            return self._put(request, entries, path, query)
        if request.method == "DELETE":
            if entries.pop(path, None) is None:
                raise _Refused(404, "ResourceNotFound")
            return 202, {}, b""
        return self._get(request, entries, path)

    def _allow(self, request: Request, share: str, path: str, query: dict[str, str], needed: str | None) -> None:
        """Check the signature; `needed` are permissions of which one is enough, None asks for the account's key."""
        if (request.headers.get("Authorization") or "").startswith(f"SharedKey {ACCOUNT}:"):
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
            f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="{self.url}/" '
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
        self, request: Request, entries: dict[str, File | None], path: str, query: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        if query.get("comp") == "range":
            return self._put_range(request, entries, path)
        parent = path.rpartition("/")[0]
        if parent not in entries or entries[parent] is not None:
            raise _Refused(404, "ParentNotFound")
        etag = self.new_etag()
        if query.get("restype") == "directory":
            if path in entries:
                raise _Refused(409, "ResourceAlreadyExists")
            entries[path] = None
        elif request.headers.get("x-ms-type") == "file":
            if path in entries and entries[path] is None:
                raise _Refused(409, "ResourceTypeMismatch")
            entries[path] = File(int(request.headers["x-ms-content-length"]), etag)
        else:
            raise _Refused(400, "MissingRequiredHeader")
        return 201, {"ETag": etag}, b""

    def _put_range(
        self, request: Request, entries: dict[str, File | None], path: str
    ) -> tuple[int, dict[str, str], bytes]:
        body = request.body
        file = entries.get(path)
        if file is None:
            raise _Refused(404, "ResourceNotFound")
        first, last = map(int, request.headers["x-ms-range"].removeprefix("bytes=").split("-"))
        if request.headers["x-ms-write"] != "update" or last - first + 1 != len(body):
            raise _Refused(400, "InvalidHeaderValue")
        if len(body) > MAX_RANGE:
            raise _Refused(413, "RequestBodyTooLarge")
        if last >= len(file.data):
            raise _Refused(416, "InvalidRange")
        file.data[first : last + 1] = body
        file.etag = self.new_etag()
        return 201, {"ETag": file.etag}, b""

    def _get(self, request: Request, entries: dict[str, File | None], path: str) -> tuple[int, dict[str, str], bytes]:
        file = entries.get(path)
        if file is None:
            raise _Refused(404, "ResourceNotFound")
        wanted = request.headers.get("x-ms-range") or request.headers.get("Range")
        if wanted is None:
            return 200, {"ETag": file.etag}, bytes(file.data)
        first, last = map(int, wanted.removeprefix("bytes=").split("-"))
        shown = f"bytes {first}-{last}/{len(file.data)}"
        return 206, {"ETag": file.etag, "Content-Range": shown}, bytes(file.data[first : last + 1])
