"""v1's `azureml.core.environment`: what a script needs around it.

An environment is a description: a name, an image, Python and its packages, variables. Steps take it over when the
pipeline is built (`step_environment`), and everything in it but descriptions decides about reuse. `register` keeps it
in the workspace under a version. Curated environments of Azure ML (`AzureML-...`) are not kept by Pipeyard:
`Environment.get` gives an empty one of that name, so that the step runs in what the compute target offers.
"""

import builtins
import copy
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeyard._checks import not_offered, require_workspace, warn
from pipeyard.core._environment_sections import DockerSection, PythonSection, RSection, SparkSection
from pipeyard.core.conda_dependencies import CondaDependencies
from pipeyard.core.workspace import Workspace
from pipeyard.exceptions import UserErrorException

CURATED_PREFIX = "AzureML-"
DEFAULT_CPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
DEFAULT_GPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04"
_FILE = "azureml_environment.json"


class Environment:
    """What a script needs around it.

    Attributes:
        name: Under which it is registered.
        version: Set once it is registered.
        python: Python and its packages.
        docker: The container image.
        spark: Spark's packages.
        r: R's packages; None where R is not used.
        environment_variables: Variables for the script.
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        if not name or not isinstance(name, str):
            raise UserErrorException("An environment needs a name.")
        self.name = name
        self.version: str | None = kwargs.get("version")
        self.python = PythonSection()
        self.docker = DockerSection()
        self.spark = SparkSection()
        self.r: RSection | None = None
        self.environment_variables: dict[str, str] = {}

    @staticmethod
    def get(workspace: Workspace, name: str, version: str | None = None, label: str | None = None) -> "Environment":
        """A registered environment, the latest version unless one is named.

        Raises:
            UserErrorException: There is none of this name and version.
        """
        require_workspace(workspace, "Environment.get")
        from pipeyard._clients.catalogue import CatalogueClient  # noqa: PLC0415  (loads httpx)

        wanted = None if label is not None or version is None else str(version)
        try:
            document = CatalogueClient(workspace.client.http).get_environment(name, wanted)
        except UserErrorException as error:
            if name.startswith(CURATED_PREFIX) and error.status == 404:  # noqa: PLR2004  (the HTTP status)
                return Environment(name)
            raise
        return Environment.from_document(document["name"], document["document"], str(document["version"]))

    @staticmethod
    def list(workspace: Workspace) -> "dict[str, Environment]":
        """The latest version of every registered environment, by name."""
        require_workspace(workspace, "Environment.list")
        from pipeyard._clients.catalogue import CatalogueClient  # noqa: PLC0415  (loads httpx)

        found = CatalogueClient(workspace.client.http).list_environments()
        return {
            item["name"]: Environment.from_document(item["name"], item["document"], str(item["version"]))
            for item in found
        }

    def register(self, workspace: Workspace) -> "Environment":
        """Keep the environment in the workspace; a changed one becomes a new version."""
        require_workspace(workspace, "Environment.register")
        from pipeyard._clients.catalogue import CatalogueClient  # noqa: PLC0415  (loads httpx)

        answer = CatalogueClient(workspace.client.http).put_environment(self.name, self.to_document())
        self.version = str(answer["version"])
        return self

    @staticmethod
    def from_conda_specification(name: str, file_path: str | Path) -> "Environment":
        """An environment with the packages of a conda file."""
        environment = Environment(name)
        environment.python.conda_dependencies = CondaDependencies(file_path)
        return environment

    @staticmethod
    def from_pip_requirements(name: str, file_path: str | Path, pip_version: str | None = None) -> "Environment":
        """An environment with the packages of a requirements file."""
        del pip_version
        try:
            lines = Path(file_path).read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            raise UserErrorException(f"The requirements {file_path} cannot be read: {error.strerror}.") from error
        requirements = [text for line in lines if (text := line.partition(" #")[0].strip()) and text[0] != "#"]
        environment = Environment(name)
        environment.python.conda_dependencies = CondaDependencies.create(pip_packages=requirements)
        return environment

    @staticmethod
    def from_docker_image(
        name: str,
        image: str,
        container_registry: object = None,
        conda_specification: str | Path | None = None,
        pip_requirements: str | Path | None = None,
    ) -> "Environment":
        """An environment of an image, with packages on top if a file names them."""
        if container_registry is not None:
            raise not_offered("credentials of registries", "Let the compute target's identity pull the image.")
        environment = Environment(name)
        if conda_specification is not None:
            environment = Environment.from_conda_specification(name, conda_specification)
        elif pip_requirements is not None:
            environment = Environment.from_pip_requirements(name, pip_requirements)
        environment.docker.base_image = image
        environment.python.user_managed_dependencies = conda_specification is None and pip_requirements is None
        return environment

    @staticmethod
    def from_dockerfile(
        name: str,
        dockerfile: str,
        conda_specification: str | Path | None = None,
        pip_requirements: str | Path | None = None,
    ) -> "Environment":
        """An environment that names a Dockerfile: kept, but nothing here builds it. Build an image and name that."""
        environment = Environment.from_docker_image(name, "", None, conda_specification, pip_requirements)
        environment.docker.base_image = None
        environment.docker.base_dockerfile = dockerfile
        return environment

    @staticmethod
    def from_existing_conda_environment(name: str, conda_environment_name: str) -> "Environment":
        """Refused: environments are described by files."""
        raise not_offered(
            "environments from a local conda environment",
            f"Export {conda_environment_name!r} with `conda env export -n {conda_environment_name} > conda.yml` and "
            f"call Environment.from_conda_specification({name!r}, 'conda.yml').",
        )

    def clone(self, new_name: str) -> "Environment":
        """A copy under another name."""
        twin = copy.deepcopy(self)
        twin.name, twin.version = new_name, None
        return twin

    def build(self, workspace: Workspace) -> None:
        """Refused: nothing here builds images."""
        del workspace
        raise not_offered("image builds", "Build the image with your own tools and set environment.docker.base_image.")

    def save_to_directory(self, path: str | Path, overwrite: bool = False) -> None:  # noqa: FBT001, FBT002
        """Write the environment to a directory.

        Raises:
            UserErrorException: There is one already and `overwrite` is off.
        """
        file = Path(path) / _FILE
        if file.exists() and not overwrite:
            raise UserErrorException(f"{file} exists. Set overwrite=True to replace it.")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"name": self.name, **self.to_document()}, indent=2), encoding="utf-8")

    @staticmethod
    def load_from_directory(path: str | Path) -> "Environment":
        """Read an environment that `save_to_directory` wrote."""
        try:
            document = json.loads((Path(path) / _FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UserErrorException(f"No environment can be read from {path}: {error}.") from error
        return Environment.from_document(document.pop("name"), document, None)

    def to_document(self) -> dict[str, Any]:
        """Everything that is set, as plain JSON."""
        python = asdict(self.python)
        packages = self.python.conda_dependencies
        python["conda_dependencies"] = packages.as_dict() if packages is not None else None
        return {
            "python": python,
            "docker": asdict(self.docker),
            "spark": asdict(self.spark),
            "r": asdict(self.r) if self.r is not None else None,
            "environment_variables": dict(self.environment_variables),
        }

    @staticmethod
    def from_document(name: str, document: dict[str, Any], version: str | None) -> "Environment":
        """The inverse of `to_document`; keys that nobody knows are left out."""
        environment = Environment(name, version=version)
        for section, target in (
            ("python", environment.python),
            ("docker", environment.docker),
            ("spark", environment.spark),
        ):
            for key, value in (document.get(section) or {}).items():
                if hasattr(target, key):
                    setattr(target, key, value)
        if isinstance(specification := environment.python.conda_dependencies, dict):
            environment.python.conda_dependencies = CondaDependencies()
            environment.python.conda_dependencies.load(specification)
        if document.get("r"):
            environment.r = RSection(**document["r"])
        environment.environment_variables = dict(document.get("environment_variables") or {})
        return environment

    def __repr__(self) -> str:
        return f"Environment(name={self.name!r}, version={self.version!r})"


def step_environment(environment: Environment | None) -> dict[str, Any]:
    """An environment as a step of a definition has it; keys that say nothing are left out."""
    if environment is None:
        return {}
    python, docker = environment.python, environment.docker
    document: dict[str, Any] = {"name": environment.name}
    if docker.base_dockerfile:
        warn(
            f"The environment {environment.name!r} names a Dockerfile, which Pipeyard does not build: "
            "build an image and set docker.base_image."
        )
    if docker.base_image:
        document["image"] = docker.base_image
    if python.user_managed_dependencies and python.interpreter_path != "python":
        document["interpreter"] = python.interpreter_path
    packages = python.conda_dependencies
    if packages is not None and not python.user_managed_dependencies:
        if packages.python_version:
            document["python_version"] = packages.python_version
        document |= _listed("pip_packages", packages.step_pip_packages())
        document |= _listed("conda_packages", packages.conda_packages)
    if environment.environment_variables:
        document["variables"] = {name: str(value) for name, value in environment.environment_variables.items()}
    return document


def _listed(key: str, values: builtins.list[str]) -> dict[str, Any]:
    return {key: values} if values else {}
