"""Blobs of a script as files of this machine: fetched before they are read, stored after everything is written."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from pipeyard._core.usql.file_sets import FileSet

from local.emulators.storage import Storage, StorageError
from shared.core.storage_uris import parse_storage_uri

_AT_ONCE = 8
_HOLE = "\x1f"
"""Stands for what is open in a pattern while its fixed parts are read as an address."""


class BlobFiles:
    """The files of one job, below a folder.

    Attributes:
        read: Bytes fetched so far.
    """

    def __init__(self, storage: Storage, folder: Path) -> None:
        self._storage = storage
        self._folder = folder
        self._roots: dict[str, str] = {}
        self._outputs: list[tuple[Path, str]] = []
        self.read = 0

    def fetch(self, files: FileSet) -> FileSet:
        """The same files on this machine.

        Raises:
            StorageError: There are none.
        """
        account, container, path = parse_storage_uri(_escaped(_HOLE.join(files.texts)))
        here = self._folder / f"in{len(self._roots)}"
        self._roots[f"{here}/"] = f"wasb://{container}@{account}/"
        there = FileSet(files.pattern, tuple(path.split(_HOLE)), files.holes)
        found = self._storage.list(_uri(account, container, there.folder if files.holes else path))
        if files.holes:
            found = [blob for blob in found if there.match(blob.name) is not None]
        elif found and [blob.path for blob in found] != [""]:
            raise StorageError(f"{files.pattern} is a folder: name a file, or write a pattern such as `{{*}}.csv`.")
        if not found:
            raise StorageError(f"There is no file at {files.pattern}.")

        def bring(name: str) -> None:
            self._storage.download(_uri(account, container, name), (here / name).parent)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(bring, [blob.name for blob in found]):
                pass
        self.read += sum(blob.size for blob in found)
        texts = (f"{here}/{there.texts[0]}", *there.texts[1:])
        return FileSet(files.pattern if files.holes else texts[0], texts, files.holes)

    def output(self, uri: str) -> Path:
        """Where to write a file that is to become the blob of an address."""
        name = parse_storage_uri(_escaped(uri))[2].rpartition("/")[2]
        target = self._folder / f"out{len(self._outputs)}" / name
        self._outputs.append((target, uri))
        return target

    def store(self) -> None:
        """Write everything that was written here to where it belongs."""
        for target, uri in self._outputs:
            self._storage.upload(target, _uri(*parse_storage_uri(_escaped(uri))))

    def readable(self, message: str) -> str:
        """A sentence with addresses of blobs instead of paths of this machine."""
        for here, there in self._roots.items():
            message = message.replace(here, there)
        return message


def _uri(account: str, container: str, path: str) -> str:
    return f"wasb://{container}@{account}.blob.core.windows.net/{quote(path)}"


def _escaped(uri: str) -> str:
    """Paths have no queries and fragments."""
    return uri.replace("?", "%3F").replace("#", "%23")
