"""Settings of `data_lake_analytics` steps: what the server checks, and what the driver on the compute reads."""

from pydantic import Field

from .document import Document

RETIRED = (
    "Azure retired Data Lake Analytics on 29 February 2024: no account takes jobs any more. Give the compute target "
    'the property `"engine": "duckdb"`, and its U-SQL scripts run on the workspace\'s own machine.'
)
"""Why the service itself cannot be attached, and what to use instead."""
MAX_SCRIPT_BYTES = 3 * 1024 * 1024
"""The service took no larger scripts."""


class DataLakeAnalyticsSettings(Document):
    """Settings of a `data_lake_analytics` step.

    Attributes:
        script_name: U-SQL script of the source directory, in which `@@name@@` stands for ports and parameters.
        degree_of_parallelism: How many units of the service work on it at once.
        priority: Lower numbers run first.
        runtime_version: Of the service.
    """

    script_name: str = Field(min_length=1)
    degree_of_parallelism: int | None = Field(default=None, ge=1)
    priority: int | None = Field(default=None, ge=1)
    runtime_version: str | None = None
