"""The files behind a path on a datastore, and what they count as in a reuse key."""

from dataclasses import dataclass

from shared.ports.blobs import BlobInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFiles:
    """The files behind a data reference.

    Attributes:
        files: (path below the reference, file); the path is "" where the reference is one file.
        digest: Of the content.
    """

    files: tuple[tuple[str, BlobInfo], ...]
    digest: str

    @property
    def is_file(self) -> bool:
        """Whether the reference names one file rather than a folder."""
        return len(self.files) == 1 and self.files[0][0] == ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFile:
    """One file of a dataset.

    Attributes:
        datastore: Where it lies.
        blob: What lies there, under its full name.
        path: Where a job finds it below the dataset's folder.
        digest: Of its content.
    """

    datastore: str
    blob: BlobInfo
    path: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFiles:
    """The files of a dataset at one moment.

    Attributes:
        is_file: The dataset names one file by itself: a script gets the path of that file instead of a folder.
        digest: Of the content. Where the rows tell from which file they come, the names of the files are part of it.
    """

    files: tuple[DatasetFile, ...]
    is_file: bool
    digest: str


def blob_digest(place: str, blob: BlobInfo) -> str:
    """Digest of a file's content.

    Storage knows the MD5 of blobs that were written in one piece or with one given. For others the ETag stands in:
    it changes with every write, so a rewrite of the same bytes looks changed, and never the other way round. As two
    files may share an ETag, place and name are part of it.
    """
    return f"md5:{blob.md5}" if blob.md5 else f"etag:{place}/{blob.name}:{blob.etag}"
