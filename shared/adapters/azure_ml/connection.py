"""From a compute target to the Azure ML workspace that has its cluster."""

import time
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential

from shared.adapters.azure_ml.client import AzureMlClient
from shared.adapters.compute_connections import ComputeConnections
from shared.core.compute_targets import AZURE_ML_JOBS, ComputeTarget
from shared.core.errors import BackendError

RESOURCE_MANAGER = "https://management.azure.com"
EMULATED_WORKSPACE = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local"
    "/providers/Microsoft.MachineLearningServices/workspaces/local"
)
_HOUR_SECONDS = 3600


class EmulatorCredential:
    """Signs in at an emulator, which wants a token and does not read it."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """A token that opens nothing."""
        return AccessToken("emulator", int(time.time()) + _HOUR_SECONDS)


def connect(connections: ComputeConnections, target: ComputeTarget) -> AzureMlClient:
    """A client of the target's Azure ML workspace; nothing is asked of it yet.

    Raises:
        BackendError: No workspace is known, or this app has no identity to reach it with.
    """
    workspace_id = target.properties.get("workspace_resource_id") or connections.azure_ml_workspace
    if target.properties.get("emulated"):
        address = connections.emulators.get(AZURE_ML_JOBS)
        if address is None:
            raise BackendError(
                f"Compute target `{target.name}` is emulated, and no emulator of Azure ML runs here: "
                "use a local workspace, or attach the target without `emulated`."
            )
        client = AzureMlClient(address, workspace_id or EMULATED_WORKSPACE, EmulatorCredential())
        if not client.emulated:
            raise BackendError(f"The emulator of Azure ML must be on this machine, not at {address}.")
        return client
    if workspace_id is None:
        raise BackendError(
            f"No Azure ML workspace is known for compute target `{target.name}`: set PIPEYARD_AZURE_ML_WORKSPACE, or "
            "give the target the property `workspace_resource_id`."
        )
    credential: TokenCredential | None = connections.credential
    if credential is None:
        raise BackendError(
            f"Compute target `{target.name}` is a cluster in Azure, which a local workspace cannot reach: "
            "it has no identity there, and the cluster could not read its files. Attach the target as `emulated`."
        )
    return AzureMlClient(RESOURCE_MANAGER, workspace_id, credential)


def cluster_name(target: ComputeTarget) -> str:
    """The cluster's name in the Azure ML workspace."""
    return str(target.properties.get("cluster_name") or target.name)
