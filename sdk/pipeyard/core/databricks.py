"""v1's `azureml.core.databricks`: libraries of a `DatabricksStep`'s cluster."""

from dataclasses import dataclass, field

__all__ = ["EggLibrary", "JarLibrary", "MavenLibrary", "PyPiLibrary", "RCranLibrary"]


@dataclass
class JarLibrary:
    """A Java library for Databricks."""

    library: str | None = None


@dataclass
class EggLibrary:
    """An egg for Databricks."""

    library: str | None = None


@dataclass
class MavenLibrary:
    """A Maven package for Databricks."""

    coordinates: str | None = None
    repo: str | None = None
    exclusions: list[str] = field(default_factory=list)


@dataclass
class PyPiLibrary:
    """A PyPI package for Databricks."""

    package: str | None = None
    repo: str | None = None


@dataclass
class RCranLibrary:
    """A CRAN package for Databricks."""

    package: str | None = None
    repo: str | None = None
