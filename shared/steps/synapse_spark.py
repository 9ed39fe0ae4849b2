"""The step type that runs on a Spark pool of Synapse (v1's SynapseSparkStep), which nothing here runs yet."""

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from shared.core.document import Document
from shared.steps.base import OutsideStep


class SynapseSparkSettings(Document):
    """Settings of a `synapse_spark` step; v1's names."""

    file: str = Field(min_length=1)
    driver_memory: str
    driver_cores: int = Field(ge=1)
    executor_memory: str
    executor_cores: int = Field(ge=1)
    num_executors: int = Field(ge=1)
    app_name: str | None = None
    conf: dict[str, Any] | None = None
    py_files: tuple[str, ...] | None = None
    jars: tuple[str, ...] | None = None
    files: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SynapseSparkStep(OutsideStep):
    """Needs a Synapse Spark back-end."""

    settings_model: ClassVar[type[Document]] = SynapseSparkSettings

    name: str = "synapse_spark"
    missing_backend: str | None = "Synapse Spark"
    compute_kinds: frozenset[str] | None = frozenset({"SynapseSpark"})
    needs_snapshot: bool = True
