"""All ports together."""

from dataclasses import dataclass

from shared.ports.blobs import BlobStore
from shared.ports.catalogue import Catalogue
from shared.ports.clock import Clock
from shared.ports.compute import ComputeBackend
from shared.ports.runs import ReuseStore, RunStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that the application reaches the outside world with, wired once per process by `bootstrap`."""

    clock: Clock
    runs: RunStore
    reuse: ReuseStore
    catalogue: Catalogue
    blobs: BlobStore
    backends: dict[str, ComputeBackend]
    callback_base_url: str | None
