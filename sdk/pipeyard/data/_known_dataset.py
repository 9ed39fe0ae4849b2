"""What the workspace knows of a dataset: its id, and its name, versions and tags where it is registered."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from pipeyard._checks import require_workspace
from pipeyard._core.dataset_views import DatasetView
from pipeyard._core.datasets import DatasetDefinition, DatasetSource
from pipeyard.data._evaluation.files import FileSource
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard._clients.datasets import DatasetDocument, DatasetsClient
    from pipeyard.core.workspace import Workspace

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class KnownDataset:
    """The half of a dataset that the workspace keeps."""

    def __init__(
        self,
        view: DatasetView,
        *,
        sources: Sequence[DatasetSource] = (),
        workspace: "Workspace | None" = None,
        files: FileSource | None = None,
        record: "DatasetDocument | None" = None,
    ) -> None:
        """A dataset of its parts. Use `Dataset.File`, `Dataset.Tabular` or `Dataset.get_by_name` instead.

        Args:
            view: How the files are read.
            sources: Where they lie; none for what a job finds on its own disk.
            workspace: Where the datastores are.
            files: Where the files come from instead.
            record: What the workspace knows of the dataset.
        """
        self._view = view
        self._sources = tuple(sources)
        self._workspace = workspace
        self._given_files = files
        self._record = record

    @property
    def definition(self) -> DatasetDefinition:
        """What the dataset is, as the workspace stores it.

        Raises:
            UserErrorException: It was made in a job, of files on the job's own disk.
        """
        if not self._sources:
            raise UserErrorException(
                "This dataset is made of files on this job's disk, so the workspace cannot know it. "
                "Write its rows to an output, or use Dataset.get_by_id to get the original."
            )
        return DatasetDefinition(sources=self._sources, view=self._view)

    @property
    def view(self) -> DatasetView:
        """How the files are read, and what is done to them then."""
        return self._view

    @property
    def id(self) -> str:
        """Its id. A dataset that the workspace does not know yet is saved, unregistered."""
        if self._record is None:
            document = self.definition.model_dump(mode="json")
            self._record = self.client().save({"definition": document})
        return self._record["dataset_id"]

    @property
    def known_id(self) -> str | None:
        """Its id, None if the workspace does not know it yet."""
        return None if self._record is None else self._record["dataset_id"]

    @property
    def name(self) -> str | None:
        """Its registered name."""
        return None if self._record is None else self._record["name"]

    @property
    def version(self) -> int | None:
        """Its registered version."""
        return None if self._record is None else self._record["version"]

    @property
    def description(self) -> str | None:
        """Its registered description."""
        return None if self._record is None else self._record["description"]

    @property
    def tags(self) -> dict[str, str]:
        """Its registered tags."""
        return {} if self._record is None else dict(self._record["tags"])

    def register(
        self,
        workspace: "Workspace",
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        create_new_version: bool = False,
    ) -> Self:
        """Give the dataset a name in the workspace. Returns the registered dataset.

        Raises:
            UserErrorException: There is no name, the name exists and `create_new_version` is not set, or its latest
                version is this very dataset.
        """
        require_workspace(workspace, "register")
        if not isinstance(name, str) or not name.strip():
            raise UserErrorException(f"register needs the name of a dataset, not {name!r}.")
        self._workspace = workspace if self._workspace is None else self._workspace
        body = {
            "definition": self.definition.model_dump(mode="json"),
            "name": name,
            "description": description or "",
            "tags": dict(tags or {}),
            "create_new_version": create_new_version,
        }
        return self._copy(self._view, self.client().save(body))

    def update(self, description: str | None = None, tags: Mapping[str, str] | None = None) -> Self:
        """Change what is not None of a registered version.

        Raises:
            UserErrorException: It is not registered.
        """
        changes: dict[str, Any] = {}
        if description is not None:
            changes["description"] = description
        if tags is not None:
            changes["tags"] = dict(tags)
        self._record = self.client().update(self._registered()["dataset_id"], changes)
        return self

    def add_tags(self, tags: Mapping[str, str] | None = None) -> Self:
        """Add tags to a registered version, or change their values."""
        return self.update(tags={**self._registered()["tags"], **(tags or {})})

    def remove_tags(self, tags: Iterable[str] | None = None) -> Self:
        """Remove tags of a registered version by their keys."""
        gone = set(tags or ())
        return self.update(tags={key: value for key, value in self._registered()["tags"].items() if key not in gone})

    def unregister_all_versions(self) -> None:
        """Forget every version of the dataset's name. The files stay, and so do runs that used them."""
        name = self._registered()["name"]
        if name is not None:
            self.client().delete(name)
        self._record = None

    def _copy(self, view: DatasetView, record: "DatasetDocument | None" = None) -> Self:
        return type(self)(
            view, sources=self._sources, workspace=self._workspace, files=self._given_files, record=record
        )

    def _registered(self) -> "DatasetDocument":
        if self._record is None or self._record["name"] is None:
            raise UserErrorException("The dataset is not registered. Call register(workspace, name) first.")
        return self._record

    def find_workspace(self) -> "Workspace":
        """The workspace that the dataset belongs to."""
        if self._workspace is None:
            from pipeyard.core.workspace import Workspace  # noqa: PLC0415  (the modules name each other)

            self._workspace = Workspace.from_config()
        return self._workspace

    @property
    def in_workspace(self) -> bool:
        """Whether the workspace can know it: not if it was made in a job, of files on the job's own disk."""
        return bool(self._sources)

    def client(self) -> "DatasetsClient":
        """The workspace's routes of datasets."""
        from pipeyard._clients.datasets import DatasetsClient  # noqa: PLC0415  (httpx is loaded when it is used)

        return DatasetsClient(self.find_workspace().client.http)

    def _places(self) -> str:
        places = ", ".join(f"{source.datastore}/{source.path}" for source in self._sources)
        return places or "The input"
