"""v1's RScriptStep: a step that runs an R script."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Unpack

from pipeyard._checks import warn
from pipeyard.core._resources import resources_of
from pipeyard.core.runconfig import RunConfiguration
from pipeyard.pipeline.core.builder import PipelineStep
from pipeyard.pipeline.steps._options import StepOptions, check_runconfig_parameters

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class RScriptStep(PipelineStep):
    """Runs `Rscript <script_name> <arguments>`; the step fails plainly where the compute has no R.

    Packages are not installed: they must be part of the compute or of the image. CommandStep does the same.

    Raises:
        ValueError: The script's name is missing, or a port or argument is wrong.
    """

    step_type: ClassVar[str] = "command"
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
        use_gpu: bool = False,
        custom_docker_image: str | None = None,
        cran_packages: Sequence[Any] | None = None,
        github_packages: Sequence[Any] | None = None,
        custom_url_packages: Sequence[Any] | None = None,
        allow_reuse: bool = True,
        version: str | None = None,
        **options: Unpack[StepOptions],
    ) -> None:
        del use_gpu
        if not script_name:
            raise ValueError("An RScriptStep needs a script_name.")
        name = name or script_name
        check_runconfig_parameters(name, runconfig_pipeline_params)
        resources_of(name, runconfig)  # what is wrong with it is said here
        if cran_packages or github_packages or custom_url_packages:
            warn(f"Step {name!r}: R packages are not installed. Put them into the compute target or its image.")
        if custom_docker_image:
            runconfig = copy.deepcopy(runconfig) if runconfig is not None else RunConfiguration()
            if runconfig.environment is not None:
                runconfig.environment.docker.base_image = custom_docker_image
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
        """The command that runs the script."""
        return {"command": ["Rscript", self.script_name]}
