"""Slots and queues of compute targets in one table, a partition per target."""

from shared.adapters.table_codec import Entity, all_equal, decode, encode, safe_key
from shared.adapters.tables import TableGateway
from shared.core.errors import Conflict, NotFound
from shared.core.leases import Lease

LEASES = "Leases"


class TableLeaseStore:
    """The `LeaseStore` port on Azure Table Storage."""

    def __init__(self, tables: TableGateway) -> None:
        self._tables = tables

    def of_target(self, target: str) -> list[Lease]:
        """Every row of a target."""
        rows = self._tables.query(LEASES, all_equal(PartitionKey=safe_key(target)))
        return [decode(row, Lease).model_copy(update={"etag": row.etag}) for row in rows]

    def insert(self, lease: Lease) -> Lease | None:
        """Write a new row."""
        try:
            etag = self._tables.insert(LEASES, _entity(lease))
        except Conflict:
            return None
        return lease.model_copy(update={"etag": etag})

    def replace(self, lease: Lease) -> Lease | None:
        """Replace the row if it still has `lease.etag`."""
        try:
            etag = self._tables.replace(LEASES, _entity(lease), lease.etag or "")
        except (Conflict, NotFound):
            return None
        return lease.model_copy(update={"etag": etag})

    def delete(self, lease: Lease) -> bool:
        """Delete the row if it still has `lease.etag`."""
        try:
            self._tables.delete(LEASES, safe_key(lease.target), safe_key(lease.row), lease.etag)
        except Conflict:
            return False
        return True


def _entity(lease: Lease) -> Entity:
    return encode(lease, safe_key(lease.target), safe_key(lease.row))
