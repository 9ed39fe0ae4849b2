"""Registered environments: documents under a name and a version. What a document holds is the SDK's business."""

from typing import Any, ClassVar

from .catalogue import CatalogueRecord
from .versions import version_key


class Environment(CatalogueRecord):
    """One version of an environment."""

    kind: ClassVar[str] = "environment"
    label: ClassVar[str] = "environment"

    name: str
    version: int
    document: dict[str, Any]
    created_at: str

    @property
    def key(self) -> str:
        """Name and version; the newest version of a name comes first."""
        return version_key(self.name, self.version)
