"""All ports together."""

from dataclasses import dataclass

from shared.ports.audit import AuditLog
from shared.ports.blobs import BlobStore
from shared.ports.catalogue import Catalogue
from shared.ports.clock import Clock
from shared.ports.compute import ComputeAccess
from shared.ports.datastores import DatastoreAccess
from shared.ports.leases import LeaseStore
from shared.ports.machine import MachineFiles
from shared.ports.runs import ReuseStore, RunStore
from shared.ports.secrets import SecretStore
from shared.ports.tokens import SignIn
from shared.ports.webhooks import WebhookSender


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that the application reaches the outside world with, wired once per process by `bootstrap`."""

    clock: Clock
    runs: RunStore
    reuse: ReuseStore
    catalogue: Catalogue
    leases: LeaseStore
    blobs: BlobStore
    datastores: DatastoreAccess
    secrets: SecretStore
    sign_in: SignIn
    audit: AuditLog
    webhook_sender: WebhookSender
    compute: ComputeAccess
    callback_base_url: str | None
    machine: MachineFiles | None
