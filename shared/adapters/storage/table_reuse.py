"""Reusable results, claims and each step's latest result in one table.

The row of a key is either a claim or a finished entry. Keys spread over partitions by their first two characters;
the latest results of an experiment share a partition.
"""

from shared.adapters.table_codec import Entity, Row, all_equal, decode, encode, safe_key
from shared.adapters.tables import TableGateway
from shared.core.errors import Conflict, NotFound, StorageUnavailable
from shared.core.records import ClaimOwner, ReuseEntry
from shared.ports.runs import StoredResult

REUSE = "Reuse"
CLAIM = "claim"
FINISHED = "finished"
CLAIM_TRIES = 5


class TableReuseStore:
    """The `ReuseStore` port on Azure Table Storage."""

    def __init__(self, tables: TableGateway) -> None:
        self._tables = tables

    def find(self, key: str) -> ReuseEntry | None:
        """The finished result for a key."""
        row = self._read(key)
        return decode(row, ReuseEntry) if row is not None and _is_finished(row) else None

    def claim(self, key: str, owner: ClaimOwner) -> ReuseEntry | ClaimOwner | None:
        """Announce that `owner` is about to produce this key. A new try of the same step keeps the step's claim."""
        claim = _claim(key, owner)
        for _ in range(CLAIM_TRIES):
            try:
                self._tables.insert(REUSE, claim)
            except Conflict:
                row = self._read(key)
            else:
                return None
            if row is None:
                continue  # released meanwhile
            if _is_finished(row):
                return decode(row, ReuseEntry)
            holder = decode(row, ClaimOwner)
            if not _same_step(holder, owner):
                return holder
            if holder == owner or self._replace(claim, row.etag):
                return None
        raise StorageUnavailable(f"Reuse key {key} changes too often to be claimed; try again.")

    def take_over(self, key: str, dead: ClaimOwner, owner: ClaimOwner) -> bool:
        """Replace the claim of an owner who will never finish."""
        row = self._read(key)
        if row is None or _is_finished(row) or decode(row, ClaimOwner) != dead:
            return False
        return self._replace(_claim(key, owner), row.etag)

    def release(self, key: str, owner: ClaimOwner) -> None:
        """Drop the claim if `owner`, in this try or an earlier one, still holds it."""
        row = self._read(key)
        if row is None or _is_finished(row):
            return
        holder = decode(row, ClaimOwner)
        if _same_step(holder, owner) and holder.attempt <= owner.attempt:
            self._delete(key, row)

    def publish(self, entry: ReuseEntry) -> None:
        """Make a result findable by its key."""
        self._tables.upsert(REUSE, encode(entry, _partition(entry.key), safe_key(entry.key), state=FINISHED))

    def set_latest(self, experiment: str, entries: list[ReuseEntry]) -> None:
        """Make these results the latest of their steps in an experiment."""
        partition = _latest_partition(experiment)
        rows = {entry.step_name: encode(entry, partition, safe_key(entry.step_name)) for entry in entries}
        self._tables.put(REUSE, list(rows.values()))

    def forget(self, key: str) -> None:
        """Drop a finished entry; claims stay, and so does the step's latest result."""
        row = self._read(key)
        if row is not None and _is_finished(row):
            self._delete(key, row)

    def rows(self, position: str, size: int) -> tuple[list[StoredResult], str | None]:
        """One page of the whole table."""
        rows, after = self._tables.page(REUSE, "PartitionKey gt ''", size, position or None)
        return [_stored(row) for row in rows], after

    def drop(self, row: StoredResult) -> bool:
        """Delete a row that still has its etag."""
        try:
            self._tables.delete(REUSE, *row.address, row.etag)
        except Conflict:
            return False
        return True

    def latest(self, experiment: str) -> dict[str, ReuseEntry]:
        """The latest finished result of every step of an experiment."""
        rows = self._tables.query(REUSE, all_equal(PartitionKey=_latest_partition(experiment)))
        return {entry.step_name: entry for entry in (decode(row, ReuseEntry) for row in rows)}

    def _read(self, key: str) -> Row | None:
        return self._tables.get(REUSE, _partition(key), safe_key(key))

    def _replace(self, entity: Entity, etag: str) -> bool:
        try:
            self._tables.replace(REUSE, entity, etag)
        except (Conflict, NotFound):
            return False
        return True

    def _delete(self, key: str, row: Row) -> None:
        try:
            self._tables.delete(REUSE, _partition(key), safe_key(key), row.etag)
        except Conflict:
            return  # somebody else's row now


def _stored(row: Row) -> StoredResult:
    state = row.columns.get("state")  # the latest results of experiments have none
    entry = None if state == CLAIM else decode(row, ReuseEntry)
    return StoredResult(
        entry=entry,
        claim=decode(row, ClaimOwner) if entry is None else None,
        key=None if state is None else str(row.columns["RowKey"]),
        address=(str(row.columns["PartitionKey"]), str(row.columns["RowKey"])),
        etag=row.etag,
    )


def _claim(key: str, owner: ClaimOwner) -> Entity:
    return encode(owner, _partition(key), safe_key(key), state=CLAIM)


def _partition(key: str) -> str:
    return f"key:{safe_key(key.rpartition(':')[2][:2])}"


def _latest_partition(experiment: str) -> str:
    return f"latest:{safe_key(experiment)}"


def _is_finished(row: Row) -> bool:
    return bool(row.columns["state"] == FINISHED)


def _same_step(one: ClaimOwner, other: ClaimOwner) -> bool:
    return (one.run_id, one.ordinal) == (other.run_id, other.ordinal)
