"""v1's `azureml.pipeline.core.graph`: parameters and ports, the small parts that pipelines are wired with.

A port is a step's input or output by name. A binding gives a port its data. Where v1 drew an edge between two ports,
a definition says `{"kind": "pipeline_data", "step": ..., "output": ...}` in the reading step's input.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard.data.datapath import DataPath

if TYPE_CHECKING:
    from pipeyard.core.workspace import Workspace

# ruff: noqa: FBT001  (v1's signatures)

PORT_NAME = re.compile(r"\w{1,128}")
SCALARS = {bool: "bool", int: "int", float: "float", str: "string"}


def check_port_name(name: Any, what: str) -> str:
    """The same name, once scripts and definitions can use it.

    Raises:
        ValueError: It has other characters than letters, digits and underscores, or is empty.
    """
    if not isinstance(name, str) or not PORT_NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name {what}: use 1 to 128 letters, digits and underscores.")
    return name


class PipelineParameter:
    """A value that each run of a pipeline can set anew.

    Attributes:
        name: Letters, digits and underscores; scripts see `AML_PARAMETER_<name>` where it is among the arguments.
        default_value: Used where a run gives no other value. Its type is the parameter's: int, float, bool, str,
            DataPath or a dataset.
    """

    def __init__(self, name: str, default_value: Any) -> None:
        self.name = check_port_name(name, "a pipeline parameter")
        if default_value is None or not (type(default_value) in SCALARS or _is_data(default_value)):
            raise ValueError(
                f"The parameter {name!r} has a default of type {type(default_value).__name__}. "
                "A default is an int, float, bool, str, DataPath or a dataset; None is none."
            )
        self.default_value = default_value

    def __str__(self) -> str:
        return f"PipelineParameter_Name:{self.name}_Default:{self.default_value}"

    def __repr__(self) -> str:
        return f"PipelineParameter(name={self.name!r}, default_value={self.default_value!r})"


def _is_data(value: Any) -> bool:
    """Whether it is a DataPath or a dataset, told without loading what evaluates datasets."""
    return isinstance(value, DataPath) or any(base.__name__ in DATASET_CLASSES for base in type(value).__mro__)


DATASET_CLASSES = frozenset({"AbstractDataset", "FileDataset", "TabularDataset", "_Dataset"})


def is_dataset(value: Any) -> bool:
    """Whether it is a dataset itself, not the way in which a step consumes one."""
    return any(base.__name__ in DATASET_CLASSES for base in type(value).__mro__)


class TrainingOutput:
    """What a training step leaves: its metrics, or a file of its best model.

    Attributes:
        type: `Metrics` or `Model`.
        iteration: Of which iteration the model is; None for the best one.
        metric: By which metric the best model is chosen; None for the primary one.
        model_file: Which of the model's files.
    """

    def __init__(
        self,
        type: str,  # noqa: A002  (v1's name)
        iteration: int | None = None,
        metric: str | None = None,
        model_file: str | None = None,
    ) -> None:
        if type not in {"Metrics", "Model"}:
            raise ValueError(f"A TrainingOutput is of type 'Metrics' or 'Model', not {type!r}.")
        if type == "Metrics" and (iteration is not None or metric is not None):
            raise ValueError("A TrainingOutput of type 'Metrics' takes neither an iteration nor a metric.")
        if iteration is not None and metric is not None:
            raise ValueError("A TrainingOutput of type 'Model' takes an iteration or a metric, not both.")
        self.type = type
        self.iteration = iteration
        self.metric = metric
        self.model_file = model_file


class InputPortDef:
    """An input that a module's version declares.

    Attributes:
        name: Name of the port.
        is_optional: Whether a step may leave it unbound.
    """

    def __init__(
        self,
        name: str,
        data_types: list[str] | None = None,
        default_datastore_mode: str | None = None,
        default_path_on_compute: str | None = None,
        is_optional: bool = False,  # noqa: FBT002  (v1's signature)
        default_overwrite: bool | None = None,
        default_data_reference_name: str | None = None,
        is_resource: bool = False,  # noqa: FBT002  (v1's signature)
        label: str | None = None,
        additional_transformations: str | None = None,
    ) -> None:
        del default_path_on_compute, default_overwrite, is_resource, additional_transformations
        self.name = check_port_name(name, "an input")
        self.data_types = list(data_types or ["AnyFile", "AnyDirectory"])
        self.default_datastore_mode = default_datastore_mode
        self.default_data_reference_name = default_data_reference_name
        self.is_optional = is_optional
        self.label = label


class OutputPortDef:
    """An output that a module's version declares.

    Attributes:
        name: Name of the port.
        default_datastore_name: Where it is kept unless a step says otherwise.
    """

    def __init__(
        self,
        name: str,
        default_datastore_name: str | None = None,
        default_datastore_mode: str | None = None,
        default_path_on_compute: str | None = None,
        is_directory: bool = False,  # noqa: FBT002  (v1's signature)
        data_type: str | None = None,
        default_overwrite: bool | None = None,
        training_output: TrainingOutput | None = None,
        label: str | None = None,
    ) -> None:
        del default_path_on_compute, default_overwrite
        self.name = check_port_name(name, "an output")
        self.default_datastore_name = default_datastore_name
        self.default_datastore_mode = default_datastore_mode
        self.data_type = data_type or ("AnyDirectory" if is_directory else "AnyFile")
        self.training_output = training_output
        self.label = label


class InputPortBinding:
    """A step's input with its data.

    Attributes:
        name: Name of the port.
        bind_object: Where the data come from: a PipelineData, a DataReference, ...
    """

    def __init__(
        self,
        name: str,
        bind_object: Any = None,
        bind_mode: str = "mount",
        path_on_compute: str | None = None,
        overwrite: bool | None = None,
        is_resource: bool = False,  # noqa: FBT002  (v1's signature)
        additional_transformations: str | None = None,
        **kwargs: Any,
    ) -> None:
        del overwrite, is_resource, additional_transformations, kwargs
        if bind_mode not in {"mount", "download", "direct", "hdfs"}:
            raise ValueError(f"{bind_mode!r} is no mode of an input. Use mount or download.")
        self.name = check_port_name(name, "an input")
        self.bind_object = bind_object
        self.bind_mode = bind_mode
        self.path_on_compute = path_on_compute

    def get_env_variable_name(self) -> str:
        """The environment variable that holds the input's path."""
        return f"AZUREML_DATAREFERENCE_{self.name}"

    def __str__(self) -> str:
        return f"${self.get_env_variable_name()}"


