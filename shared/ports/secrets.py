"""Secrets: account keys, tokens, passwords. Rows and documents hold a secret's name; only this port holds its value."""

from typing import Protocol


class SecretStore(Protocol):
    """Secrets by name: 1 to 127 letters, digits and dashes (a key vault allows no more)."""

    def get(self, name: str) -> str | None:
        """The secret's value, None where there is none of this name."""
        ...

    def set(self, name: str, value: str) -> None:
        """Keep a value under a name, replacing an older one."""
        ...

    def delete(self, name: str) -> None:
        """Forget a secret; missing is fine."""
        ...
