"""v1's `azureml.core.runconfig`: how and where a script runs.

A run configuration is a bag of settings. What Pipeyard reads of it: `target`, `environment`, `environment_variables`,
`node_count`, the communicator and the process counts, `max_run_duration_seconds`. The rest is kept for v1's sake.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeyard.core.conda_dependencies import CondaDependencies
from pipeyard.core.databricks import EggLibrary, JarLibrary, MavenLibrary, PyPiLibrary, RCranLibrary
from pipeyard.core.environment import DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE, Environment
from pipeyard.exceptions import UserErrorException

__all__ = [
    "DEFAULT_CPU_IMAGE",
    "DEFAULT_GPU_IMAGE",
    "CondaDependencies",
    "DockerConfiguration",
    "EggLibrary",
    "Environment",
    "JarLibrary",
    "MavenLibrary",
    "MpiConfiguration",
    "PyPiLibrary",
    "PyTorchConfiguration",
    "RCranLibrary",
    "RunConfiguration",
    "SparkConfiguration",
    "TensorflowConfiguration",
]

LOCAL = "local"


@dataclass
class MpiConfiguration:
    """Processes that talk over MPI."""

    process_count_per_node: int = 1
    node_count: int = 1


@dataclass
class PyTorchConfiguration:
    """Processes of PyTorch's distributed training."""

    communication_backend: str = "Nccl"
    process_count: int | None = None
    node_count: int = 1


@dataclass
class TensorflowConfiguration:
    """Workers and parameter servers of TensorFlow's distributed training."""

    worker_count: int = 1
    parameter_server_count: int = 1


@dataclass
class DockerConfiguration:
    """How a container is started; compute targets here decide that themselves."""

    use_docker: bool = False
    shared_volumes: bool = True
    arguments: list[str] = field(default_factory=list)
    shm_size: str = "2g"


@dataclass
class SparkConfiguration:
    """Settings of a Spark job."""

    configuration: dict[str, Any] = field(default_factory=dict)


class RunConfiguration:
    """How and where a script runs.

    Attributes:
        script: The script, relative to its source directory.
        arguments: Its arguments.
        command: A command line instead of a script.
        target: Name of a compute target, or the object.
        environment: What the script needs around it.
        environment_variables: For the script; they win over the environment's.
        node_count: Nodes; more than one on clusters of Azure ML only.
    """

    def __init__(
        self,
        script: str | None = None,
        arguments: Sequence[Any] | None = None,
        framework: str | None = None,
        communicator: str | None = None,
        conda_dependencies: CondaDependencies | None = None,
        command: str | Sequence[Any] | None = None,
    ) -> None:
        self.script = script
        self.arguments: list[Any] = list(arguments or ())
        self.command = command
        self.framework = framework or "Python"
        self.communicator = communicator or "None"
        self._target: Any = LOCAL
        self.node_count = 1
        self.environment: Environment | None = Environment("default-environment")
        if conda_dependencies is not None:
            self.environment.python.conda_dependencies = conda_dependencies
        self.docker = DockerConfiguration()
        self.mpi = MpiConfiguration()
        self.tensorflow = TensorflowConfiguration()
        self.pytorch = PyTorchConfiguration()
        self.spark = SparkConfiguration()
        self.environment_variables: dict[str, str] = {}
        self.data_references: dict[str, Any] = {}
        self.data: dict[str, Any] = {}
        self.output_data: dict[str, Any] = {}
        self.max_run_duration_seconds: int | None = None
        self.priority: int | None = None

    @property
    def target(self) -> Any:
        """Name of the compute target."""
        return self._target

    @target.setter
    def target(self, value: Any) -> None:
        self._target = value if isinstance(value, str) or not hasattr(value, "name") else value.name

    def save(
        self,
        path: str | Path | None = None,
        name: str | None = None,
        separate_environment_yaml: bool = False,  # noqa: FBT001, FBT002  (v1's signature)
    ) -> None:
        """Write the configuration to `<path>/.azureml/<name>.runconfig`, or to `path` itself if it names a file."""
        del separate_environment_yaml
        file = _file(path, name or "default")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(self.to_document(), indent=2), encoding="utf-8")

    @staticmethod
    def load(path: str | Path | None, name: str | None = None) -> "RunConfiguration":
        """Read a configuration that `save` wrote.

        Raises:
            UserErrorException: There is none, or Azure ML wrote it.
        """
        file = _file(path, name or "default")
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UserErrorException(f"No run configuration of Pipeyard can be read from {file}: {error}.") from error
        configuration = RunConfiguration(document.get("script"), document.get("arguments"), document.get("framework"))
        configuration.target = document.get("target", LOCAL)
        configuration.node_count = document.get("node_count", 1)
        configuration.environment_variables = document.get("environment_variables", {})
        if environment := document.get("environment"):
            configuration.environment = Environment.from_document(environment.pop("name"), environment, None)
        return configuration

    def to_document(self) -> dict[str, Any]:
        """What `save` writes."""
        environment = self.environment
        return {
            "script": self.script,
            "arguments": [str(item) for item in self.arguments],
            "framework": self.framework,
            "target": self.target,
            "node_count": self.node_count,
            "environment_variables": self.environment_variables,
            "environment": {"name": environment.name, **environment.to_document()} if environment else None,
        }

    def __repr__(self) -> str:
        return f"RunConfiguration(target={self.target!r}, environment={self.environment!r})"


def variables_of(configuration: RunConfiguration | None) -> Mapping[str, str]:
    """A configuration's own variables."""
    return (
        {} if configuration is None else {key: str(value) for key, value in configuration.environment_variables.items()}
    )


def _file(path: str | Path | None, name: str) -> Path:
    place = Path(path or ".")
    return place if place.suffix in {".runconfig", ".json", ".yml"} else place / ".azureml" / f"{name}.runconfig"
