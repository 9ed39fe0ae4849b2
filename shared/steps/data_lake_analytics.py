"""The step type that runs a U-SQL script (v1's AdlaStep), which nothing here runs yet."""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from shared.core.document import Document
from shared.steps.base import OutsideStep


class DataLakeAnalyticsSettings(Document):
    """Settings of a `data_lake_analytics` step.

    Attributes:
        script_name: U-SQL script of the source directory, in which `@@name@@` stands for ports and parameters.
    """

    script_name: str = Field(min_length=1)
    degree_of_parallelism: int | None = Field(default=None, ge=1)
    priority: int | None = Field(default=None, ge=0)
    runtime_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLakeAnalyticsStep(OutsideStep):
    """Needs a Data Lake Analytics back-end."""

    settings_model: ClassVar[type[Document]] = DataLakeAnalyticsSettings

    name: str = "data_lake_analytics"
    missing_backend: str | None = "Data Lake Analytics"
    compute_kinds: frozenset[str] | None = frozenset({"DataLakeAnalytics"})
    needs_snapshot: bool = True
