"""No place for secrets: an app without a key vault."""

from shared.core.errors import Conflict


class NoSecrets:
    """The `SecretStore` port where nothing can be kept."""

    def get(self, name: str) -> str | None:  # noqa: ARG002 - port
        """Nothing."""
        return None

    def set(self, name: str, value: str) -> None:  # noqa: ARG002 - port
        """Refuse.

        Raises:
            Conflict: Always.
        """
        raise Conflict("This workspace has no place for secrets. Set PIPEYARD_KEY_VAULT to the URL of a key vault.")

    def delete(self, name: str) -> None:
        """Nothing to forget."""
