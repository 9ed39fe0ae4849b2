"""v1's `azureml.core.conda_dependencies`: the packages of an environment.

Packages of Azure ML's own SDK (`azureml-core`, `azureml-defaults`, ...) stay in the list as they were written; where a
step's environment is made of it, `pipeyard` takes their place.
"""

# ruff: noqa: FBT001, FBT002  (v1's signatures)

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeyard._optional import require
from pipeyard.exceptions import UserErrorException

PYTHON_DEFAULT = "3.12"
SDK_PACKAGE = "pipeyard"
_AZUREML = re.compile(r"azureml[-_]", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_.\-]+")
_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./=<>~!\[\],:+\- ]*")


class CondaDependencies:
    """Conda and pip packages, channels and the version of Python.

    Attributes:
        conda_channels: Channels in order of preference.
    """

    def __init__(self, conda_dependencies_file_path: str | Path | None = None) -> None:
        self.conda_channels: list[str] = []
        self._conda: list[str] = [f"python={PYTHON_DEFAULT}"]
        self._pip: list[str] = []
        self._pip_options: list[str] = []
        if conda_dependencies_file_path is not None:
            self.load(read_specification(conda_dependencies_file_path))

    @staticmethod
    def create(
        pip_indexurl: str | None = None,
        pip_packages: Iterable[str] | None = None,
        conda_packages: Iterable[str] | None = None,
        python_version: str = PYTHON_DEFAULT,
        pin_sdk_version: bool = True,
    ) -> "CondaDependencies":
        """Packages from lists; without pip packages there is the SDK alone.

        Args:
            pip_indexurl: Index to use instead of PyPI.
            pip_packages: Requirement strings.
            conda_packages: Conda match specs.
            python_version: Such as "3.12".
            pin_sdk_version: Accepted for v1's sake; nothing is pinned.
        """
        del pin_sdk_version
        dependencies = CondaDependencies()
        dependencies.set_python_version(python_version)
        for package in _packages(conda_packages or (), "conda_packages"):
            dependencies.add_conda_package(package)
        for package in [SDK_PACKAGE] if pip_packages is None else _packages(pip_packages, "pip_packages"):
            dependencies.add_pip_package(package)
        if pip_indexurl:
            dependencies.set_pip_option(f"--index-url {pip_indexurl}")
        return dependencies

    @property
    def conda_packages(self) -> list[str]:
        """Conda packages, Python left out."""
        return [package for package in self._conda if _package_name(package) != "python"]

    @property
    def pip_packages(self) -> list[str]:
        """Pip requirements."""
        return list(self._pip)

    @property
    def pip_options(self) -> list[str]:
        """Options for pip, such as another index."""
        return list(self._pip_options)

    @property
    def python_version(self) -> str | None:
        """The version of Python that is asked for."""
        for package in self._conda:
            if _package_name(package) == "python":
                return package[len("python") :].lstrip("=<>~! ") or None
        return None

    def get_python_version(self) -> str | None:
        """The version of Python that is asked for."""
        return self.python_version

    def set_python_version(self, version: str) -> None:
        """Ask for another version of Python."""
        self._conda = [f"python={version}", *self.conda_packages]

    def add_conda_package(self, conda_package: str) -> None:
        """Add a conda package, in place of one of the same name."""
        self.remove_conda_package(conda_package)
        self._conda.append(conda_package)

    def remove_conda_package(self, conda_package: str) -> None:
        """Remove a conda package by its name."""
        self._conda = [item for item in self._conda if _package_name(item) != _package_name(conda_package)]

    def add_pip_package(self, pip_package: str) -> None:
        """Add a pip requirement, in place of one of the same name."""
        self.remove_pip_package(pip_package)
        self._pip.append(pip_package)

    def remove_pip_package(self, pip_package: str) -> None:
        """Remove a pip requirement by its name."""
        self._pip = [item for item in self._pip if _package_name(item) != _package_name(pip_package)]

    def set_pip_requirements(self, pip_requirements: Iterable[str]) -> None:
        """Replace all pip requirements."""
        self._pip = list(pip_requirements)

    def set_pip_option(self, pip_option: str) -> None:
        """Add an option for pip."""
        self._pip_options = [*(item for item in self._pip_options if item != pip_option), pip_option]

    def add_channel(self, channel: str) -> None:
        """Add a conda channel."""
        if channel not in self.conda_channels:
            self.conda_channels.append(channel)

    def remove_channel(self, channel: str) -> None:
        """Remove a conda channel."""
        self.conda_channels = [item for item in self.conda_channels if item != channel]

    def as_dict(self) -> dict[str, Any]:
        """The conda specification."""
        dependencies: list[Any] = list(self._conda)
        if self._pip or self._pip_options:
            dependencies += ["pip", {"pip": [*self._pip_options, *self._pip]}]
        channels = {"channels": list(self.conda_channels)} if self.conda_channels else {}
        return {"name": "project_environment", **channels, "dependencies": dependencies}

    def serialize_to_string(self) -> str:
        """The conda specification as YAML."""
        document = self.as_dict()
        lines = [f"name: {document['name']}"]
        if "channels" in document:
            lines += ["channels:", *(f"- {_scalar(item)}" for item in document["channels"])]
        lines.append("dependencies:")
        for item in document["dependencies"]:
            if isinstance(item, dict):
                lines += ["- pip:", *(f"  - {_scalar(package)}" for package in item["pip"])]
            else:
                lines.append(f"- {_scalar(item)}")
        return "\n".join(lines) + "\n"

    def save(self, path: str | Path | None = None) -> str:
        """Write the specification to a file (`conda_dependencies.yml` by default); returns its path."""
        file = Path(path or "conda_dependencies.yml")
        file = file / "conda_dependencies.yml" if file.is_dir() else file
        file.write_text(self.serialize_to_string(), encoding="utf-8")
        return str(file)

    save_to_file = save

    def step_pip_packages(self) -> list[str]:
        """Pip requirements as a step's environment gets them: this SDK instead of Azure ML's."""
        own = [package for package in self._pip if not _AZUREML.match(package)]
        replaced = len(own) < len(self._pip) and not any(_package_name(item) == SDK_PACKAGE for item in own)
        return [*self._pip_options, *([SDK_PACKAGE] if replaced else []), *own]

    def load(self, document: dict[str, Any]) -> None:
        """Take everything from a conda specification."""
        self.conda_channels = [str(item) for item in document.get("channels") or ()]
        items = document.get("dependencies") or []
        self._conda = [str(item) for item in items if not isinstance(item, dict) and item != "pip"]
        for item in items:
            if isinstance(item, dict):
                requirements = [str(package) for package in item.get("pip") or ()]
                self._pip_options += [text for text in requirements if text.startswith("-")]
                self._pip += [text for text in requirements if not text.startswith("-")]

    def __repr__(self) -> str:
        return f"CondaDependencies(conda={self._conda!r}, pip={self._pip!r})"


def _packages(packages: Iterable[str], where: str) -> Iterable[str]:
    """Refuse a text, which would be taken apart letter by letter."""
    if isinstance(packages, str):
        raise UserErrorException(f"{where} must be a list of packages: {where}={packages.split()!r}.")
    return packages


def read_specification(path: str | Path) -> dict[str, Any]:
    """A conda specification: YAML, or JSON, which needs no further package.

    Raises:
        UserErrorException: The file cannot be read or is no specification.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise UserErrorException(f"The conda specification {path} cannot be read: {error}.") from error
    try:
        document = json.loads(text)
    except ValueError:
        yaml = require("yaml", "yaml")
        try:
            document = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise UserErrorException(f"{path} is no conda specification: {error}") from error
    if not isinstance(document, dict):
        raise UserErrorException(f'{path} is no conda specification: it must be a mapping with "dependencies".')
    return document


def _package_name(requirement: str) -> str:
    match = _NAME.match(requirement.strip())
    return match.group().lower() if match else requirement


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and ": " not in text else json.dumps(text)
