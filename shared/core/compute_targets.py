"""Compute targets as the workspace keeps them: what they are called, what they are, and what runs their jobs."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from .catalogue import CatalogueRecord

LOCAL_TARGET = "local"
LOCAL_TYPE = "LocalProcess"
AML_COMPUTE = "AmlCompute"
DATABRICKS = "Databricks"
DATA_FACTORY = "DataFactory"
DATA_LAKE_ANALYTICS = "DataLakeAnalytics"

TARGET_TYPES = (
    LOCAL_TYPE,
    AML_COMPUTE,
    DATABRICKS,
    DATA_LAKE_ANALYTICS,
    DATA_FACTORY,
    "Batch",
    "ComputeInstance",
    "HDInsight",
    "Kubernetes",
    "Kusto",
    "SynapseSpark",
    "VirtualMachine",
)
"""Types that v1 knew, whether anything here reaches them or not."""

LOCAL_PROCESS = "local_process"
AZURE_ML_JOBS = "azure_ml"
DATABRICKS_JOBS = "databricks"
USQL_JOBS = "data_lake_analytics"
"""Names of back-ends, as they stand in the rows of steps."""

ONE_MACHINE = frozenset({LOCAL_PROCESS})
"""Back-ends that have one node for each job."""

RESERVED_NAMES = frozenset({"amlcompute", "containerinstance"})
TARGET_NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9-]{1,23}$"

ProvisioningState = Literal["Creating", "Updating", "Deleting", "Succeeded", "Failed", "Canceled"]
SETTLED = frozenset({"Succeeded", "Failed", "Canceled"})
"""States that nothing but a new request ends."""


class TargetLimits(BaseModel):
    """What is read of the properties of any target; the rest is kept as it came."""

    model_config = ConfigDict(frozen=True, extra="allow")

    max_concurrent_jobs: int | None = Field(default=None, ge=1, le=100_000)


class AmlComputeProperties(TargetLimits):
    """Properties of a cluster (v1's `provisioning_configuration`); an attached one has its own size and limits.

    Attributes:
        max_nodes: Where the workspace's own machine runs its jobs, also how many run at once.
        emulated: It is one of the emulator that the local workspace has.
        workspace_resource_id: The Azure ML workspace that it belongs to, where that is not the deployment's.
        cluster_name: What it is called there, where that is not the target's name.
        location: Region, where that is not the Azure ML workspace's.
        subnet_id: Resource id of the subnet that its nodes are in.
        node_public_ip: Whether nodes have public addresses; None leaves it to the service.
        identity_type: Identity of the cluster itself.
        identity_ids: Resource ids of the identities, for `UserAssigned`.
        identity_client_id: Client id of the identity that jobs have; None means the identity of the job.
    """

    vm_size: str = Field(default="", max_length=100)
    vm_priority: Literal["dedicated", "lowpriority"] = "dedicated"
    min_nodes: int = Field(default=0, ge=0, le=100_000)
    max_nodes: int | None = Field(default=None, ge=1, le=100_000)
    idle_seconds_before_scaledown: int = Field(default=1800, ge=0, le=10_000_000)
    emulated: bool | None = None
    workspace_resource_id: str | None = Field(default=None, max_length=1000)
    cluster_name: str | None = Field(default=None, min_length=1, max_length=100)
    location: str | None = Field(default=None, min_length=1, max_length=100)
    subnet_id: str | None = Field(default=None, max_length=1000)
    node_public_ip: bool | None = None
    identity_type: Literal["SystemAssigned", "UserAssigned"] | None = None
    identity_ids: tuple[str, ...] | None = None
    identity_client_id: str | None = Field(default=None, min_length=1, max_length=100)


class DatabricksProperties(TargetLimits):
    """Properties of a Databricks workspace. A token, `access_token`, is among them only until the secret store has it.

    Attributes:
        workspace_url: Its address, such as `https://adb-1234.5.azuredatabricks.net`; or
        resource_id: its resource id in Azure, which the address is looked up with.
        emulated: It is the emulator that the local workspace has.
        uri_scheme: How scripts get the addresses of blobs.
        workspace_folder: Where files of jobs are put in the Databricks workspace.
    """

    resource_group: str | None = Field(default=None, max_length=200)
    workspace_name: str | None = Field(default=None, max_length=200)
    workspace_url: str | None = Field(default=None, max_length=300)
    resource_id: str | None = Field(default=None, max_length=1000)
    emulated: bool | None = None
    uri_scheme: Literal["abfss", "wasbs"] | None = None
    workspace_folder: str | None = Field(default=None, min_length=1, max_length=300)


class DataLakeAnalyticsProperties(TargetLimits):
    """Properties of an account of Data Lake Analytics, which Azure has retired.

    Attributes:
        engine: What runs its scripts instead of the account; None means nothing.
        emulated: It is the emulator that the local workspace has.
    """

    resource_group: str | None = Field(default=None, max_length=200)
    account_name: str | None = Field(default=None, max_length=200)
    resource_id: str | None = Field(default=None, max_length=1000)
    engine: Literal["duckdb"] | None = None
    emulated: bool | None = None


class DataFactoryProperties(TargetLimits):
    """Properties of a data factory, which is a name only: copies are made without one."""

    resource_group: str | None = Field(default=None, max_length=200)
    factory_name: str | None = Field(default=None, max_length=200)
    resource_id: str | None = Field(default=None, max_length=1000)
    location: str | None = Field(default=None, max_length=100)


CONNECTIONS: dict[str, frozenset[str]] = {
    AML_COMPUTE: frozenset({"emulated", "workspace_resource_id", "cluster_name"}),
    DATABRICKS: frozenset({"emulated", "workspace_url", "resource_id", "workspace_folder"}),
    DATA_LAKE_ANALYTICS: frozenset({"emulated", "engine"}),
}
"""Properties, by type, with which a job that is under way is found again."""


class ComputeTarget(CatalogueRecord):
    """A compute target.

    Attributes:
        type: v1's name of the sort, such as `AmlCompute` or `Databricks`.
        attached: It existed before and was made known; otherwise it was created here.
        properties: What the type asks for.
        secret_names: By property whose value is kept as a secret instead, the name under which the secret store has it.
        provisioning_errors: Sentences for the user.
        held_since: When somebody began to delete it or to point it elsewhere: no job is begun on it meanwhile.
    """

    kind: ClassVar[str] = "compute_target"
    label: ClassVar[str] = "compute target"

    name: str
    type: str
    attached: bool = False
    properties: dict[str, Any] = {}
    secret_names: dict[str, str] = {}
    description: str = ""
    tags: dict[str, str] = {}
    provisioning_state: ProvisioningState = "Succeeded"
    provisioning_errors: tuple[str, ...] = ()
    created_at: str = ""
    updated_at: str = ""
    held_since: str = ""

    @property
    def key(self) -> str:
        """Its name, whose case does not count."""
        return self.name.lower()

    @property
    def secret_properties(self) -> tuple[str, ...]:
        """Names of properties whose values are kept as secrets."""
        return tuple(sorted(self.secret_names))


THIS_MACHINE = ComputeTarget(
    name=LOCAL_TARGET, type=LOCAL_TYPE, description="Processes of the machine that the workspace runs on."
)
"""The compute target of local workspaces that nobody has to create."""
SCRIPT_TYPES = frozenset({LOCAL_TYPE, AML_COMPUTE})
"""Types of compute targets that run scripts."""


def properties_model(type_: str) -> type[TargetLimits]:
    """What the properties of a target of this type must look like."""
    models: dict[str, type[TargetLimits]] = {
        AML_COMPUTE: AmlComputeProperties,
        DATABRICKS: DatabricksProperties,
        DATA_FACTORY: DataFactoryProperties,
        DATA_LAKE_ANALYTICS: DataLakeAnalyticsProperties,
    }
    return models.get(type_, TargetLimits)


def job_limit(target: ComputeTarget, *, queues: bool = False) -> int | None:
    """How many jobs may run on a target at once; None means as many as come.

    Args:
        target: The compute target.
        queues: Its service keeps jobs for which there is no room yet: then a cluster's size is its own business.
    """
    properties = properties_model(target.type).model_validate(target.properties)
    nodes = properties.max_nodes if isinstance(properties, AmlComputeProperties) and not queues else None
    limits = [limit for limit in (nodes, properties.max_concurrent_jobs) if limit is not None]
    return min(limits) if limits else None


def changed_connection(old: ComputeTarget, new: ComputeTarget) -> tuple[str, ...]:
    """Properties that differ and without which a job that is under way would not be found again."""
    names = CONNECTIONS.get(old.type, frozenset())
    return tuple(name for name in sorted(names) if old.properties.get(name) != new.properties.get(name))
