"""What flows into a step and out of it: pipeline parameters, inputs, outputs, and the words of a command line."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from .dataset_views import DatasetView
from .document import Document, Name, Scalar

DatasetMode = Literal["mount", "download", "direct"]
"""How a script meets a dataset: `mount` and `download` give it the path of the files, `direct` the dataset itself."""


FileMode = Literal["mount", "download"]
"""How files get to a script on compute that leaves a choice: read where they lie, or copied to the node first."""


class DataPathValue(Document):
    """A place on a datastore, as value of a `data_path` parameter."""

    datastore: Name
    path: str = Field(max_length=1024)


class DatasetValue(Document):
    """A dataset that the workspace knows, as value of a `dataset` parameter."""

    dataset_id: str = Field(max_length=128)


def _value_tag(value: Any) -> str:
    if isinstance(value, DatasetValue) or (isinstance(value, dict) and "dataset_id" in value):
        return "dataset"
    return "data_path" if isinstance(value, dict | DataPathValue) else "scalar"


ParameterValue = Annotated[
    Annotated[Scalar, Tag("scalar")]
    | Annotated[DataPathValue, Tag("data_path")]
    | Annotated[DatasetValue, Tag("dataset")],
    Discriminator(_value_tag),
]


class ParameterDefinition(Document):
    """A pipeline parameter.

    Attributes:
        type: `string`, `int`, `float`, `bool`, `data_path` or `dataset`.
        default: Value when a run gives none; None makes the parameter required.
    """

    type: Literal["string", "int", "float", "bool", "data_path", "dataset"]
    default: ParameterValue | None = None
    description: str = ""


class DataReferenceInput(Document):
    """Files on a datastore: one file, or everything below a folder. The content, not the path, enters the key."""

    kind: Literal["data_reference"] = "data_reference"
    datastore: Name
    path: str = Field(max_length=1024)
    mode: FileMode = "mount"


class DataPathInput(Document):
    """Files at the place that a `data_path` parameter names."""

    kind: Literal["data_path"] = "data_path"
    parameter: str
    mode: FileMode = "mount"


class DatasetInput(Document):
    """A dataset, by its id or through a `dataset` parameter: exactly one of the two.

    Its files are pinned when the run first looks at it, and their content enters the key.
    """

    kind: Literal["dataset"] = "dataset"
    dataset_id: str | None = Field(default=None, max_length=128)
    parameter: str | None = None
    mode: DatasetMode = "mount"


class PipelineDataInput(Document):
    """Another step's output; makes this step depend on that one.

    Attributes:
        view: Set where the script gets the files as a dataset (`Run.input_datasets`) instead of as a path.
    """

    kind: Literal["pipeline_data"] = "pipeline_data"
    step: str
    output: str
    view: DatasetView | None = None
    mode: FileMode = "mount"


class ParameterInput(Document):
    """A pipeline parameter's value, given to the script as `AML_PARAMETER_<input name>`."""

    kind: Literal["parameter"] = "parameter"
    parameter: str


class LiteralInput(Document):
    """A fixed value, given to the script as `AML_PARAMETER_<input name>`."""

    kind: Literal["literal"] = "literal"
    value: Scalar


StepInput = Annotated[
    DataReferenceInput | DataPathInput | DatasetInput | PipelineDataInput | ParameterInput | LiteralInput,
    Field(discriminator="kind"),
]


class InputArgument(Document):
    """Replaced by the local path of an input.

    Where the input is a parameter or a literal, by its value; for a dataset in direct mode, by its id.
    """

    input: str


class OutputArgument(Document):
    """Replaced by the local path where the script must write the output."""

    output: str


class ParameterArgument(Document):
    """Replaced by the value of a pipeline parameter. In a step's settings, too, wherever the type allows it."""

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


class DatasetRegistration(Document):
    """Register an output as a new version of a dataset once its step has finished (v1's `register_on_complete`).

    Attributes:
        view: How the files are read; None makes it a file dataset.
    """

    name: Name
    description: str = ""
    tags: dict[str, str] = {}
    view: DatasetView | None = None


class StepOutput(Document):
    """A step's output (v1's PipelineData): a file or a folder that the script writes at the path it is given.

    Attributes:
        datastore: Where it is kept; None means the pipeline's default datastore.
        path: Where on the datastore, with `{run-id}` (the step run's) and `{output-name}` filled in; None means v1's
            place for pipeline data, which no other step run shares.
        mode: `upload` once the step has ended; with `mount` the script writes to the place itself where the compute
            can do that.
        register_dataset: Register it as a dataset.
    """

    datastore: Name | None = None
    path: str | None = Field(default=None, max_length=1024)
    mode: Literal["upload", "mount"] = "upload"
    register_dataset: DatasetRegistration | None = None


class PipelineOutput(Document):
    """An output of a step under a name of the whole pipeline (v1's `pipeline_output_name`)."""

    step: str
    output: str
