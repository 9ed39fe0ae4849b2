"""What every record of the workspace's catalogue has in common. The records themselves are modules beside this one."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from .document import Document


class CatalogueRecord(Document):
    """Something named that belongs to the workspace. Frozen: a change is a new record that replaces the old one.

    Attributes:
        kind: Its sort, in every record of a class the same: one partition of the catalogue.
        label: What people call the sort, in sentences.
        etag: The record's version as read or written; not stored. None: it was never written.
    """

    kind: ClassVar[str]
    label: ClassVar[str]

    schema_version: Literal[1] = 1
    etag: Annotated[str | None, Field(exclude=True)] = None

    @property
    def key(self) -> str:
        """Unique among the records of its kind; lists are in the order of the keys."""
        raise NotImplementedError


class Experiment(CatalogueRecord):
    """A named collection of runs."""

    kind: ClassVar[str] = "experiment"
    label: ClassVar[str] = "experiment"

    name: str
    created_at: str

    @property
    def key(self) -> str:
        """Its name."""
        return self.name
