"""Copies of blobs block by block, against storage that copies ranges and may be made to refuse."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree as ET

import pytest

from runner import large_copies
from runner.errors import TransferError
from runner.http_client import HttpClient
from runner.large_copies import copy_large, is_being_copied
from tests.fakes.http_server import HttpServer, Reply, Request

SIGNED = "sig=SECRETSIGNATURE"
DATA = bytes(range(256)) * 10
BLOCK = 1000


def md5_of(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class Storage:
    """One source, and one place that it is copied to.

    Attributes:
        source: What is to be copied.
        blob: What is seen at the place; None: nothing.
        headers: What was told of the blob.
        blocks: What is there without being seen.
        refuse: Status of an answer that a request gets instead of the true one.
        copied: Ranges that storage was asked to copy.
    """

    def __init__(self) -> None:
        self.source = DATA
        self.blob: bytes | None = b"what was there before"
        self.headers: dict[str, str] = {}
        self.blocks: dict[str, bytes] = {}
        self.copied: list[str] = []
        self.status = ""
        self.refuse: Callable[[Request], int | None] = lambda _: None
        self._server = HttpServer(self._answer)
        self.close = self._server.close
        self.url, self.source_url = (f"{self._server.url}/c/{name}?{SIGNED}" for name in ("blob", "source"))

    def _answer(self, request: Request) -> Reply:
        refused = self.refuse(request)
        if refused is not None:
            return Reply(refused)
        query = parse_qs(request.query)
        if request.method == "HEAD":
            return self._head(self.source if request.path.endswith("source") else self.blob)
        if request.method == "GET":
            listed = "".join(
                f"<Block><Name>{name}</Name><Size>{len(data)}</Size></Block>" for name, data in self.blocks.items()
            )
            return Reply(
                200, content=f"<BlockList><UncommittedBlocks>{listed}</UncommittedBlocks></BlockList>".encode()
            )
        if query["comp"] == ["block"]:
            return self._copy(unquote(query["blockid"][0]), request)
        self.blob = b"".join(self.blocks.pop(str(name.text)) for name in ET.fromstring(request.body))
        self.headers = dict(request.headers.items())
        self.blocks.clear()
        return Reply(201, headers={"ETag": '"made"'})

    def _head(self, data: bytes | None) -> Reply:
        if data is None:
            return Reply(404)
        headers = {
            "Content-Length": str(len(data)),
            "ETag": f'"{md5_of(data)}"',
            "Content-MD5": base64.b64encode(bytes.fromhex(md5_of(data))).decode(),
            "Content-Type": "text/csv",
            "x-ms-meta-owner": "me",
        }
        return Reply(200, headers=headers | ({"x-ms-copy-status": self.status} if self.status else {}))

    def _copy(self, name: str, request: Request) -> Reply:
        if request.headers["x-ms-source-if-match"] != f'"{md5_of(self.source)}"':
            return Reply(412)
        assert request.headers["x-ms-copy-source"] == self.source_url
        first, last = request.headers["x-ms-source-range"].removeprefix("bytes=").split("-")
        self.copied.append(f"{first}-{last}")
        self.blocks[name] = self.source[int(first) : int(last) + 1]
        return Reply(201)


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    monkeypatch.setattr(large_copies, "_BLOCK_BYTES", BLOCK)
    made = Storage()
    yield made
    made.close()


@pytest.fixture
def client() -> Iterator[HttpClient]:
    made = HttpClient()
    yield made
    made.close()


def copy(storage: Storage, client: HttpClient, data: bytes = DATA) -> str:
    return copy_large(client, storage.url, storage.url, storage.source_url, md5_of(data))


def test_all_of_it_arrives_at_once(storage: Storage, client: HttpClient) -> None:
    before = storage.blob
    seen = []
    storage.refuse = lambda _: seen.append(storage.blob)
    assert copy(storage, client) == "made"
    assert storage.copied == ["0-999", "1000-1999", "2000-2559"]
    assert set(seen) == {before}
    assert storage.blob == DATA
    told = {name: storage.headers[name] for name in ("x-ms-blob-content-type", "x-ms-meta-owner")}
    assert told == {"x-ms-blob-content-type": "text/csv", "x-ms-meta-owner": "me"}
    assert base64.b64decode(storage.headers["x-ms-blob-content-md5"]).hex() == md5_of(DATA)


@pytest.mark.parametrize("before", [b"old", None])
def test_a_copy_that_is_stopped_leaves_what_was_there_and_is_gone_on_with(
    storage: Storage, before: bytes | None
) -> None:
    storage.blob = before
    stopped = TransferError("The transfer was stopped.", 0)

    def check() -> None:
        if len(storage.copied) > 1:
            raise stopped

    client = HttpClient(check=check)
    with pytest.raises(TransferError, match="stopped"):
        copy(storage, client)
    client.close()
    assert storage.blob == before
    other = HttpClient()
    copy(storage, other)
    assert storage.copied == ["0-999", "1000-1999", "2000-2559"]  # nothing twice
    assert storage.blob == DATA
    other.close()


def test_blocks_of_another_content_are_not_taken(storage: Storage, client: HttpClient) -> None:
    storage.refuse = lambda request: 403 if "blocklist" in request.query and request.method == "PUT" else None
    storage.source = other = DATA[::-1]
    with pytest.raises(TransferError):
        copy(storage, client, other)
    storage.refuse, storage.source = lambda _: None, DATA
    copy(storage, client)
    assert storage.blob == DATA


def test_a_source_that_changed_is_not_copied(storage: Storage, client: HttpClient) -> None:
    """Before the copy, and in the middle of it."""
    before, storage.source = storage.blob, DATA[::-1]
    with pytest.raises(TransferError, match="not what it was"):
        copy(storage, client)
    storage.source = DATA

    def change(request: Request) -> None:
        if storage.copied:
            storage.source = DATA[::-1]

    storage.refuse = change
    with pytest.raises(TransferError) as caught:
        copy(storage, client)
    assert caught.value.status == 412
    assert (storage.blob, storage.copied) == (before, ["0-999"])


def test_a_copy_of_somebody_else_s_is_seen(storage: Storage, client: HttpClient) -> None:
    assert not is_being_copied(client, storage.url)
    storage.status = "pending"
    assert is_being_copied(client, storage.url)
