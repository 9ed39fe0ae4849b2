"""Registered models: a file or a folder on a datastore under a name and a version."""

from typing import ClassVar

from .catalogue import CatalogueRecord
from .versions import version_key


class Model(CatalogueRecord):
    """One version of a model.

    Attributes:
        datastore: Where it lies; with `path`, which is a file or a folder.
        properties: Facts that never change.
        run_id: The run or step run that made it.
    """

    kind: ClassVar[str] = "model"
    label: ClassVar[str] = "model"

    name: str
    version: int
    datastore: str
    path: str
    description: str = ""
    tags: dict[str, str] = {}
    properties: dict[str, str] = {}
    run_id: str | None = None
    framework: str | None = None
    framework_version: str | None = None
    created_at: str

    @property
    def key(self) -> str:
        """Name and version; the newest version of a name comes first."""
        return version_key(self.name, self.version)

    @property
    def id(self) -> str:
        """What v1 calls its id."""
        return f"{self.name}:{self.version}"
