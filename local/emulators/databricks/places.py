"""URIs of a storage account in a task's parameters: the task gets local folders, filled before and stored after it.

`abfss://<container>@<account>.dfs.core.windows.net/<path>` (and `abfs`, `wasbs`, `wasb`) becomes
`<folder>/<account>/<container>/<path>`. As for Hadoop, the path is what is written: `%20` is three characters. Where a
URI names a blob, its place is a file; where nothing is there yet, it is an empty folder, or, if its last part has an
extension, a file that is still to be written. What is new or changed afterwards is uploaded, and what was
deleted is deleted: a Spark that writes a folder anew leaves nothing of the old one.
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from local.emulators.storage import Storage

_WHOLE = re.compile(r"(?P<option>-[\w-]+=)?(?P<uri>(?:abfss?|wasbs?)://.*)", re.DOTALL)
"""A word that is a URI, or an option's; spaces and all."""
_WITHIN = re.compile(r"(?:abfss?|wasbs?)://[^\s\"'<>|,;]+")
_PARTS = re.compile(r"\w+://(?P<container>[^@/]+)@(?P<account>[^./]+)[^/]*/?(?P<path>.*)", re.DOTALL)
_AT_ONCE = 8

Mark = tuple[int, int]
"""Size and time of a file: what tells that it was written since."""


class Places:
    """The places of one task.

    Args:
        storage: Where the URIs lead to.
        folder: Where their local folders are.
    """

    def __init__(self, storage: Storage, folder: Path) -> None:
        self._storage = storage
        self._folder = folder
        self.by_uri: dict[str, str] = {}
        self._before: dict[Path, Mark] = {}

    def localize(self, text: str) -> str:
        """A text with local paths in place of its URIs."""
        whole = _WHOLE.fullmatch(text)
        if whole is not None:
            return (whole["option"] or "") + self._local(whole["uri"])
        return _WITHIN.sub(lambda found: self._local(found[0]), text)

    def file(self, uri: str) -> Path:
        """Fetch the one blob of a URI.

        Raises:
            StorageError: It is not there.
        """
        local = self._path(uri)
        local.parent.mkdir(parents=True, exist_ok=True)
        local.write_bytes(self._storage.read(self._uri(local)))
        return local

    def fetch(self) -> None:
        """Download what lies at the URIs.

        Raises:
            StorageError: A URI leads to another account or out of its folder.
        """
        for uri, place in self.by_uri.items():
            local = Path(place)
            stored = self._uri(local)
            found = self._storage.list(stored)
            if not found:
                (local.parent if local.suffix and not uri.endswith("/") else local).mkdir(parents=True, exist_ok=True)
            elif all(file.path == "" for file in found):
                self._storage.download(stored, local.parent)
            else:
                self._storage.download(stored, local)
        self._before = {file: _mark(file) for file in self._files()}

    def store(self) -> None:
        """Upload what was written since `fetch`, and delete what was deleted.

        Raises:
            StorageError: It cannot be stored.
        """
        if not self._folder.is_dir():
            return
        left = list(self._files())
        changed = [file for file in left if self._before.get(file) != _mark(file)]
        gone = self._before.keys() - set(left)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda file: self._storage.upload(file, self._uri(file)), changed))
            list(pool.map(lambda file: self._storage.delete(self._uri(file)), gone))

    def _local(self, uri: str) -> str:
        local = str(self._path(uri))
        self.by_uri[uri] = local
        return f"{local}/" if uri.endswith("/") else local

    def _path(self, uri: str) -> Path:
        parts = _PARTS.fullmatch(uri)
        if parts is None:
            raise ValueError(f"{uri} names no container: <scheme>://<container>@<account>.<host>/<path> is expected.")
        local = self._folder.joinpath(parts["account"], parts["container"], *parts["path"].split("/"))
        if ".." in local.parts:
            raise ValueError(f"{uri} leads out of its container.")
        return local

    def _uri(self, file: Path) -> str:
        """Address of a local path, as storage takes it."""
        account, container, *path = file.relative_to(self._folder).parts
        return f"abfss://{container}@{account}.dfs.core.windows.net/{quote('/'.join(path))}"

    def _files(self) -> Iterator[Path]:
        """Files of all containers: Spark may write beside the URIs' places as well."""
        return iter(sorted(file for file in self._folder.rglob("*") if file.is_file() and not file.is_symlink()))


def _mark(file: Path) -> Mark:
    facts = file.stat()
    return facts.st_size, facts.st_mtime_ns
