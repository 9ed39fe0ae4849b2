"""A container of Azure Blob Storage as a datastore, and a file system of Data Lake Storage Gen2.

Gen2 keeps its files as blobs and serves them at its blob endpoint as well, so both are one class.
"""

from collections.abc import Callable
from datetime import timedelta

from shared.core.jobs import UploadKind
from shared.ports.blobs import BlobInfo, BlobStore


class AzureBlobDatastore:
    """The `DatastoreFiles` port on one container.

    Args:
        blobs: The account.
        container: The container.
        place: What the port says.
        close: Closes the account; None where others use it, too.
    """

    upload_kind: UploadKind = "blob"

    def __init__(self, blobs: BlobStore, container: str, place: str, close: Callable[[], None] | None = None) -> None:
        self._blobs = blobs
        self._close = close
        self._container = container
        self.place = place

    def create(self) -> None:
        """Create the container if it is missing."""
        self._blobs.ensure_containers([self._container])

    def probe(self) -> None:
        """Look for one blob."""
        self._blobs.probe(self._container)

    def remove(self, names: list[str]) -> None:
        """Delete blobs."""
        self._blobs.delete(self._container, names)

    def list(self, prefix: str) -> list[BlobInfo]:
        """Every blob whose name starts with `prefix`, by name, without the markers that some tools keep for folders."""
        return [blob for blob in self._blobs.list(self._container, prefix) if not blob.name.endswith("/")]

    def read_url(self, name: str, valid_for: timedelta, *, file_name: str | None = None) -> str:
        """A URL that reads this one blob."""
        return self._blobs.read_url(self._container, name, valid_for, file_name=file_name)

    def write_url(self, name: str, valid_for: timedelta) -> str:
        """A URL that writes this one blob, whole or in blocks, and tells which blocks have arrived."""
        return self._blobs.write_url(self._container, name, valid_for, resumable=True)

    def upload_target(self, prefix: str, valid_for: timedelta) -> tuple[str, str]:
        """Base URL of `prefix` and a signature that writes below it."""
        return self._blobs.upload_target(self._container, prefix, valid_for)

    def read_grant(self, valid_for: timedelta) -> tuple[str, str]:
        """Base URL of the container and a signature that reads its blobs."""
        return self._blobs.read_grant(self._container, valid_for)

    def close(self) -> None:
        """Close the account where nobody else uses it."""
        if self._close is not None:
            self._close()
