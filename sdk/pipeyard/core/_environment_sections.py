"""The sections of an environment: Python, the container, Spark and R."""

from dataclasses import dataclass, field
from typing import Any

from pipeyard.core.conda_dependencies import CondaDependencies


@dataclass
class PythonSection:
    """Python and its packages.

    Attributes:
        user_managed_dependencies: The compute has everything already; nothing is installed.
        interpreter_path: A Python on the compute, used with `user_managed_dependencies`.
        conda_dependencies: What to install otherwise; None means nothing beside what is there.
    """

    user_managed_dependencies: bool = False
    interpreter_path: str = "python"
    conda_dependencies: CondaDependencies | None = None
    conda_dependencies_file: str | None = None
    base_conda_environment: str | None = None


@dataclass
class DockerSection:
    """The container image, for compute targets that run containers.

    Attributes:
        base_image: Name of an image; None leaves the choice to the compute target.
        base_dockerfile: Text or path of a Dockerfile. Compute targets here run images, they do not build them.
        enabled: v1's switch; a compute target here runs containers or it does not, so nothing reads it.
    """

    enabled: bool | None = None
    base_image: str | None = None
    base_dockerfile: str | None = None
    arguments: list[str] = field(default_factory=list)
    shm_size: str | None = None
    gpu_support: bool | None = None


@dataclass
class SparkSection:
    """Spark's packages, for Spark steps."""

    precache_packages: bool = True
    packages: list[Any] = field(default_factory=list)
    repositories: list[str] = field(default_factory=list)


@dataclass
class RSection:
    """R's packages."""

    r_version: str | None = None
    rscript_path: str | None = None
    cran_packages: list[Any] = field(default_factory=list)
    github_packages: list[Any] = field(default_factory=list)
    custom_url_packages: list[Any] = field(default_factory=list)
    user_managed: bool = False
