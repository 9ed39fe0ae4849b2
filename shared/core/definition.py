"""The pipeline definition document: what a user writes (or the SDK writes for them) and Pipeyard stores.

A definition is immutable once stored; its shape is versioned by `schema_version`. The models below and in
`bindings.py` check shape and types only. Names that must exist elsewhere, cycles and bindings are `validation.py`'s
work, which reports every fault of a document at once.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from .bindings import Argument, ParameterDefinition, PipelineOutput, StepInput, StepOutput
from .document import VARIABLE_PATTERN, Digest, Document, Labels, Name, PortName, Text

MAX_STEPS = 5000
"""A definition with more steps is refused: the run's schedule must fit the engine's 4 MiB messages."""


class RetryPolicy(Document):
    """How often a failed step is tried again.

    Attributes:
        max_attempts: All tries, the first included; 1 means no retry.
        delay_seconds: Wait before the second try.
        backoff: Factor by which the wait grows from try to try; 1 keeps it.
        max_delay_seconds: The wait never exceeds this.
    """

    max_attempts: int = Field(default=1, ge=1, le=20)
    delay_seconds: float = Field(default=10, ge=0, le=86_400, allow_inf_nan=False)
    backoff: float = Field(default=2, ge=1, le=10, allow_inf_nan=False)
    max_delay_seconds: float = Field(default=600, ge=0, le=86_400, allow_inf_nan=False)


class EnvironmentDefinition(Document):
    """What the script needs around it. Everything here enters the reuse key.

    Attributes:
        name: For people.
        image: Container image, for compute that runs containers.
        python_version: Such as "3.12"; None leaves it to the compute.
        interpreter: Path of a Python on the compute (v1's `user_managed_dependencies`); local processes honour it.
        pip_packages: Requirement strings.
        conda_packages: Conda match specs.
        variables: Environment variables; a step's own variables win over these.
    """

    name: str = ""
    image: str | None = None
    python_version: str | None = None
    interpreter: str | None = None
    pip_packages: tuple[str, ...] = ()
    conda_packages: tuple[str, ...] = ()
    variables: dict[Annotated[str, Field(pattern=VARIABLE_PATTERN)], Text] = {}


class StepResources(Document):
    """How many nodes and processes share the work of one step. What is not said stays out of the reuse key.

    Attributes:
        node_count: Nodes of the compute target.
        process_count_per_node: Processes on each.
        communicator: How the processes find each other; None runs one process and needs one node.
    """

    node_count: int = Field(default=1, ge=1, le=10_000)
    process_count_per_node: int = Field(default=1, ge=1, le=1000)
    communicator: Literal["mpi", "pytorch", "tensorflow"] | None = None

    @model_validator(mode="after")
    def _says_how_processes_meet(self) -> Self:
        if self.communicator is None and self.node_count * self.process_count_per_node > 1:
            raise ValueError("Several processes need a `communicator`: `mpi`, `pytorch` or `tensorflow`.")
        return self


class StepDefinition(Document):
    """One step of a pipeline.

    Attributes:
        name: Unique in the pipeline.
        type: A name of the step-type catalogue, such as `python_script`.
        settings: What the step type asks for, checked against its own schema.
        snapshot: Digest of the step's source directory, None for types without one.
        arguments: The command line after the script, in order.
        run_after: Names of steps that must end first although no data flows.
        allow_reuse: False runs the step every time.
        always_run: Runs once its dependencies have ended, however they ended.
        retry: Tries after a failure.
        timeout_seconds: Longest time for one try; None means the compute's own limit.
        resources: For compute that has several nodes.
        version: Free text that enters the reuse key: change it to disown earlier results.
        compute_target: None means the pipeline's default compute target.
        labels: For people and searches; never part of the reuse key.
    """

    name: Name
    type: str = "python_script"
    settings: dict[str, Any] = {}
    snapshot: Digest | None = None
    arguments: tuple[Argument, ...] = Field(default=(), max_length=1000)
    inputs: dict[PortName, StepInput] = {}
    outputs: dict[PortName, StepOutput] = {}
    run_after: tuple[str, ...] = ()
    allow_reuse: bool = True
    always_run: bool = False
    retry: RetryPolicy = RetryPolicy()
    timeout_seconds: float | None = Field(default=None, gt=0, le=2_592_000, allow_inf_nan=False)
    environment: EnvironmentDefinition = EnvironmentDefinition()
    environment_variables: dict[Annotated[str, Field(pattern=VARIABLE_PATTERN)], Text] = {}
    resources: StepResources = StepResources()
    version: str | None = None
    compute_target: Name | None = None
    labels: Labels = {}


class PipelineDefinition(Document):
    """A whole pipeline.

    Attributes:
        outputs: Outputs of steps that the pipeline offers under names of its own.
        max_parallel_steps: Most steps in flight at once; None means the workspace's own limit.
    """

    schema_version: Literal[1] = 1
    name: Name
    description: str = ""
    parameters: dict[PortName, ParameterDefinition] = {}
    steps: tuple[StepDefinition, ...] = Field(min_length=1, max_length=MAX_STEPS)
    outputs: dict[PortName, PipelineOutput] = {}
    default_compute_target: Name = "local"
    default_datastore: Name = "workspaceblobstore"
    max_parallel_steps: int | None = Field(default=None, ge=1, le=1000)
    labels: Labels = {}
