"""Data that one step of a pipeline hands to another (v1's PipelineData). Import it from `pipeyard.pipeline.core`."""

from typing import TYPE_CHECKING, Any

from pipeyard._checks import warn
from pipeyard.pipeline.core.graph import InputPortBinding, OutputPortBinding, TrainingOutput, check_port_name

if TYPE_CHECKING:
    from pipeyard.pipeline.core.pipeline_output_dataset import PipelineOutputFileDataset

# ruff: noqa: FBT001  (v1's signatures)


class PipelineData:
    """An output of one step, and an input of the steps that read it.

    The script gets a path at which it writes a file or a folder; only the folder above exists. Every run of the step
    gets a place of its own on the datastore.

    Attributes:
        name: Name of the data, and of the ports unless they get others.
        output_name: Name of the writing step's output.
        datastore: Where it is kept; None for the pipeline's default datastore.
        path_on_datastore: Where on it, for a step that writes to a place of its own; None for v1's place of each run.
        output_mode: v1's word for how the compute writes it.
        asked_mode: The same where it was said. With `mount` a cluster writes to the place itself while the script runs;
            otherwise the files are uploaded, with digests of their content, once the script has ended.
        data_type: `AnyFile` or `AnyDirectory`; nothing here reads it.
        pipeline_output_name: Name under which the whole pipeline offers the output (`get_pipeline_output`).
        training_output: What of a search or of a training it takes.
        maker: The step that writes it, once there is one.
    """

    def __init__(
        self,
        name: str,
        datastore: Any = None,
        output_name: str | None = None,
        output_mode: str | None = None,
        output_path_on_compute: str | None = None,
        output_overwrite: bool | None = None,
        data_type: str | None = None,
        is_directory: bool | None = None,
        pipeline_output_name: str | None = None,
        training_output: TrainingOutput | None = None,
    ) -> None:
        del output_overwrite
        if output_mode not in {None, "mount", "upload"}:
            raise ValueError(f"{output_mode!r} is no mode of pipeline data. Use 'mount' or 'upload'.")
        if output_path_on_compute is not None:
            warn(
                f"Pipeline data {name!r}: output_path_on_compute has no effect. "
                "The script must write where its argument (or AZUREML_DATAREFERENCE_<name>) says."
            )
        self.name = check_port_name(name, "pipeline data")
        self.output_name = check_port_name(output_name or name, "an output")
        self.datastore = datastore
        self.path_on_datastore: str | None = None
        self.output_mode = output_mode or "mount"
        self.asked_mode = output_mode
        self.data_type = data_type or ("AnyDirectory" if is_directory else "AnyFile")
        if pipeline_output_name is not None:
            check_port_name(pipeline_output_name, "an output of a pipeline")
        self.pipeline_output_name = pipeline_output_name
        self.training_output = training_output
        self.maker: Any = None

    def get_env_variable_name(self) -> str:
        """The environment variable that holds the path."""
        return f"AZUREML_DATAREFERENCE_{self.name}"

    def as_mount(self, input_name: str | None = None) -> InputPortBinding:
        """The data as a step's input."""
        return InputPortBinding(input_name or self.name, self)

    def as_download(
        self, input_name: str | None = None, path_on_compute: str | None = None, overwrite: bool | None = None
    ) -> InputPortBinding:
        """The data as a step's input, copied to the node before the script starts."""
        return self.create_input_binding(input_name, "download", path_on_compute, overwrite)

    def as_input(self, input_name: str) -> InputPortBinding:
        """The data as a step's input of another name."""
        return InputPortBinding(input_name, self)

    def create_input_binding(
        self,
        input_name: str | None = None,
        mode: str | None = None,
        path_on_compute: str | None = None,
        overwrite: bool | None = None,
    ) -> InputPortBinding:
        """The data as a step's input."""
        if path_on_compute is not None:
            warn(f"Pipeline data {self.name!r}: path_on_compute has no effect; read the path from the arguments.")
        return InputPortBinding(input_name or self.name, self, mode or "mount", path_on_compute, overwrite)

    def as_dataset(self) -> "PipelineOutputFileDataset":
        """The data as a dataset: the reading script gets it from `Run.get_context().input_datasets`.

        The writing step must list what this returns in its `outputs`, not the pipeline data.
        """
        from pipeyard.pipeline.core.pipeline_output_dataset import (  # noqa: PLC0415  (the two modules name each other)
            PipelineOutputFileDataset,
        )

        return PipelineOutputFileDataset(self)

    def __str__(self) -> str:
        return f"${self.get_env_variable_name()}"

    def __repr__(self) -> str:
        return f"PipelineData(name={self.name!r})"


def data_behind(value: Any) -> PipelineData | OutputPortBinding | None:
    """The pipeline data that an input or output object stands for, None for objects of other kinds."""
    if isinstance(value, PipelineData | OutputPortBinding):
        return value
    if isinstance(value, InputPortBinding):
        return data_behind(value.bind_object)
    return value.pipeline_data if hasattr(value, "pipeline_data") else None
