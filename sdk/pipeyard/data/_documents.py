"""What data objects become in a pipeline definition: the documents of `pipeyard._core.bindings`, as plain JSON.

A step builder asks three questions of a value among a step's `inputs`, `outputs` or `arguments`:

    is_input(value) / is_output(value)      is it one of ours?
    input_name(value) / output_name(value)  what is the input or output of the step called?
    input_document(value, producer)         {"kind": ...}, a StepInput
    output_document(value)                  a StepOutput

Inputs:

    DataReference                                  {"kind": "data_reference", "datastore", "path"}
    (DataPath, DataPathComputeBinding)             {"kind": "data_reference", "datastore", "path"}
    (PipelineParameter of a DataPath, binding)     {"kind": "data_path", "parameter"}
    DatasetConsumptionConfig of a dataset          {"kind": "dataset", "dataset_id", "mode"}   (saves the dataset)
    DatasetConsumptionConfig of a parameter        {"kind": "dataset", "parameter", "mode"}
    DatasetConsumptionConfig of an output config   {"kind": "pipeline_data", "step", "output", "view"?}
    OutputFileDatasetConfig, OutputTabular...      the same, as `as_input()` would give

An output config changes by deep copies, so that identity does not tell which step makes it: `origin` does, which
every copy keeps. `producer` is a function from an origin to (step name, output name).

    output_document(config)   {"datastore"?, "path"?, "register_dataset"?: {"name", "description", "tags", "view"?}}

In `arguments`, an input becomes {"input": input_name(value)} and an output config {"output": output_name(value)}; an
output config of another step that also is among this step's inputs is an input. `parameter_of(value)` is the pipeline
parameter inside an input, None where there is none: the builder declares it with `parameter_document(default)`,
{"type": "data_path" | "dataset", "default"}, and fills it with `parameter_value(value)`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeyard.data.data_reference import DataReference
from pipeyard.data.datapath import DataPath, DataPathComputeBinding
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard.data.dataset_consumption_config import DatasetConsumptionConfig
    from pipeyard.data.output_dataset_config import Origin

type Json = dict[str, Any]
type Producer = Callable[["Origin"], tuple[str, str]]

PAIR = 2
"""Length of `(DataPath, DataPathComputeBinding)`."""


def is_parameter(value: object) -> bool:
    """Whether a value is a pipeline parameter: it has a name and a default."""
    return hasattr(value, "default_value") and hasattr(value, "name")


def is_data_path_pair(value: object) -> bool:
    """Whether a value is `(DataPath or parameter, DataPathComputeBinding)`."""
    return isinstance(value, tuple) and len(value) == PAIR and isinstance(value[1], DataPathComputeBinding)


def is_output(value: object) -> bool:
    """Whether a value can be an output of a step."""
    from pipeyard.data.output_dataset_config import OutputDatasetConfig  # noqa: PLC0415  (the modules name each other)

    return isinstance(value, OutputDatasetConfig)


def is_input(value: object) -> bool:
    """Whether a value can be an input of a step."""
    from pipeyard.data.dataset_consumption_config import DatasetConsumptionConfig  # noqa: PLC0415  (as in is_output)

    return isinstance(value, DataReference | DatasetConsumptionConfig) or is_data_path_pair(value) or is_output(value)


def input_name(value: Any) -> str:
    """Name of the step's input."""
    config = _as_config(value)
    if isinstance(config, DataReference):
        return config.data_reference_name
    if isinstance(config, tuple):
        return str(config[0].name)
    return config.name


def input_document(value: Any, producer: Producer | None = None) -> Json:
    """The StepInput of a value.

    Args:
        value: One of the forms that the module's description lists.
        producer: Finds the step that makes an output config; needed for those only.

    Raises:
        UserErrorException: No step makes it, or it cannot be an input.
    """
    config = _as_config(value)
    if isinstance(config, DataReference):
        return {
            "kind": "data_reference",
            "datastore": config.datastore.name,
            "path": _path_of(config.path_on_datastore, config.datastore.name),
            **({"mode": "download"} if config.mode == "download" else {}),
        }
    if isinstance(config, tuple):
        return _data_path_document(config[0])
    return _dataset_document(config, producer)


def parameter_of(value: Any) -> Any | None:
    """The pipeline parameter that an input takes its data from, None where it takes none."""
    config = _as_config(value)
    if isinstance(config, DataReference):
        return None
    inner = config[0] if isinstance(config, tuple) else config.dataset
    return inner if is_parameter(inner) else None


def parameter_document(default: object) -> Json:
    """Type and default of a pipeline parameter whose default is a DataPath or a dataset."""
    kind = "data_path" if isinstance(default, DataPath) else "dataset"
    return {"type": kind, "default": parameter_value(default)}


def parameter_value(value: Any) -> Json:
    """A DataPath or a dataset as the value of a parameter. Saves a dataset that the workspace does not know yet."""
    if isinstance(value, DataPath):
        return {"datastore": value.datastore_name, "path": _path_of(value.path_on_datastore, value.datastore_name)}
    return {"dataset_id": value.id}


def output_name(config: Any) -> str:
    """Name of the step's output."""
    return str(config.name)


def output_document(config: Any) -> Json:
    """The StepOutput of an output config.

    Raises:
        UserErrorException: The config's kind or place cannot work here.
    """
    document: Json = {}
    datastore, path = config.place()
    if datastore is not None:
        document["datastore"] = datastore
    document["path"] = path
    registration = config.registration
    if registration is not None:
        document["register_dataset"] = {
            "name": registration.name,
            "description": registration.description or "",
            "tags": dict(registration.tags),
        }
        view = config.view_document()
        if view is not None:
            document["register_dataset"]["view"] = view
    return document


def _as_config(value: Any) -> "DataReference | tuple[Any, Any] | DatasetConsumptionConfig":
    from pipeyard.data.dataset_consumption_config import DatasetConsumptionConfig  # noqa: PLC0415  (as in is_output)

    if is_output(value):
        config: DatasetConsumptionConfig = value.as_input()
        return config
    if isinstance(value, DataReference | DatasetConsumptionConfig):
        return value
    if is_data_path_pair(value):
        return (value[0], value[1])
    raise UserErrorException(
        f"A {type(value).__name__} cannot be a step's input. Use dataset.as_named_input(name), "
        "(DataPath, DataPathComputeBinding), a DataReference or the output of another step."
    )


def _data_path_document(source: Any) -> Json:
    if is_parameter(source):
        return {"kind": "data_path", "parameter": source.name}
    path = _path_of(source.path_on_datastore, source.datastore_name)
    return {"kind": "data_reference", "datastore": source.datastore_name, "path": path}


def _dataset_document(config: "DatasetConsumptionConfig", producer: Producer | None) -> Json:
    source: Any = config.dataset
    if is_output(source):
        if producer is None:
            raise UserErrorException(f"No step makes the output {source.name!r} that the input {config.name!r} reads.")
        step, output = producer(source.origin)
        view = source.view_document()
        more = {} if view is None else {"view": view}
        return {"kind": "pipeline_data", "step": step, "output": output, **more}
    if is_parameter(source):
        return {"kind": "dataset", "parameter": source.name, "mode": config.mode}
    return {"kind": "dataset", "dataset_id": source.id, "mode": config.mode}


def _path_of(path: str | None, datastore: str) -> str:
    text = (path or "").strip("/")
    if "*" in text:
        raise UserErrorException(
            f"The path {path!r} on {datastore} has a pattern. A step's input is a file or a folder; "
            "make a dataset of the pattern and give it with as_named_input()."
        )
    return text
