"""The composition root: settings become adapters, adapters become the workspace. Once per process, when first used."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from azure.core.credentials import TokenCredential
from azure.durable_functions import SyncDurableFunctionsClient

from shared.adapters.compute.local_process import LocalProcessBackend
from shared.adapters.compute_access import Compute
from shared.adapters.compute_connections import ComputeConnections
from shared.adapters.datastore_access import Datastores
from shared.adapters.durable_engine import DurableEngine
from shared.adapters.jwt_tokens import EntraTokens, SignedRunTokens
from shared.adapters.machine_files import DataFolder
from shared.adapters.secrets.none import NoSecrets
from shared.adapters.secrets.secret_folder import SecretFolder
from shared.adapters.storage.blobs import AzureBlobStore
from shared.adapters.storage.table_audit import TableAuditLog
from shared.adapters.storage.table_catalogue import TableCatalogue
from shared.adapters.storage.table_leases import TableLeaseStore
from shared.adapters.storage.table_reuse import TableReuseStore
from shared.adapters.storage.table_runs import TableRunStore
from shared.adapters.tables import TableGateway
from shared.adapters.webhook_http import WebhookHttp
from shared.config import Settings, load_settings
from shared.core import names
from shared.core.compute_targets import AZURE_ML_JOBS, DATABRICKS_JOBS, USQL_JOBS
from shared.core.errors import PipeyardError
from shared.core.retention import Retention
from shared.ports.blobs import BlobStore
from shared.ports.catalogue import Catalogue
from shared.ports.clock import Clock
from shared.ports.engine import Engine
from shared.ports.secrets import SecretStore
from shared.ports.services import Services
from shared.ports.tokens import SignIn
from shared.services.limits import Limits
from shared.services.run_token_key import run_token_key
from shared.services.workspace import Workspace
from shared.steps import STEP_TYPES
from shared.telemetry.logs import hide_secrets

log = logging.getLogger(__name__)


class _SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is the Clock port's one implementation


def engine(client: SyncDurableFunctionsClient) -> Engine:
    """The engine around a durable client binding."""
    return DurableEngine(client)


def _identity(settings: Settings) -> TokenCredential | None:
    """The app's identity in Azure; None in a local workspace."""
    if settings.storage_account is None and settings.key_vault is None:
        return None
    from azure.identity import ManagedIdentityCredential  # noqa: PLC0415 - slow to import, and only Azure needs it

    return ManagedIdentityCredential(client_id=settings.identity_client_id)


def _secrets(settings: Settings, credential: TokenCredential | None) -> SecretStore:
    if settings.key_vault is not None and credential is not None:
        from shared.adapters.secrets.key_vault import KeyVaultSecrets  # noqa: PLC0415 - as above

        return KeyVaultSecrets.from_identity(settings.key_vault, credential)
    return SecretFolder(settings.data_dir / "secrets") if settings.local_process else NoSecrets()


def _storage(
    settings: Settings, clock: Clock, credential: TokenCredential | None
) -> tuple[TableGateway, AzureBlobStore]:
    if settings.storage_connection is not None:
        connection = settings.storage_connection.get_secret_value()
        tables = TableGateway.from_connection_string(connection)
        return tables, AzureBlobStore.from_connection_string(connection, clock)
    if settings.storage_account is None or credential is None:
        raise PipeyardError("No storage is configured: set PIPEYARD_STORAGE_ACCOUNT (see docs/settings.md).")
    account = f"https://{settings.storage_account}"
    tables = TableGateway.from_identity(f"{account}.table.core.windows.net", credential)
    return tables, AzureBlobStore.from_identity(f"{account}.blob.core.windows.net", credential, clock)


def _sign_in(settings: Settings, secrets: SecretStore, catalogue: Catalogue, clock: Clock) -> SignIn:
    directory = None
    if settings.tenant_id is not None and settings.client_id is not None:
        directory = EntraTokens(
            authority=settings.authority, tenant_id=settings.tenant_id, client_id=settings.client_id
        )
    return SignIn(
        required=settings.auth == "entra",
        trusts_platform=settings.platform_auth,
        directory=directory,
        run_tokens=SignedRunTokens(_run_token_key(settings, secrets, catalogue), clock),
        tenant_id=settings.tenant_id,
    )


