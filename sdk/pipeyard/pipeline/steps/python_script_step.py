"""v1's PythonScriptStep: a step that runs a Python script of a source directory."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Unpack

from pipeyard.core._resources import resources_of
from pipeyard.core.runconfig import RunConfiguration
from pipeyard.pipeline.core.builder import PipelineStep, ignore_hash_paths
from pipeyard.pipeline.steps._options import StepOptions, check_runconfig_parameters

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class PythonScriptStep(PipelineStep):
    """Runs `script_name` with the words of `arguments`.

    Args:
        script_name: Relative to the source directory.
        name: Of the step; the script's by default.
        arguments: Texts, numbers, pipeline parameters, and inputs and outputs of the step, which become paths.
        compute_target: Where it runs; else what the run configuration names, else the workspace's own `local`.
        runconfig: Environment and more.
        runconfig_pipeline_params: v1's; the values must be 1.
        inputs: What the script reads. An input of the same name as an output is renamed to `INPUT_<name>`.
        outputs: What it writes.
        params: Values that the script finds in `AML_PARAMETER_<name>`.
        source_directory: The script's, with everything that it imports; else the pipeline's default, else the working
            directory.
        allow_reuse: False runs it every time.
        version: Free text; changing it runs the step anew.
        hash_paths: Without effect, as in v1.

    Raises:
        ValueError: The script's name is missing, or a port, an argument or the run configuration is wrong.
    """

    takes_source: ClassVar[bool] = True

    def __init__(
        self,
        script_name: str,
        name: str | None = None,
        arguments: Sequence[Any] | None = None,
        compute_target: Any = None,
        runconfig: RunConfiguration | None = None,
        runconfig_pipeline_params: Mapping[str, Any] | None = None,
        inputs: Sequence[Any] | None = None,
        outputs: Sequence[Any] | None = None,
        params: Mapping[str, Any] | None = None,
        source_directory: str | Path | None = None,
        allow_reuse: bool = True,
        version: str | None = None,
        hash_paths: Sequence[str] | None = None,
        **options: Unpack[StepOptions],
    ) -> None:
        if not script_name:
            raise ValueError("A PythonScriptStep needs a script_name.")
        name = name or script_name
        ignore_hash_paths(name, hash_paths)
        check_runconfig_parameters(name, runconfig_pipeline_params)
        resources_of(name, runconfig)  # what is wrong with it is said here
        super().__init__(
            name,
            inputs,
            outputs,
            arguments,
            fix_port_name_collisions=True,
            params=params,
            source_directory=source_directory,
            script_name=script_name,
            compute_target=compute_target,
            runconfig=runconfig,
            allow_reuse=allow_reuse,
            version=version,
            **options,
        )

    def settings(self) -> dict[str, Any]:
        """The script."""
        return {"script_name": self.script_name or ""}
