"""Settings of `data_lake_analytics` steps: what the server checks, and what the driver on the compute reads."""

from pydantic import Field

from .document import Document


class DataLakeAnalyticsSettings(Document):
    """Settings of a `data_lake_analytics` step.

    Attributes:
        script_name: U-SQL script of the source directory, in which `@@name@@` stands for ports and parameters.
    """

    script_name: str = Field(min_length=1)
    degree_of_parallelism: int | None = Field(default=None, ge=1)
    priority: int | None = Field(default=None, ge=0)
    runtime_version: str | None = None
