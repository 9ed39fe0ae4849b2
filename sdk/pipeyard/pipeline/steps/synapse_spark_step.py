"""v1's SynapseSparkStep: a Spark application on a Synapse pool."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Unpack

from pipeyard.core.environment import Environment
from pipeyard.core.runconfig import RunConfiguration
from pipeyard.pipeline.core.builder import PipelineStep
from pipeyard.pipeline.steps._options import StepOptions, required

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class SynapseSparkStep(PipelineStep):
    """Runs `file` as a Spark application.

    Raises:
        ValueError: Something is missing, or a port or argument is wrong.
    """

    step_type: ClassVar[str] = "synapse_spark"
    takes_source: ClassVar[bool] = True

    def __init__(
        self,
        file: str,
        source_directory: str | Path,
        compute_target: Any,
        driver_memory: str | None = None,
        driver_cores: int | None = None,
        executor_memory: str | None = None,
        executor_cores: int | None = None,
        num_executors: int | None = None,
        name: str | None = None,
        app_name: str | None = None,
        environment: Environment | None = None,
        arguments: Sequence[Any] | None = None,
        inputs: Sequence[Any] | None = None,
        outputs: Sequence[Any] | None = None,
        conf: Mapping[str, Any] | None = None,
        py_files: Sequence[str] | None = None,
        jars: Sequence[str] | None = None,
        files: Sequence[str] | None = None,
        allow_reuse: bool = True,
        version: str | None = None,
        **options: Unpack[StepOptions],
    ) -> None:
        name = name or file
        required(
            name or "SynapseSparkStep",
            file=file,
            source_directory=source_directory,
            compute_target=compute_target,
            driver_memory=driver_memory,
            driver_cores=driver_cores,
            executor_memory=executor_memory,
            executor_cores=executor_cores,
            num_executors=num_executors,
        )
        self._settings = {
            "file": file,
            "driver_memory": driver_memory,
            "driver_cores": driver_cores,
            "executor_memory": executor_memory,
            "executor_cores": executor_cores,
            "num_executors": num_executors,
            "app_name": app_name,
            "conf": dict(conf) if conf else None,
            "py_files": py_files,
            "jars": jars,
            "files": files,
        }
        runconfig = None
        if environment is not None:
            runconfig = RunConfiguration()
            runconfig.environment = environment
        super().__init__(
            name,
            inputs,
            outputs,
            arguments,
            source_directory=source_directory,
            script_name=file,
            compute_target=compute_target,
            runconfig=runconfig,
            allow_reuse=allow_reuse,
            version=version,
            **options,
        )

    def settings(self) -> dict[str, Any]:
        """What was given, without what was not."""
        return {key: value for key, value in self._settings.items() if value is not None}
