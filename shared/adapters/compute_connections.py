"""What back-ends of services in Azure reach them with."""

from collections.abc import Mapping
from dataclasses import dataclass

from azure.core.credentials import TokenCredential

from shared.ports.blobs import BlobStore
from shared.ports.secrets import SecretStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeConnections:
    """What is the same for all targets of a workspace.

    Attributes:
        blobs: The workspace's own account, which jobs read from and write to.
        secrets: Where tokens of targets are kept.
        credential: The app's identity; None in a local workspace.
        azure_ml_workspace: Resource id of the Azure ML workspace whose clusters are used where a target names none.
        emulators: Addresses of emulators on this machine, by backend.
    """

    blobs: BlobStore
    secrets: SecretStore
    credential: TokenCredential | None
    azure_ml_workspace: str | None
    emulators: Mapping[str, str]
