"""Registered environments."""

from typing import Any

from shared.core.environments import Environment
from shared.services.versions import add_version, get_version
from shared.services.workspace import Workspace


def put_environment(workspace: Workspace, name: str, document: dict[str, Any]) -> tuple[Environment, bool]:
    """Register a document under a name: a new version where it differs from the latest one.

    Returns:
        The environment, and whether this call made it.
    """

    def make(latest: Environment | None) -> Environment | None:
        if latest is not None and latest.document == document:
            return None
        version = latest.version + 1 if latest is not None else 1
        return Environment(name=name, version=version, document=document, created_at=workspace.now().isoformat())

    return add_version(workspace, Environment, name, make)


def get_environment(workspace: Workspace, name: str, version: int | None) -> Environment:
    """A version of an environment; None is the latest.

    Raises:
        NotFound: No such name or version.
    """
    return get_version(workspace, Environment, name, version)


def list_environments(workspace: Workspace) -> list[Environment]:
    """The latest version of every environment, by name."""
    latest: dict[str, Environment] = {}
    for each in workspace.services.catalogue.all(Environment):
        latest.setdefault(each.name, each)
    return list(latest.values())
