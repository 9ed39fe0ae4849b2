"""What a datastore can do, whatever is behind it."""

from datetime import timedelta
from typing import Protocol

from shared.core.datastores import Datastore
from shared.core.jobs import UploadKind
from shared.ports.blobs import BlobInfo


class DatastoreFiles(Protocol):
    """The files of one datastore. Names are relative POSIX paths that were checked before they come here."""

    @property
    def place(self) -> str:
        """What is behind it, in words that no other place shares: datastores of one place hold the same files."""
        ...

    @property
    def upload_kind(self) -> UploadKind:
        """How files are written to the addresses that it hands out."""
        ...

    def create(self) -> None:
        """Create the container, share or folder if it is missing."""
        ...

    def probe(self) -> None:
        """Look for one file, to learn whether the place exists and may be read.

        Raises:
            PipeyardError: In the service's words why not.
        """
        ...

    def remove(self, names: list[str]) -> None:
        """Delete files; missing ones are fine. Folders that are empty then may stay or go."""
        ...

    def list(self, prefix: str) -> list[BlobInfo]:
        """Every file whose name starts with `prefix`, by name. A missing place has no files."""
        ...

    def read_url(self, name: str, valid_for: timedelta, *, file_name: str | None = None) -> str:
        """A URL that reads this one file with a plain GET. `file_name` suggests a name to browsers."""
        ...

    def write_url(self, name: str, valid_for: timedelta) -> str:
        """A URL with which this one file is created or replaced, in pieces where the client wants to."""
        ...

    def upload_target(self, prefix: str, valid_for: timedelta) -> tuple[str, str]:
        """(base URL of `prefix`, query string) with which a job may write files below it."""
        ...

    def read_grant(self, valid_for: timedelta) -> tuple[str, str]:
        """(base URL of the place, query string) with which a job may read its files."""
        ...

    def close(self) -> None:
        """Close connections that are its own."""
        ...


class DatastoreAccess(Protocol):
    """Opens datastores."""

    @property
    def built_in(self) -> tuple[Datastore, ...]:
        """The datastores that this workspace has without anybody registering them; the first is the default."""
        ...

    def check(self, record: Datastore) -> str | None:
        """Why this workspace cannot use such a datastore, None where it can."""
        ...

    def open(self, record: Datastore) -> DatastoreFiles:
        """The files of a datastore; nothing is asked of the service yet.

        Raises:
            NotFound: Its secret is gone.
        """
        ...
