"""Which files a dataset has, and where they lie on this machine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipeyard._core.dataset_views import DatasetView
from pipeyard._core.datasets import DatasetDefinition
from pipeyard._core.errors import InvalidDocument
from pipeyard._core.file_selection import FileFacts, select_files
from pipeyard.data._evaluation.cache import cached_path
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard.core.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """A file of a dataset.

    Attributes:
        name: Full path on its datastore; below the input for files of a job's input.
        path: Path below the dataset's source.
        size: Bytes.
        digest: Names the content; None where nobody has looked at it.
        datastore: Where it is; None for files of a job's input.
    """

    name: str
    path: str
    size: int
    digest: str | None = None
    datastore: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFile:
    """A file of a dataset on this machine."""

    file: DataFile
    local: Path


class FileSource(Protocol):
    """Where the files of a dataset come from."""

    def found(self) -> list[DataFile]:
        """Every file of the sources, in a fixed order."""

    def fetch(self, files: Sequence[DataFile]) -> list[LocalFile]:
        """Files on this machine; those that are not here yet are downloaded."""


class LocalSource:
    """Files that already lie on this machine: those of a job's input.

    Attributes:
        root: A folder, or the one file of the dataset.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def found(self) -> list[DataFile]:
        """Every file, ordered by path."""
        if self.root.is_file():
            return [DataFile(name=self.root.name, path=self.root.name, size=self.root.stat().st_size)]
        if not self.root.is_dir():
            raise UserErrorException(f"The dataset's files should be at {self.root}, but nothing is there.")
        found = sorted(
            (file.relative_to(self.root).as_posix(), file) for file in self.root.rglob("*") if file.is_file()
        )
        return [DataFile(name=path, path=path, size=file.stat().st_size) for path, file in found]

    def fetch(self, files: Sequence[DataFile]) -> list[LocalFile]:
        """The same files where they are."""
        root = self.root.parent if self.root.is_file() else self.root
        return [LocalFile(file=file, local=root / file.path) for file in files]


class JobSource(LocalSource):
    """Files of a job's input under their names on the datastore, which columns that come from paths are read from.

    Attributes:
        names: Asks for full names by path.
    """

    def __init__(self, root: Path, names: Callable[[], Mapping[str, str]]) -> None:
        super().__init__(root)
        self.names = names

    def found(self) -> list[DataFile]:
        """Every file, ordered by path. One that is not on the datastore any more keeps its path as its name."""
        names = self.names()
        return [
            DataFile(name=names.get(file.path, file.path), path=file.path, size=file.size) for file in super().found()
        ]


class WorkspaceSource:
    """Files on the datastores of a workspace.

    Attributes:
        workspace: Where the datastores are.
        definition: Names the sources; how they are read does not matter here.
    """

    def __init__(self, workspace: "Workspace", definition: DatasetDefinition) -> None:
        self.workspace = workspace
        self.definition = DatasetDefinition(sources=definition.sources)

    def found(self) -> list[DataFile]:
        """What the workspace finds."""
        from pipeyard._clients.datasets import DatasetsClient  # noqa: PLC0415  (httpx is loaded when it is used)

        client = DatasetsClient(self.workspace.client.http)
        saved = client.save({"definition": self.definition.model_dump(mode="json")})
        return [
            DataFile(
                name=item["name"],
                path=item["path"] or item["name"].rpartition("/")[2],
                size=item["size"],
                digest=item["digest"],
                datastore=item["datastore"],
            )
            for item in client.files(saved["dataset_id"])["value"]
        ]

    def fetch(self, files: Sequence[DataFile]) -> list[LocalFile]:
        """Files from the cache, or downloaded to it. Those of a folder of this machine stay where they are."""
        places = {file.name: cached_path(f"{self.workspace.url} {file.digest}", file.name) for file in files}
        missing: dict[str, dict[str, DataFile]] = {}
        for file in files:
            if file.datastore is not None and not places[file.name].exists():
                missing.setdefault(file.datastore, {})[file.name] = file
        for datastore, wanted in missing.items():
            places |= self._download(datastore, {name: places[name] for name in wanted})
        return [LocalFile(file=file, local=places[file.name]) for file in files]

    def _download(self, datastore: str, places: dict[str, Path]) -> dict[str, Path]:
        from pipeyard._clients.datastores import DatastoresClient  # noqa: PLC0415  (as above)
        from pipeyard._storage.local_files import LOCAL_SCHEME, local_path  # noqa: PLC0415  (as above)
        from pipeyard._transfer import download_file, in_parallel  # noqa: PLC0415  (httpx is loaded when it is used)

        http = self.workspace.client.http
        urls = DatastoresClient(http).download_urls(datastore, sorted(places))
        here = {name: local_path(http, url) for name, url in urls.items() if url.startswith(LOCAL_SCHEME)}
        away = [name for name in places if name not in here]
        in_parallel(lambda name: download_file(http, urls[name], places[name]), away)
        return places | here


def chosen_files(view: DatasetView, source: FileSource) -> list[DataFile]:
    """The files of a dataset; those of a file dataset after its transformations.

    Raises:
        UserErrorException: There are none, or a transformation is wrong.
    """
    files = source.found()
    if view.format is not None:
        return files
    try:
        return select_files(view.transformations, files, lambda file: FileFacts(path=file.path, size=file.size))
    except InvalidDocument as error:
        raise UserErrorException(str(error)) from error