class OutputPortBinding:
    """A step's output with the place where it is kept.

    Attributes:
        name: Name of the port.
        datastore: Datastore, None for the pipeline's default.
        pipeline_output_name: Name under which the whole pipeline offers it.
        maker: The step that writes it, once there is one.
    """

    def __init__(
        self,
        name: str,
        datastore: Any = None,
        output_name: str | None = None,
        bind_mode: str = "mount",
        path_on_compute: str | None = None,
        overwrite: bool | None = None,
        data_type: str | None = None,
        is_directory: bool | None = None,
        pipeline_output_name: str | None = None,
        training_output: TrainingOutput | None = None,
        **kwargs: Any,
    ) -> None:
        del overwrite, is_directory, kwargs
        if bind_mode not in {"mount", "upload", "direct", "hdfs"}:
            raise ValueError(f"{bind_mode!r} is no mode of an output. Use mount or upload.")
        self.name = check_port_name(name, "an output")
        self.output_name = check_port_name(output_name or name, "an output")
        self.datastore = datastore
        self.bind_mode = bind_mode
        self.path_on_compute = path_on_compute
        self.data_type = data_type
        self.pipeline_output_name = pipeline_output_name
        self.training_output = training_output
        self.maker: Any = None

    def get_env_variable_name(self) -> str:
        """The environment variable that holds the output's path."""
        return f"AZUREML_DATAREFERENCE_{self.output_name}"

    def __str__(self) -> str:
        return f"${self.get_env_variable_name()}"


class PortDataReference:
    """Data that a step run has left: to download, or to read in another pipeline.

    Attributes:
        name: Name of the output.
        datastore_name: Where the data are.
        path_on_datastore: And at which path.
    """

    def __init__(self, workspace: Workspace, name: str, datastore_name: str, path_on_datastore: str) -> None:
        self.workspace = workspace
        self.name = check_port_name(name, "data")
        self.datastore_name = datastore_name
        self.path_on_datastore = path_on_datastore

    @property
    def _path_on_datastore(self) -> str:
        """v1's private name, which published notebooks read."""
        return self.path_on_datastore

    @property
    def datastore(self) -> Any:
        """The datastore itself."""
        from pipeyard.core.datastore import Datastore  # noqa: PLC0415  (datastores load what they need to transfer)

        return Datastore.get(self.workspace, self.datastore_name)

    def download(self, local_path: str | Path, overwrite: bool | None = None, show_progress: bool | None = None) -> int:
        """Download the data, keeping the whole path on the datastore below `local_path`; returns how many files."""
        shown = True if show_progress is None else show_progress
        return int(
            self.datastore.download(
                local_path, prefix=self.path_on_datastore, overwrite=bool(overwrite), show_progress=shown
            )
        )

    def as_mount(self) -> InputPortBinding:
        """The data as a step's input."""
        return InputPortBinding(self.name, self)

    def as_download(
        self, input_name: str | None = None, path_on_compute: str | None = None, overwrite: bool | None = None
    ) -> InputPortBinding:
        """The data as a step's input."""
        return InputPortBinding(input_name or self.name, self, "download", path_on_compute, overwrite)

    def as_input(self, input_name: str) -> InputPortBinding:
        """The data as a step's input of another name."""
        return InputPortBinding(input_name, self)

    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.name}"

    def __repr__(self) -> str:
        return f"PortDataReference(name={self.name!r}, {self.datastore_name}/{self.path_on_datastore})"
