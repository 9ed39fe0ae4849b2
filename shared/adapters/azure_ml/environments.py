"""A step's environment as an environment version of Azure ML, whose version is a hash of what it says."""

import hashlib
import json
import re
from typing import Any

from shared.core.definition import EnvironmentDefinition

DEFAULT_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest"
DEFAULT_PYTHON = "3.12"
SDK_NEEDS = ("httpx>=0.28", "pathspec>=1.0", "pydantic>=2.10")
"""What `from pipeyard.core import Run` imports beyond the standard library."""
ENVIRONMENT_NAME = "pipeyard"

_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def environment_properties(software: EnvironmentDefinition) -> dict[str, Any]:
    """What is asked of the service. An image with no packages listed is used as it is."""
    properties: dict[str, Any] = {"image": software.image or DEFAULT_IMAGE, "osType": "Linux", "isAnonymous": False}
    if software.image is None or software.conda_packages or software.pip_packages:
        properties["condaFile"] = conda_file(software)
    return properties


def environment_version(properties: dict[str, Any]) -> str:
    """The version under which such an environment is kept."""
    return hashlib.sha256(json.dumps(properties, sort_keys=True).encode()).hexdigest()[:32]


def conda_file(software: EnvironmentDefinition) -> str:
    """The YAML text that conda reads."""
    named = {_project(package) for package in (*software.conda_packages, *software.pip_packages)}
    python = () if "python" in named else (f"python={software.python_version or DEFAULT_PYTHON}",)
    pip = () if "pip" in named else ("pip",)
    needs = tuple(package for package in SDK_NEEDS if _project(package) not in named)
    lines = ["channels:", *_items(0, ("conda-forge",)), "dependencies:"]
    lines += _items(0, (*python, *software.conda_packages, *pip))
    if software.pip_packages or needs:
        lines += ["- pip:", *_items(2, (*software.pip_packages, *needs))]
    return "\n".join(lines) + "\n"


def _items(indent: int, words: tuple[str, ...]) -> list[str]:
    # A JSON string is a YAML string too, whatever signs it holds.
    return [f"{' ' * indent}- {json.dumps(word)}" for word in words]


def _project(requirement: str) -> str:
    """The normalised name of the project that a requirement asks for."""
    match = _PROJECT.match(requirement.rpartition("::")[2].strip())
    return re.sub(r"[._-]+", "-", match[0]).lower() if match else ""
