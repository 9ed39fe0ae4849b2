"""v1's `azureml.core.dataset`: registered datasets, and `Dataset.File` and `Dataset.Tabular` to make new ones."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pipeyard._core.datasets import DatasetDefinition
from pipeyard.data.abstract_dataset import AbstractDataset
from pipeyard.data.dataset_factory import FileDatasetFactory, TabularDatasetFactory
from pipeyard.data.file_dataset import FileDataset
from pipeyard.data.tabular_dataset import TabularDataset
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard._clients.datasets import DatasetDocument, DatasetsClient
    from pipeyard.core.workspace import Workspace

LATEST = "latest"


class Dataset:
    """Registered datasets.

    Attributes:
        File: Makes datasets of files.
        Tabular: Makes datasets of rows.
    """

    File = FileDatasetFactory
    Tabular = TabularDatasetFactory

    @staticmethod
    def get_by_name(workspace: "Workspace", name: str, version: int | str = LATEST) -> FileDataset | TabularDataset:
        """A registered version; `latest` or None is the newest.

        Raises:
            UserErrorException: There is none.
        """
        chosen = str(LATEST if version is None else version)
        if chosen != LATEST and not chosen.isdigit():
            raise UserErrorException(f"The version {version!r} of {name!r} must be a number or 'latest'.")
        return open_dataset(workspace, _client(workspace).get_by_name(name, chosen))

    @staticmethod
    def get_by_id(workspace: "Workspace", id: str) -> FileDataset | TabularDataset:  # noqa: A002  (v1's name)
        """A dataset by its id, registered or not.

        Raises:
            UserErrorException: There is none.
        """
        return open_dataset(workspace, _client(workspace).get(id))

    @staticmethod
    def get_all(workspace: "Workspace") -> "RegisteredDatasets":
        """The latest version of every registered dataset by name, fetched when it is asked for."""
        return RegisteredDatasets(workspace)


class RegisteredDatasets(Mapping[str, AbstractDataset]):
    """The latest version of every registered dataset by name. Looking one up asks the workspace for that one only."""

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace

    def __getitem__(self, name: str) -> FileDataset | TabularDataset:
        try:
            return Dataset.get_by_name(self._workspace, name)
        except UserErrorException as error:
            raise KeyError(error.message) from error

    def __iter__(self) -> Iterator[str]:
        return (item["name"] for item in _client(self._workspace).registered() if item["name"] is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"RegisteredDatasets({', '.join(self)})"


def open_dataset(workspace: "Workspace", record: "DatasetDocument") -> FileDataset | TabularDataset:
    """The dataset of a document of the workspace."""
    definition = DatasetDefinition.model_validate(record["definition"])
    kind = FileDataset if definition.view.format is None else TabularDataset
    return kind(definition.view, sources=definition.sources, workspace=workspace, record=record)


def _client(workspace: "Workspace") -> "DatasetsClient":
    from pipeyard._clients.datasets import DatasetsClient  # noqa: PLC0415  (httpx is loaded when it is used)

    return DatasetsClient(workspace.client.http)
