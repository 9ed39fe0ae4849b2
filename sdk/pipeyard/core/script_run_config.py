"""v1's `azureml.core.script_run_config`: one script with everything that it needs to run.

`Experiment.submit(ScriptRunConfig(...))` runs it as a pipeline of one step. The configuration also feeds CommandStep
and the searches of `pipeyard.train.hyperdrive`.
"""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeyard.core.environment import Environment
from pipeyard.core.runconfig import (
    DockerConfiguration,
    MpiConfiguration,
    PyTorchConfiguration,
    RunConfiguration,
    TensorflowConfiguration,
)
from pipeyard.exceptions import UserErrorException

LONGEST_RUN_SECONDS = 2_592_000


class ScriptRunConfig:
    """A script, or a command, and how it runs.

    Attributes:
        source_directory: What travels with the script.
        script: Relative to the source directory; None where there is a command.
        arguments: Words after the script.
        command: A command line instead of a script.
        run_config: Environment, compute target and the rest.
    """

    def __init__(
        self,
        source_directory: str | Path | None = None,
        script: str | None = None,
        arguments: Sequence[Any] | None = None,
        run_config: RunConfiguration | None = None,
        _telemetry_values: object = None,
        compute_target: Any = None,
        environment: Environment | None = None,
        distributed_job_config: Any = None,
        resume_from: object = None,
        max_run_duration_seconds: int | None = LONGEST_RUN_SECONDS,
        command: str | Sequence[Any] | None = None,
        docker_runtime_config: DockerConfiguration | None = None,
    ) -> None:
        del _telemetry_values
        if resume_from is not None:
            raise UserErrorException(
                "resume_from is not offered: give the earlier run's output to the script as input."
            )
        if script and command:
            raise UserErrorException("A ScriptRunConfig takes a script or a command, not both.")
        self.source_directory = str(source_directory) if source_directory is not None else "."
        self.script = script
        self.arguments: list[Any] = list(arguments or ())
        self.command = command
        self.max_run_duration_seconds = max_run_duration_seconds
        self.run_config = copy.copy(run_config) if run_config is not None else RunConfiguration()
        if run_config is None and environment is None:
            self.run_config.environment = None
        if environment is not None:
            self.run_config.environment = environment
        if compute_target is not None:
            self.run_config.target = compute_target
        if docker_runtime_config is not None:
            self.run_config.docker = docker_runtime_config
        distribute(self.run_config, distributed_job_config)

    def __repr__(self) -> str:
        return f"ScriptRunConfig(script={self.script!r}, command={self.command!r}, target={self.run_config.target!r})"


def distribute(run_config: RunConfiguration, distribution: Any) -> None:
    """Take over a distributed configuration, as v1 does.

    Raises:
        UserErrorException: It is something else.
    """
    if distribution is None:
        return
    if isinstance(distribution, MpiConfiguration):
        run_config.mpi, run_config.communicator = distribution, "Mpi"
        run_config.node_count = distribution.node_count
    elif isinstance(distribution, PyTorchConfiguration):
        run_config.pytorch, run_config.framework = distribution, "PyTorch"
        run_config.communicator, run_config.node_count = distribution.communication_backend, distribution.node_count
    elif isinstance(distribution, TensorflowConfiguration):
        run_config.tensorflow, run_config.framework = distribution, "TensorFlow"
        run_config.communicator = "ParameterServer"
    else:
        raise UserErrorException(
            f"distributed_job_config must be an Mpi-, PyTorch- or TensorflowConfiguration, not {distribution!r}."
        )
