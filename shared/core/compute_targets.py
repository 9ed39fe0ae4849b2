"""Compute targets as the workspace keeps them: what they are called, what they are, and what runs their jobs."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from .catalogue import CatalogueRecord

LOCAL_TARGET = "local"
LOCAL_TYPE = "LocalProcess"
LOCAL_PROCESS = "local_process"
AML_COMPUTE = "AmlCompute"
DATA_FACTORY = "DataFactory"
DATA_LAKE_ANALYTICS = "DataLakeAnalytics"
RESERVED_NAMES = frozenset({"amlcompute", "containerinstance"})
TARGET_NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9-]{1,23}$"

ProvisioningState = Literal["Creating", "Succeeded", "Failed"]


class TargetLimits(BaseModel):
    """What is read of the properties of any target; the rest is kept as it came."""

    model_config = ConfigDict(frozen=True, extra="allow")

    max_concurrent_jobs: int | None = Field(default=None, ge=1, le=100_000)


class AmlComputeProperties(TargetLimits):
    """Properties of a cluster (v1's `provisioning_configuration`).

    Attributes:
        max_nodes: Also how many jobs run on it at once: a job takes a node.
    """

    vm_size: str = Field(default="", max_length=100)
    vm_priority: Literal["dedicated", "lowpriority"] = "dedicated"
    min_nodes: int = Field(default=0, ge=0, le=100_000)
    max_nodes: int = Field(ge=1, le=100_000)
    idle_seconds_before_scaledown: int = Field(default=1800, ge=0, le=10_000_000)


class DataLakeAnalyticsProperties(TargetLimits):
    """Properties of an account of Data Lake Analytics, which Azure has retired.

    Attributes:
        engine: What runs its scripts instead of the account; None means nothing.
    """

    engine: Literal["duckdb"] | None = None


class ComputeTarget(CatalogueRecord):
    """A compute target.

    Attributes:
        type: v1's name of the sort, such as `AmlCompute` or `Databricks`.
        attached: It existed before and was made known; otherwise it was created here.
        properties: What the type asks for.
        secret_properties: Names of properties whose values are kept as secrets instead.
        provisioning_errors: Sentences for the user.
    """

    kind: ClassVar[str] = "compute_target"
    label: ClassVar[str] = "compute target"

    name: str
    type: str
    attached: bool = False
    properties: dict[str, Any] = {}
    secret_properties: tuple[str, ...] = ()
    description: str = ""
    tags: dict[str, str] = {}
    provisioning_state: ProvisioningState = "Succeeded"
    provisioning_errors: tuple[str, ...] = ()
    created_at: str = ""
    updated_at: str = ""

    @property
    def key(self) -> str:
        """Its name, whose case does not count."""
        return self.name.lower()


def properties_model(type_: str) -> type[TargetLimits]:
    """What the properties of a target of this type must look like."""
    models: dict[str, type[TargetLimits]] = {
        AML_COMPUTE: AmlComputeProperties,
        DATA_LAKE_ANALYTICS: DataLakeAnalyticsProperties,
    }
    return models.get(type_, TargetLimits)


def has_engine(target: ComputeTarget) -> bool:
    """Whether an engine of this machine does the work of the outside service that a target stands for.

    A data factory only stands for copies, which need no engine but the runner.
    """
    if target.type == DATA_LAKE_ANALYTICS:
        return DataLakeAnalyticsProperties.model_validate(target.properties).engine is not None
    return target.type == DATA_FACTORY


def job_limit(target: ComputeTarget) -> int | None:
    """How many jobs may run on a target at once; None means as many as come."""
    properties = properties_model(target.type).model_validate(target.properties)
    nodes = properties.max_nodes if isinstance(properties, AmlComputeProperties) else None
    limits = [limit for limit in (nodes, properties.max_concurrent_jobs) if limit is not None]
    return min(limits) if limits else None
