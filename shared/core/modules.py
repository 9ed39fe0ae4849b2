"""Modules: steps to be used again in many pipelines, in versions that their authors name."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from .catalogue import CatalogueRecord
from .document import Document

ModuleStatus = Literal["Active", "Deprecated", "Disabled"]


class ModuleVersion(Document):
    """One version of a module.

    Attributes:
        step: Template of a step: a step of a definition in which inputs and outputs are ports to be connected.
    """

    version: str
    id: str
    status: ModuleStatus = "Active"
    description: str = ""
    step: dict[str, Any]
    created_at: str = ""


class Module(CatalogueRecord):
    """A module with all its versions, the oldest first."""

    kind: ClassVar[str] = "module"
    label: ClassVar[str] = "module"

    id: str
    name: str
    description: str = ""
    status: ModuleStatus = "Active"
    default_version: str | None = None
    versions: tuple[ModuleVersion, ...] = ()
    created_at: str
    updated_at: str

    @property
    def key(self) -> str:
        """Its id."""
        return self.id


class ModuleName(CatalogueRecord):
    """Which module has a name."""

    kind: ClassVar[str] = "module_name"
    label: ClassVar[str] = "module"

    name: str
    module_id: str

    @property
    def key(self) -> str:
        """The name."""
        return self.name


def next_version(versions: Sequence[ModuleVersion]) -> str:
    """The version that follows the highest one that is a plain number; "1" where there is none."""
    numbers = [int(each.version) for each in versions if each.version.isascii() and each.version.isdigit()]
    return str(max(numbers, default=0) + 1)
