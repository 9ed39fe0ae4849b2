"""A share of Azure Files as a datastore, over its REST interface."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from urllib.parse import quote

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.fileshare import DirectoryProperties, ShareClient

from shared.adapters.azure_errors import translated
from shared.adapters.file_signing import FileSigner
from shared.core.jobs import UploadKind
from shared.ports.blobs import BlobInfo

READ = "r"
CREATE_AND_WRITE = "rcw"


class AzureFileDatastore:
    """The `DatastoreFiles` port on one share. Listings of a share have no MD5: a rewritten file counts as changed."""

    upload_kind: UploadKind = "file_share"

    def __init__(self, share: ShareClient, signer: FileSigner) -> None:
        self._share = share
        self._signer = signer
        self._name = str(share.share_name)
        self._base = share.url.partition("?")[0].rstrip("/")
        self.place = self._base.partition("://")[2]

    def create(self) -> None:
        """Create the share if it is missing."""
        with translated(f"Share {self._name}"):
            try:
                self._share.create_share()
            except ResourceExistsError:
                return

    def probe(self) -> None:
        """Look into the share's root."""
        with translated(f"Share {self._name}"):
            next(iter(self._share.get_directory_client("").list_directories_and_files(results_per_page=1)), None)

    def remove(self, names: list[str]) -> None:
        """Delete files one by one: a share knows no batches."""
        with translated(f"Share {self._name}"):
            for name in names:
                with suppress(ResourceNotFoundError):
                    self._share.get_file_client(name).delete_file()

    def list(self, prefix: str) -> list[BlobInfo]:
        """Every file whose name starts with `prefix`, by name: one request for each folder."""
        above, _, start = prefix.rpartition("/")
        with translated(f"Share {self._name}"):
            return sorted(self._walk(above, start), key=lambda info: info.name)

    def read_url(self, name: str, valid_for: timedelta, *, file_name: str | None = None) -> str:
        """A URL that reads this one file."""
        return f"{self._base}/{quote(name)}?{self._signer.file(self._name, name, READ, valid_for, file_name=file_name)}"

    def write_url(self, name: str, valid_for: timedelta) -> str:
        """A URL that creates this file and the folders above it.

        A signature for one file cannot create folders, so this one is for the whole share.
        """
        return f"{self._base}/{quote(name)}?{self._signer.share(self._name, CREATE_AND_WRITE, valid_for)}"

    def upload_target(self, prefix: str, valid_for: timedelta) -> tuple[str, str]:
        """Base URL of `prefix` and a signature that writes anywhere in the share."""
        base = f"{self._base}/{quote(prefix.rstrip('/'))}"
        return base, self._signer.share(self._name, CREATE_AND_WRITE, valid_for)

    def read_grant(self, valid_for: timedelta) -> tuple[str, str]:
        """Base URL of the share and a signature that reads its files."""
        return self._base, self._signer.share(self._name, READ, valid_for)

    def close(self) -> None:
        """Close the connections."""
        self._share.close()

    def _walk(self, folder: str, start: str) -> Iterator[BlobInfo]:
        directory = self._share.get_directory_client(folder)
        try:
            entries = list(directory.list_directories_and_files(name_starts_with=start or None, include=["Etag"]))
        except ResourceNotFoundError:
            return
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            if not entry.name.startswith(start):  # shares ignore case
                continue
            if isinstance(entry, DirectoryProperties):
                yield from self._walk(name, "")
            else:
                yield BlobInfo(name=name, size=entry.size, etag=(entry.etag or "").strip('"'), md5=None)
