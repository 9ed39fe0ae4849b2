"""The pipeline definition document: what a user writes (or the SDK writes for them) and Pipeyard stores.

A definition is immutable once stored; its shape is versioned by `schema_version`. The models below check shape and
types only. Names that must exist elsewhere, cycles and bindings are `validation.py`'s work, which reports every
fault of a document at once.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag

SCHEMA_VERSION = 1
MAX_STEPS = 5000
"""A definition with more steps is refused: the run's schedule must fit the engine's 4 MiB messages."""

NAME_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_.\- ]{0,127}$"
PORT_PATTERN = r"^\w{1,128}$"
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,255}$"
EXPERIMENT_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_\-]{0,254}$"


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain a NUL character: no command line or variable can carry one")
    return text


Text = Annotated[str, Field(max_length=30_000), AfterValidator(_without_nul)]
Scalar = Text | bool | int | Annotated[float, Field(allow_inf_nan=False)]
PortName = Annotated[str, Field(pattern=PORT_PATTERN)]
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Labels = dict[Annotated[str, Field(min_length=1, max_length=100)], Annotated[str, Field(max_length=1000)]]


class Document(BaseModel):
    """Base of every stored or received shape: frozen, and unknown keys are faults rather than silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ParameterDefinition(Document):
    """A pipeline parameter.

    Attributes:
        type: `string`, `int`, `float` or `bool`.
        default: Value when a run gives none; None makes the parameter required.
    """

    type: Literal["string", "int", "float", "bool"]
    default: Scalar | None = None
    description: str = ""


class DataReferenceInput(Document):
    """Files on a datastore: one file, or everything below a folder. The content, not the path, enters the key."""

    kind: Literal["data_reference"] = "data_reference"
    datastore: Name
    path: str = Field(max_length=1024)


class PipelineDataInput(Document):
    """Another step's output; makes this step depend on that one."""

    kind: Literal["pipeline_data"] = "pipeline_data"
    step: str
    output: str


class ParameterInput(Document):
    """A pipeline parameter's value, given to the script as `AML_PARAMETER_<input name>`."""

    kind: Literal["parameter"] = "parameter"
    parameter: str


class LiteralInput(Document):
    """A fixed value, given to the script as `AML_PARAMETER_<input name>`."""

    kind: Literal["literal"] = "literal"
    value: Scalar


StepInput = Annotated[
    DataReferenceInput | PipelineDataInput | ParameterInput | LiteralInput, Field(discriminator="kind")
]


class InputArgument(Document):
    """Replaced by the local path of an input (or by its value, for parameters and literals)."""

    input: str


class OutputArgument(Document):
    """Replaced by the local path where the script must write the output."""

    output: str


class ParameterArgument(Document):
    """Replaced by the value of a pipeline parameter."""

    parameter: str


def _argument_tag(value: Any) -> str:
    for key, model in (("input", InputArgument), ("output", OutputArgument), ("parameter", ParameterArgument)):
        if isinstance(value, model) or (isinstance(value, dict) and key in value):
            return key
    return "literal"


Argument = Annotated[
    Annotated[Scalar, Tag("literal")]
    | Annotated[InputArgument, Tag("input")]
    | Annotated[OutputArgument, Tag("output")]
    | Annotated[ParameterArgument, Tag("parameter")],
    Discriminator(_argument_tag),
]


class StepOutput(Document):
    """A step's output (v1's PipelineData): a file or a folder that the script writes at the path it is given.

    Attributes:
        datastore: Where it is kept; None means the pipeline's default datastore.
    """

    datastore: Name | None = None


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
        version: Free text that enters the reuse key: change it to disown earlier results.
        compute_target: None means the pipeline's default compute target.
        labels: For people and searches; never part of the reuse key.
    """

    name: Name
    type: str = "python_script"
    settings: dict[str, Any] = {}
    snapshot: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
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
    version: str | None = None
    compute_target: Name | None = None
    labels: Labels = {}


class PipelineDefinition(Document):
    """A whole pipeline.

    Attributes:
        max_parallel_steps: Most steps in flight at once; None means the workspace's own limit.
    """

    schema_version: Literal[1] = 1
    name: Name
    description: str = ""
    parameters: dict[PortName, ParameterDefinition] = {}
    steps: tuple[StepDefinition, ...] = Field(min_length=1, max_length=MAX_STEPS)
    default_compute_target: Name = "local"
    default_datastore: Name = "workspaceblobstore"
    max_parallel_steps: int | None = Field(default=None, ge=1, le=1000)
    labels: Labels = {}
