"""The workspace's own blobs."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobInfo:
    """A blob of a listing.

    Attributes:
        name: The full name in the container.
        md5: Hex, None where storage has none.
        modified_at: Of its last write or renewal; None where the listing does not say.
    """

    name: str
    size: int
    etag: str
    md5: str | None
    modified_at: datetime | None = field(default=None, compare=False)


class BlobStore(Protocol):
    """Blobs by container and name. Names are relative POSIX paths that were checked before they come here."""

    def ensure_containers(self, containers: list[str]) -> None:
        """Create containers that do not exist."""
        ...

    def put(self, container: str, name: str, data: bytes, *, content_type: str = "application/octet-stream") -> None:
        """Write a blob, replacing an older one. Storage keeps the MD5 of the content."""
        ...

    def get(self, container: str, name: str) -> bytes:
        """Read a whole blob.

        Raises:
            NotFound: No such blob.
        """
        ...

    def get_range(self, container: str, name: str, offset: int, length: int) -> tuple[bytes, int]:
        """Up to `length` bytes from `offset`, and the blob's size now; no bytes past the end, (b"", 0) if missing."""
        ...

    def copy(self, container: str, name: str, to: str) -> None:
        """Copy a blob to another name of the same container, without its bytes passing through here.

        Raises:
            NotFound: No such blob.
        """
        ...

    def delete(self, container: str, names: list[str]) -> None:
        """Delete blobs; missing ones are fine."""
        ...

    def exists(self, container: str, name: str) -> bool:
        """Whether the blob is there."""
        ...

    def renew(self, container: str, name: str) -> bool:
        """Whether the blob is there; from now on it counts as young, so that a purge that is at work lets it be.

        Whoever finds that content is there already, and is about to refer to it, asks like this.
        """
        ...

    def page(self, container: str, prefix: str, position: str, size: int = 5000) -> tuple[list[BlobInfo], str | None]:
        """Up to `size` blobs whose name starts with `prefix`, and the position after them, None at the end.

        Args:
            container: The container.
            prefix: What the names begin with.
            position: "" for the first page.
            size: At most 5,000.
        """
        ...

    def delete_unchanged(self, container: str, blobs: list[BlobInfo]) -> list[BlobInfo]:
        """Delete those blobs that are still as they were listed; returns those that were."""
        ...

    def probe(self, container: str) -> None:
        """Ask for one blob of a container.

        Raises:
            PipeyardError: There is no such container, or storage refuses.
        """
        ...

    def list(self, container: str, prefix: str) -> list[BlobInfo]:
        """Every blob whose name starts with `prefix`, by name. A missing container has no blobs."""
        ...

    def read_url(self, container: str, name: str, valid_for: timedelta, *, file_name: str | None = None) -> str:
        """A URL that reads this one blob with a plain GET and nothing else. `file_name` suggests a name to browsers."""
        ...

    def write_url(self, container: str, name: str, valid_for: timedelta, *, resumable: bool = False) -> str:
        """A URL that creates or replaces this one blob with a plain PUT (`x-ms-blob-type: BlockBlob`) or in blocks.

        `resumable` lets it also read the blob: whoever goes on with an upload asks which blocks have arrived.
        """
        ...

    def upload_target(self, container: str, prefix: str, valid_for: timedelta) -> tuple[str, str]:
        """(base URL of `prefix`, query string) with which a job may create, append to and write blobs."""
        ...

    def read_grant(self, container: str, valid_for: timedelta) -> tuple[str, str]:
        """(base URL of the container, query string) with which a job may read blobs of the container."""
        ...
