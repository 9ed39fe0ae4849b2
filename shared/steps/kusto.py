"""The step type that runs a query on Azure Data Explorer (v1's KustoStep), which nothing here runs yet."""

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from shared.core.document import Document
from shared.steps.base import OutsideStep


class KustoSettings(Document):
    """Settings of a `kusto` step; the queries are its source directory.

    Attributes:
        parameter_dict: What is put into the queries.
    """

    database_name: str = Field(min_length=1)
    parameter_dict: dict[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class KustoStep(OutsideStep):
    """Needs a Kusto back-end."""

    settings_model: ClassVar[type[Document]] = KustoSettings

    name: str = "kusto"
    missing_backend: str | None = "Kusto"
    compute_kinds: frozenset[str] | None = frozenset({"Kusto"})
    needs_snapshot: bool = True
