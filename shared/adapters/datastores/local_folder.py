"""A folder of this machine as a datastore: for local workspaces, whose jobs and clients see the same disk.

Addresses are `file://` URLs. They carry no signature: whoever uses a local workspace owns the machine.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path, PurePath
from urllib.parse import quote

from shared.core.errors import Conflict, NotFound
from shared.core.jobs import UploadKind
from shared.ports.blobs import BlobInfo


class LocalFolderDatastore:
    """The `DatastoreFiles` port on a folder. Files have no MD5: one that was only touched counts as changed."""

    upload_kind: UploadKind = "local_folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.place = f"file://{folder}"

    def create(self) -> None:
        """Create the folder if it is missing."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Conflict(f"The folder {self._folder} cannot be created: {error.strerror}.") from error

    def probe(self) -> None:
        """Look into the folder."""
        try:
            next(os.scandir(self._folder), None)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFound(f"There is no folder {self._folder}.") from error
        except OSError as error:
            raise Conflict(f"The folder {self._folder} cannot be read: {error.strerror}.") from error

    def remove(self, names: list[str]) -> None:
        """Delete files, and the folders above them that are empty then."""
        for name in names:
            path = self._folder / name
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise Conflict(f"The file {path} cannot be deleted: {error.strerror}.") from error
            with suppress(OSError):  # the first one that is not empty ends it
                for folder in path.parents[: len(PurePath(name).parents) - 1]:
                    folder.rmdir()

    def list(self, prefix: str) -> list[BlobInfo]:
        """Every file whose name starts with `prefix`, by name. Links to folders are not followed."""
        above, _, start = prefix.rpartition("/")
        return sorted(self._walk(above, start), key=lambda info: info.name)

    def read_url(self, name: str, valid_for: timedelta, *, file_name: str | None = None) -> str:  # noqa: ARG002 - port
        """The file's URL."""
        return self._url(name)

    def write_url(self, name: str, valid_for: timedelta) -> str:  # noqa: ARG002 - port
        """The file's URL."""
        return self._url(name)

    def upload_target(self, prefix: str, valid_for: timedelta) -> tuple[str, str]:  # noqa: ARG002 - port
        """URL of `prefix`, without a signature."""
        return self._url(prefix.rstrip("/")), ""

    def read_grant(self, valid_for: timedelta) -> tuple[str, str]:  # noqa: ARG002 - port
        """URL of the folder, without a signature."""
        return self._url(""), ""

    def close(self) -> None:
        """Nothing is open."""

    def _url(self, name: str) -> str:
        return f"file://{quote(str(self._folder / name))}"

    def _walk(self, folder: str, start: str) -> Iterator[BlobInfo]:
        try:
            entries = list(os.scandir(self._folder / folder))
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise Conflict(f"The folder {self._folder / folder} cannot be read: {error.strerror}.") from error
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            if not entry.name.startswith(start):
                continue
            if not _is_text(name):
                raise Conflict(f"The folder {self._folder / folder} has a file whose name is not UTF-8. Rename it.")
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(name, "")
            elif entry.is_file() and not is_unfinished(entry.name):
                yield _info(name, entry.stat())


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _info(name: str, status: os.stat_result) -> BlobInfo:
    return BlobInfo(name=name, size=status.st_size, etag=file_etag(status), md5=None)


def file_etag(status: os.stat_result) -> str:
    """A file's version: it changes with every write and with every file that takes its place."""
    return f"{status.st_size:x}-{status.st_mtime_ns:x}-{status.st_ino:x}"


def is_unfinished(file_name: str) -> bool:
    """Whether a file is one that is being written and will be moved to its own name."""
    return file_name.startswith(".pipeyard-") and file_name.endswith(".part")
