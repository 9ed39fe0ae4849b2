"""v1's `azureml.train.estimator`: a script with its environment. v1 deprecated it in favour of ScriptRunConfig."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeyard._checks import refuse_unknown
from pipeyard.core.conda_dependencies import CondaDependencies
from pipeyard.core.environment import Environment
from pipeyard.core.runconfig import MpiConfiguration, RunConfiguration
from pipeyard.core.script_run_config import LONGEST_RUN_SECONDS, ScriptRunConfig, distribute
from pipeyard.exceptions import UserErrorException

_IGNORED = frozenset(
    {
        "vm_size",
        "vm_priority",
        "use_gpu",
        "use_docker",
        "shm_size",
        "user_managed",
        "inputs",
    }
)


class Estimator:
    """A script with its environment.

    Attributes:
        source_directory: The script's directory.
        entry_script: Relative to it.
        script_params: Arguments as names and values.
        inputs: What the script reads.
        run_config: Environment, nodes and processes, and compute target.

    Raises:
        UserErrorException: A keyword, or a way to distribute, is not known.
    """

    def __init__(
        self,
        source_directory: str | Path,
        *,
        compute_target: Any = None,
        entry_script: str | None = None,
        script_params: Mapping[str, Any] | None = None,
        conda_packages: Sequence[str] | None = None,
        pip_packages: Sequence[str] | None = None,
        environment_definition: Environment | None = None,
        environment_variables: Mapping[str, str] | None = None,
        node_count: int = 1,
        process_count_per_node: int = 1,
        distributed_backend: str | None = None,
        distributed_training: Any = None,
        custom_docker_image: str | None = None,
        conda_dependencies_file: str | Path | None = None,
        pip_requirements_file: str | Path | None = None,
        max_run_duration_seconds: int | None = None,
        **kwargs: Any,
    ) -> None:
        refuse_unknown("Estimator", kwargs, _IGNORED)
        if distributed_training is None and (distributed_backend or process_count_per_node > 1):
            distributed_training = _mpi(distributed_backend, process_count_per_node)
        self.source_directory = str(source_directory)
        self.entry_script = entry_script
        self.script_params = dict(script_params or {})
        self.inputs: list[Any] = list(kwargs.get("inputs") or ())
        self.run_config = RunConfiguration()
        distribute(self.run_config, distributed_training)
        self.run_config.node_count = node_count
        self.run_config.max_run_duration_seconds = max_run_duration_seconds
        if environment_definition is None and conda_dependencies_file is not None:
            environment_definition = Environment.from_conda_specification("estimator", conda_dependencies_file)
        elif environment_definition is None and pip_requirements_file is not None:
            environment_definition = Environment.from_pip_requirements("estimator", pip_requirements_file)
        self.run_config.environment = environment_definition or _environment(conda_packages, pip_packages)
        if custom_docker_image:
            self.run_config.environment = self.run_config.environment or Environment("estimator")
            self.run_config.environment.docker.base_image = custom_docker_image
        self.run_config.environment_variables = dict(environment_variables or {})
        if compute_target is not None:
            self.run_config.target = compute_target

    def to_script_run_config(self) -> ScriptRunConfig:
        """The same as a ScriptRunConfig, with which v1 replaced estimators.

        Raises:
            UserErrorException: It has inputs, which a ScriptRunConfig takes as arguments.
        """
        if self.inputs:
            raise UserErrorException("This Estimator has inputs: give them as script_params, or to the step.")
        params = [word for pair in self.script_params.items() for word in pair if word != ""]
        return ScriptRunConfig(
            self.source_directory,
            self.entry_script,
            params,
            self.run_config,
            max_run_duration_seconds=self.run_config.max_run_duration_seconds or LONGEST_RUN_SECONDS,
        )


def _mpi(backend: str | None, processes: int) -> MpiConfiguration:
    if (backend or "mpi").lower() != "mpi":
        raise UserErrorException(
            f"An Estimator's distributed_backend is 'mpi', not {backend!r}: for PyTorch and TensorFlow, give "
            "distributed_training a PyTorchConfiguration or a TensorflowConfiguration."
        )
    return MpiConfiguration(processes)


def _environment(conda: Sequence[str] | None, pip: Sequence[str] | None) -> Environment | None:
    if not conda and not pip:
        return None
    environment = Environment("estimator")
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=pip, conda_packages=conda)
    return environment
