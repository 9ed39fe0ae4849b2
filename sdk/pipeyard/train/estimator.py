"""v1's `azureml.train.estimator`: a script with its environment. v1 deprecated it in favour of ScriptRunConfig."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeyard._checks import refuse_unknown
from pipeyard.core.conda_dependencies import CondaDependencies
from pipeyard.core.environment import Environment
from pipeyard.core.runconfig import RunConfiguration

_IGNORED = frozenset(
    {
        "vm_size",
        "vm_priority",
        "use_gpu",
        "use_docker",
        "shm_size",
        "max_run_duration_seconds",
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
        run_config: Environment and compute target.
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
        custom_docker_image: str | None = None,
        **kwargs: Any,
    ) -> None:
        refuse_unknown("Estimator", kwargs, _IGNORED)
        self.source_directory = str(source_directory)
        self.entry_script = entry_script
        self.script_params = dict(script_params or {})
        self.inputs: list[Any] = list(kwargs.get("inputs") or ())
        self.run_config = RunConfiguration()
        self.run_config.node_count = node_count
        self.run_config.environment = environment_definition or _environment(conda_packages, pip_packages)
        if custom_docker_image:
            self.run_config.environment = self.run_config.environment or Environment("estimator")
            self.run_config.environment.docker.base_image = custom_docker_image
        self.run_config.environment_variables = dict(environment_variables or {})
        if compute_target is not None:
            self.run_config.target = compute_target


def _environment(conda: Sequence[str] | None, pip: Sequence[str] | None) -> Environment | None:
    if not conda and not pip:
        return None
    environment = Environment("estimator")
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=pip, conda_packages=conda)
    return environment
