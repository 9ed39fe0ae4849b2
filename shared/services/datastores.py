"""Datastores: named places for data, and the files behind a path on one of them."""

from dataclasses import dataclass

from shared.core import names
from shared.core.errors import NotFound
from shared.core.reuse import content_digest
from shared.ports.blobs import BlobInfo, BlobStore

CONTAINERS = {names.DEFAULT_DATASTORE: names.DEFAULT_DATASTORE_CONTAINER}
"""Container of each datastore that the workspace knows."""


def container_of(datastore: str) -> str:
    """The container behind a datastore.

    Raises:
        NotFound: The workspace has no such datastore.
    """
    try:
        return CONTAINERS[datastore]
    except KeyError:
        known = ", ".join(f"`{name}`" for name in CONTAINERS)
        raise NotFound(f"There is no datastore `{datastore}`; the workspace has {known}.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFiles:
    """The files behind a data reference.

    Attributes:
        files: (path below the reference, blob); the path is "" where the reference is one file.
        digest: Of the content.
    """

    files: tuple[tuple[str, BlobInfo], ...]
    digest: str

    @property
    def is_file(self) -> bool:
        """Whether the reference names one file rather than a folder."""
        return len(self.files) == 1 and self.files[0][0] == ""


def blob_digest(container: str, blob: BlobInfo) -> str:
    """Digest of a blob's content.

    Storage knows the MD5 of blobs that were written in one piece or with one given. For others the ETag stands in:
    it changes with every write, so a rewrite of the same bytes looks changed, and never the other way round. As two
    blobs may share an ETag, the blob's name is part of it.
    """
    return f"md5:{blob.md5}" if blob.md5 else f"etag:{container}/{blob.name}:{blob.etag}"


def find_files(blobs: BlobStore, datastore: str, path: str) -> DataFiles:
    """List what a path on a datastore holds.

    Raises:
        NotFound: No such datastore, or nothing there.
    """
    container = container_of(datastore)
    found = blobs.list(container, path)
    exact = [blob for blob in found if blob.name == path]
    below = [blob for blob in found if blob.name.startswith(f"{path}/")]
    files: tuple[tuple[str, BlobInfo], ...]
    if exact:
        files = (("", exact[0]),)
    elif below:
        files = tuple((blob.name[len(path) + 1 :], blob) for blob in below)
    else:
        raise NotFound(
            f"There is nothing at `{path}` on datastore `{datastore}`. Upload it first, or correct the path."
        )
    return DataFiles(files=files, digest=content_digest((name, blob_digest(container, blob)) for name, blob in files))
