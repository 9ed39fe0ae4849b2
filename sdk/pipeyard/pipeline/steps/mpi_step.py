"""v1's MpiStep: a Python script that runs as several MPI processes."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

from pipeyard.core.environment import Environment
from pipeyard.core.runconfig import MpiConfiguration, RunConfiguration
from pipeyard.pipeline.steps._options import StepOptions, required
from pipeyard.pipeline.steps.python_script_step import PythonScriptStep
from pipeyard.train.estimator import Estimator

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class MpiStep(PythonScriptStep):
    """Runs a script as `process_count_per_node` processes on each of `node_count` nodes, started by the compute.

    One machine is one node: there `mpirun` starts the processes. The environment is the run configuration's; without
    one, it is made of the packages that are named.

    Raises:
        ValueError: Something is missing.
    """

    def __init__(
        self,
        name: str | None = None,
        source_directory: str | Path | None = None,
        script_name: str | None = None,
        arguments: Sequence[Any] | None = None,
        compute_target: Any = None,
        node_count: int | None = None,
        process_count_per_node: int | None = None,
        inputs: Sequence[Any] | None = None,
        outputs: Sequence[Any] | None = None,
        allow_reuse: bool = True,
        version: str | None = None,
        hash_paths: Sequence[str] | None = None,
        runconfig: RunConfiguration | None = None,
        environment_definition: Environment | None = None,
        conda_packages: Sequence[str] | None = None,
        pip_packages: Sequence[str] | None = None,
        custom_docker_image: str | None = None,
        use_gpu: bool = False,
        **options: Unpack[StepOptions],
    ) -> None:
        del use_gpu  # the compute target decides
        shown = name or script_name or "MpiStep"
        required(
            shown,
            name=name,
            script_name=script_name,
            source_directory=source_directory,
            compute_target=compute_target,
            node_count=node_count,
            process_count_per_node=process_count_per_node,
        )
        estimator = Estimator(
            source_directory or ".",
            environment_definition=environment_definition,
            conda_packages=conda_packages,
            pip_packages=pip_packages,
            custom_docker_image=custom_docker_image,
        )
        configuration = copy.copy(runconfig or estimator.run_config)
        configuration.communicator = "Mpi"
        configuration.node_count = node_count or 1
        configuration.mpi = MpiConfiguration(process_count_per_node or 1, node_count or 1)
        super().__init__(
            script_name or "",
            name=shown,
            arguments=arguments,
            compute_target=compute_target,
            runconfig=configuration,
            inputs=inputs,
            outputs=outputs,
            source_directory=source_directory,
            allow_reuse=allow_reuse,
            version=version,
            hash_paths=hash_paths,
            **options,
        )
