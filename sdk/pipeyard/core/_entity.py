"""What things that the workspace keeps under an id have in common."""

from typing import Any


class Entity:
    """Something that the workspace keeps.

    Attributes:
        document: What the workspace says of it, as it was last read.
    """

    document: dict[str, Any]

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
