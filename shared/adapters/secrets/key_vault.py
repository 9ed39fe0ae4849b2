"""Secrets in Azure Key Vault."""

import time
from typing import Self

from azure.core.credentials import TokenCredential
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.secrets import SecretClient

from shared.adapters.azure_errors import translated
from shared.adapters.azure_transport import PooledTransport, TransactionCounter

REMEMBERED_SECONDS = 300.0
"""A vault allows some thousand requests in ten seconds for everybody, and jobs that begin ask for the same secrets."""


class KeyVaultSecrets:
    """The `SecretStore` port on a vault. Values are remembered for some minutes; a rotated one is seen after that."""

    def __init__(self, client: SecretClient) -> None:
        self._client = client
        self._known: dict[str, tuple[float, str]] = {}

    @classmethod
    def from_identity(
        cls, vault_url: str, credential: TokenCredential, counter: TransactionCounter | None = None, **options: bool
    ) -> Self:
        """A vault, by the app's identity; it needs the role `Key Vault Secrets Officer`."""
        transport = PooledTransport("vault", counter)
        return cls(SecretClient(vault_url, credential, transport=transport, logging_enable=False, **options))

    def get(self, name: str) -> str | None:
        """The secret's value, None where there is none."""
        read_at, value = self._known.get(name, (0.0, ""))
        if value and time.monotonic() - read_at < REMEMBERED_SECONDS:
            return value
        with translated(f"Secret {name}"):
            try:
                found = self._client.get_secret(name).value
            except ResourceNotFoundError:
                self._known.pop(name, None)
                return None
        if found is not None:
            self._known[name] = (time.monotonic(), found)
        return found

    def set(self, name: str, value: str) -> None:
        """Keep a value. A deleted secret of this name, which vaults keep for a while, is taken back first."""
        with translated(f"Secret {name}"):
            try:
                self._client.set_secret(name, value)
            except ResourceExistsError:
                self._recover(name)
                self._client.set_secret(name, value)
        self._known[name] = (time.monotonic(), value)

    def delete(self, name: str) -> None:
        """Delete a secret; the vault keeps it recoverable for as long as it is told to."""
        self._known.pop(name, None)
        with translated(f"Secret {name}"):
            try:
                self._client.begin_delete_secret(name)
            except ResourceNotFoundError:
                return

    def _recover(self, name: str) -> None:
        try:
            self._client.begin_recover_deleted_secret(name).wait()
        except HttpResponseError as error:
            # Somebody else recovered it meanwhile: then it can be written.
            if not isinstance(error, ResourceNotFoundError | ResourceExistsError):
                raise
