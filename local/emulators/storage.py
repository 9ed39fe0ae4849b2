"""The storage account as a compute service sees it: places by their URI, in every form that jobs name them."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shared.core.storage_uris import parse_storage_uri

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobProperties, BlobServiceClient, ContainerClient

_AT_ONCE = 8


class StorageError(Exception):
    """A place that cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A blob below a place."""

    path: str
    """Below the place; "" where the place is the blob itself."""
    name: str
    """In its container."""
    size: int
    etag: str


class Storage:
    """One account, by its connection string. Safe for many threads."""

    def __init__(self, connection_string: str) -> None:
        self.connection_string = connection_string
        parts = dict(part.partition("=")[::2] for part in connection_string.split(";") if part)
        self.account, self.key, self.url = parts["AccountName"], parts["AccountKey"], parts["BlobEndpoint"].rstrip("/")
        self._service: BlobServiceClient | None = None

    def uri(self, container: str, path: str = "") -> str:
        """Address of a place of this account, without a signature."""
        return "/".join(part for part in (self.url, container, quote(path.strip("/"))) if part)

    def list(self, uri: str) -> list[StoredFile]:
        """The blobs at a place: of a folder those below it, of a blob the blob itself."""
        container, path = self._place(uri)
        folder = f"{path}/" if path else ""
        found = [
            StoredFile(blob.name[len(folder) :] if blob.name != path else "", blob.name, blob.size, blob.etag)
            for blob in _existing(container, path)
            # A folder of a hierarchical account shows up as an empty blob of the folder's name.
            if (blob.name == path or blob.name.startswith(folder)) and not (blob.metadata or {}).get("hdi_isfolder")
        ]
        return sorted(found, key=lambda file: file.path)

    def download(self, uri: str, folder: Path) -> tuple[Path, ...]:
        """Fetch every blob at a place into a folder, and return the files. A blob keeps its last name.

        Raises:
            StorageError: There is nothing, or a name leads out of the folder.
        """
        container, _ = self._place(uri)
        files = self.list(uri)
        if not files:
            raise StorageError(f"There are no files at {uri}.")
        targets = tuple(_below(folder, file.path or file.name.rpartition("/")[2]) for file in files)

        def fetch(file: StoredFile, target: Path) -> None:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                container.get_blob_client(file.name).download_blob().readinto(out)

        _all(fetch, zip(files, targets, strict=True))
        return targets

    def upload(self, source: Path, uri: str) -> None:
        """Store a file as the blob, or every file below a folder as blobs below it."""
        container, path = self._place(uri)
        _ensure(container)
        if source.is_file():
            pairs = [(source, path)]
        else:
            found = sorted(file for file in source.rglob("*") if file.is_file())
            pairs = [(file, "/".join(filter(None, (path, file.relative_to(source).as_posix())))) for file in found]

        def store(file: Path, name: str) -> None:
            with file.open("rb") as content:
                container.upload_blob(name, content, overwrite=True)

        _all(store, pairs)

    def read(self, uri: str) -> bytes:
        """A blob's content.

        Raises:
            StorageError: There is no such blob.
        """
        try:
            return self._blob(uri).download_blob().readall()
        except ResourceNotFoundError as error:
            raise StorageError(f"There is no file at {uri}.") from error

    def write(self, uri: str, content: bytes) -> None:
        """Make or replace a blob."""
        container, path = self._place(uri)
        _ensure(container)
        container.upload_blob(path, content, overwrite=True)

    def delete(self, uri: str) -> None:
        """Delete a blob, if it is there."""
        with suppress(ResourceNotFoundError):
            self._blob(uri).delete_blob()

    def begin_log(self, uri: str) -> None:
        """Make an empty blob, in place of an earlier one, that `append` adds to."""
        container, _ = self._place(uri)
        _ensure(container)
        self._blob(uri).create_append_blob()

    def append(self, uri: str, content: bytes) -> None:
        """Add to the end of a blob that `begin_log` made."""
        self._blob(uri).append_block(content)

    def _blob(self, uri: str) -> "BlobClient":
        container, path = self._place(uri)
        return container.get_blob_client(path)

    def _place(self, uri: str) -> "tuple[ContainerClient, str]":
        try:
            account, container, path = parse_storage_uri(uri)
        except ValueError as error:
            raise StorageError(str(error)) from error
        if account != self.account:
            raise StorageError(f"The storage account {account} is out of reach; there is {self.account} here.")
        if self._service is None:
            # Costs a quarter of a second, which the first call of a freshly started emulator need not wait for.
            from azure.storage.blob import BlobServiceClient  # noqa: PLC0415

            self._service = BlobServiceClient.from_connection_string(self.connection_string)
        return self._service.get_container_client(container), path


def _existing(container: "ContainerClient", path: str) -> "list[BlobProperties]":
    try:
        return list(container.list_blobs(name_starts_with=path or None, include=["metadata"]))
    except ResourceNotFoundError:
        return []


def _ensure(container: "ContainerClient") -> None:
    with suppress(ResourceExistsError):
        container.create_container()


def _below(folder: Path, path: str) -> Path:
    target = folder / path
    if not target.resolve().is_relative_to(folder.resolve()):
        raise StorageError(f"The name {path!r} leads out of its folder.")
    return target


def _all[*Arguments](work: Callable[[*Arguments], None], calls: Iterable[tuple[*Arguments]]) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done in [pool.submit(work, *call) for call in calls]:
            done.result()