def _run_token_key(settings: Settings, secrets: SecretStore, catalogue: Catalogue) -> Callable[[], str]:
    @lru_cache(maxsize=1)
    def key() -> str:
        if settings.run_token_key is not None:
            return settings.run_token_key.get_secret_value()
        return run_token_key(secrets, catalogue)

    return key


def _compute(settings: Settings, blobs: BlobStore, secrets: SecretStore, credential: TokenCredential | None) -> Compute:
    local = None
    if settings.local_process:
        local = LocalProcessBackend(settings.data_dir)
        local.prepare()
    emulators = {
        AZURE_ML_JOBS: settings.azure_ml_emulator,
        DATABRICKS_JOBS: settings.databricks_emulator,
        USQL_JOBS: settings.data_lake_analytics_emulator,
    }
    connections = ComputeConnections(
        blobs=blobs,
        secrets=secrets,
        credential=credential,
        azure_ml_workspace=settings.azure_ml_workspace,
        emulators={name: address for name, address in emulators.items() if address is not None},
    )
    return Compute(local, connections)


def _services(settings: Settings, clock: Clock) -> Services:
    credential = _identity(settings)
    tables, blobs = _storage(settings, clock, credential)
    secrets = _secrets(settings, credential)
    datastores = Datastores(
        blobs,
        secrets,
        clock,
        account_name=blobs.account_name,
        file_store=settings.file_store,
        credential=credential,
        local=settings.local_process,
    )
    catalogue = TableCatalogue(tables)
    return Services(
        clock=clock,
        runs=TableRunStore(tables),
        reuse=TableReuseStore(tables),
        catalogue=catalogue,
        leases=TableLeaseStore(tables),
        blobs=blobs,
        datastores=datastores,
        secrets=secrets,
        sign_in=_sign_in(settings, secrets, catalogue, clock),
        audit=TableAuditLog(tables),
        webhook_sender=WebhookHttp(private=settings.private_webhooks),
        compute=_compute(settings, blobs, secrets, credential),
        callback_base_url=settings.base_url,
        machine=DataFolder(settings.data_dir) if settings.local_process else None,
    )


@lru_cache(maxsize=1)
def observe() -> Callable[[], None]:
    """Begin to send telemetry where that is set up; returns what sends the rest of it at the end."""
    hide_secrets()
    settings = load_settings()
    if settings.application_insights is None:
        return lambda: None
    from shared.adapters import azure_monitor  # noqa: PLC0415 - takes most of a second, and few workspaces need it

    connection = settings.application_insights.get_secret_value()
    try:
        return azure_monitor.start(connection, _identity(settings), settings.workspace_name)
    except ValueError:
        log.exception("No telemetry is sent: APPLICATIONINSIGHTS_CONNECTION_STRING is not one.")
        return lambda: None


@lru_cache(maxsize=1)
def workspace() -> Workspace:
    """The process's workspace.

    Raises:
        PipeyardError: A setting is missing.
    """
    settings = load_settings()
    services = _services(settings, _SystemClock())
    services.blobs.ensure_containers([names.SYSTEM_CONTAINER, names.ARTIFACT_CONTAINER])
    for record in services.datastores.built_in:
        if record.credential == "workspace":
            services.datastores.open(record).create()
    return Workspace(
        services,
        STEP_TYPES,
        name=settings.workspace_name,
        max_parallel_steps=settings.max_parallel_steps,
        max_local_jobs=settings.local_max_jobs,
        webhook_retry_seconds=settings.webhook_retry_seconds,
        limits=Limits(runs_per_minute=settings.runs_per_minute, active_runs=settings.max_active_runs),
        retention=Retention(
            runs=settings.keep_runs_days,
            reuse=settings.keep_reuse_days,
            audit=settings.keep_audit_days,
            history=settings.keep_history_days,
            unused=settings.keep_unused_days,
        ),
        purges=settings.purge,
    )


def shutdown() -> None:
    """End the jobs that run on this machine; they are taken up again when the workspace starts the next time."""
    if workspace.cache_info().currsize:
        workspace().services.compute.close()
    observe()()
