"""The composition root: settings become adapters, adapters become the workspace. Once per process, when first used."""

from datetime import UTC, datetime
from functools import lru_cache

from azure.durable_functions import SyncDurableFunctionsClient

from shared.adapters.compute.local_process import LocalProcessBackend
from shared.adapters.durable_engine import DurableEngine
from shared.adapters.storage.blobs import AzureBlobStore
from shared.adapters.storage.table_catalogue import TableCatalogue
from shared.adapters.storage.table_reuse import TableReuseStore
from shared.adapters.storage.table_runs import TableRunStore
from shared.adapters.tables import TableGateway
from shared.config import Settings, load_settings
from shared.core import names
from shared.core.errors import PipeyardError
from shared.ports.clock import Clock
from shared.ports.compute import ComputeBackend
from shared.ports.engine import Engine
from shared.ports.services import Services
from shared.services.datastores import CONTAINERS
from shared.services.workspace import Workspace
from shared.steps import STEP_TYPES


class _SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is the Clock port's one implementation


def engine(client: SyncDurableFunctionsClient) -> Engine:
    """The engine around a durable client binding."""
    return DurableEngine(client)


def _services(settings: Settings, clock: Clock) -> Services:
    if settings.storage_connection is not None:
        connection = settings.storage_connection.get_secret_value()
        tables = TableGateway.from_connection_string(connection)
        blobs = AzureBlobStore.from_connection_string(connection, clock)
    elif settings.storage_account is not None:
        from azure.identity import ManagedIdentityCredential  # noqa: PLC0415 - slow to import, and only Azure needs it

        credential = ManagedIdentityCredential(client_id=settings.identity_client_id)
        account = f"https://{settings.storage_account}"
        tables = TableGateway.from_identity(f"{account}.table.core.windows.net", credential)
        blobs = AzureBlobStore.from_identity(f"{account}.blob.core.windows.net", credential, clock)
    else:
        raise PipeyardError("No storage is configured: set PIPEYARD_STORAGE_ACCOUNT (see docs/settings.md).")
    backends: dict[str, ComputeBackend] = {}
    if settings.local_process:
        local = LocalProcessBackend(settings.data_dir)
        local.prepare()
        backends["local"] = local
    return Services(
        clock=clock,
        runs=TableRunStore(tables),
        reuse=TableReuseStore(tables),
        catalogue=TableCatalogue(tables),
        blobs=blobs,
        backends=backends,
        callback_base_url=settings.base_url,
    )


@lru_cache(maxsize=1)
def workspace() -> Workspace:
    """The process's workspace.

    Raises:
        PipeyardError: A setting is missing.
    """
    settings = load_settings()
    services = _services(settings, _SystemClock())
    services.blobs.ensure_containers([names.SYSTEM_CONTAINER, names.ARTIFACT_CONTAINER, *CONTAINERS.values()])
    return Workspace(services, STEP_TYPES, name=settings.workspace_name, max_parallel_steps=settings.max_parallel_steps)


def shutdown() -> None:
    """End the jobs that run on this machine; they are taken up again when the workspace starts the next time."""
    if workspace.cache_info().currsize:
        for backend in workspace().services.backends.values():
            if isinstance(backend, LocalProcessBackend):
                backend.close()
