"""v1's NotebookRunnerStep: a step that executes a Jupyter notebook."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Unpack

from pipeyard.pipeline.core.builder import PipelineStep, listed
from pipeyard.pipeline.core.pipeline_data import PipelineData
from pipeyard.pipeline.steps._options import StepOptions, check_runconfig_parameters
from pipeyard.pipeline.steps.notebook_run_config import NotebookRunConfig

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class NotebookRunnerStep(PipelineStep):
    """Executes a notebook, cell by cell; what cells print is the step's log.

    The notebook gets `params` and the configuration's parameters, and the path of every input and output under its
    name, as if the cell with the tag `parameters` had set them.

    Args:
        name: Of the step; the notebook's by default.
        notebook_run_config: The notebook.
        output_notebook_pipeline_data_name: Name of an output that gets the executed notebook.

    Raises:
        ValueError: The configuration is none, or a port is wrong.
    """

    step_type: ClassVar[str] = "notebook"
    takes_source: ClassVar[bool] = True

    def __init__(
        self,
        name: str | None = None,
        notebook_run_config: NotebookRunConfig | None = None,
        runconfig_pipeline_params: Mapping[str, Any] | None = None,
        compute_target: Any = None,
        params: Mapping[str, Any] | None = None,
        inputs: Sequence[Any] | None = None,
        outputs: Sequence[Any] | None = None,
        allow_reuse: bool = True,
        version: str | None = None,
        output_notebook_pipeline_data_name: str | None = None,
        **options: Unpack[StepOptions],
    ) -> None:
        if not isinstance(notebook_run_config, NotebookRunConfig):
            raise ValueError(f"A NotebookRunnerStep needs a NotebookRunConfig, not {notebook_run_config!r}.")  # noqa: TRY004
        name = name or notebook_run_config.notebook
        check_runconfig_parameters(name, runconfig_pipeline_params)
        self._config = notebook_run_config
        # Given to the notebook with their types; variables of the environment would be texts.
        self._values = {**notebook_run_config.parameters, **(params or {})}
        self._result = output_notebook_pipeline_data_name
        super().__init__(
            name,
            inputs,
            _with_result(listed(outputs), self._result),
            fix_port_name_collisions=True,
            source_directory=notebook_run_config.source_directory,
            script_name=notebook_run_config.notebook,
            compute_target=compute_target,
            runconfig=notebook_run_config.run_config,
            allow_reuse=allow_reuse,
            version=version,
            **options,
        )

    def settings(self) -> dict[str, Any]:
        """The notebook and its parameters."""
        handler = self._config.handler
        found = {
            "notebook": self._config.notebook,
            "output_notebook": self._result,
            "parameters": self._values or None,
            "kernel_name": handler.kernel_name,
            "timeout_seconds": handler.timeout,
        }
        return {key: value for key, value in found.items() if value is not None}


def _with_result(outputs: list[Any], name: str | None) -> list[Any]:
    """The outputs, with one for the executed notebook unless it is listed already."""
    known = {getattr(output, "output_name", getattr(output, "name", None)) for output in outputs}
    return outputs if name is None or name in known else [*outputs, PipelineData(name)]
