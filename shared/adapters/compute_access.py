"""Compute targets by their records: which backend runs their jobs. Opened ones are kept, with their connections.

Back-ends of services in Azure are imported when a target first needs one: a workspace that runs local processes only
never loads their clients.
"""

import threading
from typing import TYPE_CHECKING

from shared.adapters.attached_service import AttachedService
from shared.adapters.compute.local_process import LocalProcessBackend
from shared.adapters.compute_connections import ComputeConnections
from shared.core.compute_targets import (
    AML_COMPUTE,
    AZURE_ML_JOBS,
    DATA_FACTORY,
    DATA_LAKE_ANALYTICS,
    DATABRICKS,
    DATABRICKS_JOBS,
    LOCAL_PROCESS,
    LOCAL_TYPE,
    USQL_JOBS,
    ComputeTarget,
)
from shared.core.errors import NotFound
from shared.ports.compute import ComputeBackend, ComputeProvisioner

if TYPE_CHECKING:
    from shared.adapters.compute.databricks import DatabricksBackend

# ruff: noqa: PLC0415 - see above

MAX_OPEN = 256
_SERVICES = {AML_COMPUTE: AZURE_ML_JOBS, DATABRICKS: DATABRICKS_JOBS, DATA_LAKE_ANALYTICS: USQL_JOBS}
"""What runs the jobs of emulated targets, by their type."""


class Compute:
    """The `ComputeAccess` port.

    Args:
        local: Runs processes of this machine; None where that is not allowed.
        connections: What reaches the services.
    """

    def __init__(self, local: LocalProcessBackend | None, connections: ComputeConnections) -> None:
        self.local = local
        self._connections = connections
        self._open: dict[str, ComputeBackend] = {}
        self._lock = threading.Lock()

    def offers(self, target: ComputeTarget) -> str | None:
        """Name of the backend that runs a target's jobs."""
        local = LOCAL_PROCESS if self.local is not None else None
        properties = target.properties
        if properties.get("emulated"):
            service = _SERVICES.get(target.type)
            return service if service in self._connections.emulators else None
        if target.type == AML_COMPUTE:
            known = properties.get("workspace_resource_id") or self._connections.azure_ml_workspace
            return AZURE_ML_JOBS if known else local
        if target.type == DATABRICKS:
            return DATABRICKS_JOBS if properties.get("workspace_url") or properties.get("resource_id") else None
        if target.type == DATA_LAKE_ANALYTICS:
            return local if properties.get("engine") else None
        return local if target.type in {LOCAL_TYPE, DATA_FACTORY} else None

    def open(self, target: ComputeTarget) -> ComputeBackend:
        """The backend of a target."""
        name = self.offers(target)
        if name is None:
            raise NotFound(f"Nothing in this workspace runs jobs of compute target `{target.name}`.")
        if self.local is not None and name == LOCAL_PROCESS:
            return self.local
        key = target.model_copy(update={"etag": None}).model_dump_json()
        with self._lock:
            if key not in self._open:
                if len(self._open) >= MAX_OPEN:
                    self._open.clear()
                self._open[key] = self._make(name, target)
            return self._open[key]

    def provisioner(self, target: ComputeTarget) -> ComputeProvisioner | None:
        """Who creates and looks after the target."""
        name = self.offers(target)
        if name == AZURE_ML_JOBS:
            from shared.adapters.azure_ml.provisioning import AmlComputeProvisioner

            return AmlComputeProvisioner(self._connections, target)
        return AttachedService(lambda: self._databricks(target).check()) if name == DATABRICKS_JOBS else None

    def close(self) -> None:
        """End the jobs that run on this machine; they are taken up again when the workspace starts the next time."""
        if self.local is not None:
            self.local.close()

    def _make(self, name: str, target: ComputeTarget) -> ComputeBackend:
        if name == AZURE_ML_JOBS:
            from shared.adapters.compute.azure_ml import AzureMlBackend

            return AzureMlBackend(self._connections, target)
        if name == DATABRICKS_JOBS:
            return self._databricks(target)
        from shared.adapters.compute.data_lake_analytics import DataLakeAnalyticsBackend

        return DataLakeAnalyticsBackend(self._connections, target)

    def _databricks(self, target: ComputeTarget) -> "DatabricksBackend":
        from shared.adapters.compute.databricks import DatabricksBackend

        return DatabricksBackend(self._connections, target)
