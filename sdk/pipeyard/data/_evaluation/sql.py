"""Pieces of SQL text."""

from collections.abc import Iterable
from typing import Any


class Parameters:
    """Values bound to a query by name.

    Attributes:
        values: By name, as DuckDB takes them.
    """

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def bind(self, value: Any) -> str:
        """The placeholder of one more value."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"${name}"


def identifier(name: str) -> str:
    """A name, quoted."""
    return '"' + name.replace('"', '""') + '"'


def identifiers(names: Iterable[str]) -> str:
    """Names, quoted, with commas."""
    return ", ".join(identifier(name) for name in names)


def literal(text: str) -> str:
    """A text, quoted."""
    return "'" + text.replace("'", "''") + "'"
