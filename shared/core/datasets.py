"""Datasets as the workspace keeps them: where the files lie, how they are read, and registered versions of both."""

from typing import ClassVar

from pydantic import Field

from .catalogue import CatalogueRecord
from .dataset_views import DatasetView
from .document import Document, Name

MAX_SOURCES = 1000


class DatasetSource(Document):
    """Files on a datastore: one file, everything below a folder, or a pattern with `*`, `**` and `?`."""

    datastore: Name
    path: str = Field(max_length=1024)


class DatasetDefinition(Document):
    """A lazily evaluated dataset."""

    sources: tuple[DatasetSource, ...] = Field(min_length=1, max_length=MAX_SOURCES)
    view: DatasetView = DatasetView()

    @property
    def type(self) -> str:
        """`tabular` where rows are read, else `file`."""
        return "file" if self.view.format is None else "tabular"


class Dataset(CatalogueRecord):
    """A dataset that the workspace knows.

    Attributes:
        dataset_id: Of this version. That of an unregistered dataset follows from its definition.
        name: None for a dataset that was only saved, because a pipeline uses it.
        version: Counts from 1; None where `name` is.
    """

    kind: ClassVar[str] = "dataset"
    label: ClassVar[str] = "dataset"

    dataset_id: str
    definition: DatasetDefinition
    name: str | None = None
    version: int | None = None
    description: str = ""
    tags: dict[str, str] = {}
    created_at: str

    @property
    def key(self) -> str:
        """Its id."""
        return self.dataset_id


class DatasetName(CatalogueRecord):
    """The versions of a registered dataset: the id of version n is item n - 1."""

    kind: ClassVar[str] = "dataset_name"
    label: ClassVar[str] = "registered dataset"

    name: str
    versions: tuple[str, ...]

    @property
    def key(self) -> str:
        """Its name."""
        return self.name
