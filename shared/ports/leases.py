"""Rows of slots and queues of compute targets."""

from typing import Protocol

from shared.core.leases import Lease


class LeaseStore(Protocol):
    """Leases by target and row. Nothing here knows the time: whether a lease still counts is the caller's business."""

    def of_target(self, target: str) -> list[Lease]:
        """Every row of a target, slots and queue, expired ones included."""
        ...

    def insert(self, lease: Lease) -> Lease | None:
        """Write a new row; returns it with its etag. None, and nothing changed, if there is such a row."""
        ...

    def replace(self, lease: Lease) -> Lease | None:
        """Replace the row if it still has `lease.etag`; returns it with its new one. None if it has another one."""
        ...

    def delete(self, lease: Lease) -> bool:
        """Delete the row if it still has `lease.etag`. False if it has another one: then it stays. Missing is fine."""
        ...
