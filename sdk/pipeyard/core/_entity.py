"""What things that the workspace keeps under an id have in common."""

from collections.abc import Mapping
from typing import Any

from pipeyard.core.workspace import Workspace


class Entity:
    """Something that the workspace keeps.

    Attributes:
        workspace: Where it is kept.
        document: What the workspace says of it, as it was last read.
    """

    def __init__(self, workspace: Workspace, document: Mapping[str, Any]) -> None:
        self.workspace = workspace
        self.document = dict(document)

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.document["id"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.document["name"])

    @property
    def description(self) -> str:
        """What it is for."""
        return str(self.document.get("description") or "")

    @property
    def properties(self) -> dict[str, str]:
        """Facts that never change."""
        return dict(self.document.get("properties") or {})
