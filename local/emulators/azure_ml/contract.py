"""What the service takes, as far as the emulator acts on it; further properties are kept and shown as they came."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

NonEmpty = Annotated[str, StringConstraints(min_length=1, pattern=r"[a-zA-Z0-9_]")]
Texts = dict[str, str | None]


class Shape(BaseModel):
    """Names in camel case, others besides the declared ones."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow")

    def document(self) -> dict[str, Any]:
        """As it came, without what was not said."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class CodeVersion(Shape):
    """A folder of source files."""

    code_uri: NonEmpty
    properties: Texts | None = None
    is_anonymous: bool | None = None


class EnvironmentVersion(Shape):
    """Software by an image or what to build one from, and a conda file's text."""

    image: NonEmpty | None = None
    build: dict[str, Any] | None = None
    conda_file: str | None = None
    is_anonymous: bool | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> "EnvironmentVersion":
        if (self.image is None) == (self.build is None):
            raise ValueError("give either image or build")
        return self


class ScaleSettings(Shape):
    """How many nodes a cluster may have."""

    max_node_count: NonNegativeInt
    min_node_count: NonNegativeInt = 0
    node_idle_time_before_scale_down: timedelta = timedelta(seconds=120)

    @model_validator(mode="after")
    def _is_a_range(self) -> "ScaleSettings":
        if self.min_node_count > self.max_node_count:
            raise ValueError("minNodeCount must not be more than maxNodeCount")
        return self


class ClusterProperties(Shape):
    """Size and kind of a cluster's nodes."""

    vm_size: NonEmpty = "STANDARD_DS3_V2"
    vm_priority: Literal["Dedicated", "LowPriority"] = "Dedicated"
    os_type: Literal["Linux"] = "Linux"
    scale_settings: ScaleSettings


class Cluster(Shape):
    """A compute of the one kind that is emulated."""

    compute_type: Literal["AmlCompute"]
    properties: ClusterProperties


class LiteralInput(Shape):
    """A value."""

    job_input_type: Literal["literal"]
    value: str


class UriInput(Shape):
    """A file or a folder."""

    job_input_type: Literal["uri_file", "uri_folder"]
    uri: NonEmpty
    mode: Literal["ReadOnlyMount", "Download", "Direct"] | None = None


Input = Annotated[LiteralInput | UriInput, Field(discriminator="job_input_type")]


class Output(Shape):
    """A file or a folder that is to be kept."""

    job_output_type: Literal["uri_file", "uri_folder"]
    uri: NonEmpty | None = None
    mode: Literal["ReadWriteMount", "Upload"] | None = None


class PyTorch(Shape):
    """Processes that PyTorch's environment variables tell apart."""

    distribution_type: Literal["PyTorch"]
    process_count_per_instance: PositiveInt | None = None


class Mpi(Shape):
    """Processes as `mpirun` would start them."""

    distribution_type: Literal["Mpi"]
    process_count_per_instance: PositiveInt | None = None


class TensorFlow(Shape):
    """Workers and parameter servers."""

    distribution_type: Literal["TensorFlow"]
    worker_count: PositiveInt | None = None
    parameter_server_count: NonNegativeInt | None = None


Distribution = Annotated[PyTorch | Mpi | TensorFlow, Field(discriminator="distribution_type")]


class Limits(Shape):
    """How long a job may run."""

    job_limits_type: Literal["Command"]
    timeout: timedelta | None = None


class Resources(Shape):
    """How many nodes a job gets."""

    instance_count: PositiveInt | None = None


class CommandJob(Shape):
    """The one kind of job that is emulated."""

    job_type: Literal["Command"]
    command: NonEmpty
    environment_id: NonEmpty
    compute_id: NonEmpty
    code_id: NonEmpty | None = None
    experiment_name: str | None = None
    tags: Texts | None = None
    properties: Texts | None = None
    environment_variables: Texts | None = None
    inputs: dict[str, Input] | None = None
    outputs: dict[str, Output] | None = None
    resources: Resources | None = None
    limits: Limits | None = None
    distribution: Distribution | None = None

    @property
    def node_count(self) -> int:
        """How many nodes it needs."""
        return (self.resources and self.resources.instance_count) or 1


class Envelope[Properties: Shape](Shape):
    """A resource's body."""

    properties: Properties


class ComputeEnvelope(Envelope[Cluster]):
    """The body of a compute, which has a place besides."""

    location: NonEmpty
    tags: Texts | None = None
