"""The step type that copies data between services (v1's DataTransferStep), which nothing here runs yet."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from shared.core.document import Document
from shared.steps.base import OutsideStep

ReferenceType = Literal["file", "directory"]


class DataTransferSettings(Document):
    """Settings of a `data_transfer` step; files to copy are its input.

    Attributes:
        source: What is copied where it is no file: `datastore` and a table, a query or a stored procedure.
        destination: Where it goes where no output says so.
    """

    source: dict[str, Any] | None = None
    destination: dict[str, Any] | None = None
    source_reference_type: ReferenceType | None = None
    destination_reference_type: ReferenceType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTransferStep(OutsideStep):
    """Needs a Data Factory back-end."""

    settings_model: ClassVar[type[Document]] = DataTransferSettings

    name: str = "data_transfer"
    missing_backend: str | None = "Data Factory"
    compute_kinds: frozenset[str] | None = frozenset({"DataFactory"})
