"""Who did what, in a table of its own.

All rows are in one partition: changes come at the pace of people, far below what a partition takes, and one query is
then one page, newest first, whatever months it spans.
"""

from datetime import datetime

from shared.adapters.table_codec import all_equal, decode, encode, literal
from shared.adapters.tables import TableGateway
from shared.core.audit import AuditRecord
from shared.core.identifiers import newest_first_id
from shared.core.records import Page

AUDIT = "Audit"
_PARTITION = "all"
_LAST_RANDOM = (1 << 74) - 1


class TableAuditLog:
    """The `AuditLog` port on Azure Table Storage."""

    def __init__(self, tables: TableGateway) -> None:
        self._tables = tables

    def add(self, record: AuditRecord) -> None:
        """See `AuditLog.add`."""
        row = encode(record, _PARTITION, record.id, caller=record.caller, action=record.action)
        self._tables.upsert(AUDIT, row)  # an insert that is sent twice would fail on its own row

    def page(
        self,
        *,
        caller: str | None,
        action: str | None,
        since: datetime | None,
        page_size: int,
        continuation_token: str | None,
    ) -> Page[AuditRecord]:
        """See `AuditLog.page`."""
        columns = {name: value for name, value in (("caller", caller), ("action", action)) if value is not None}
        query = all_equal(PartitionKey=_PARTITION, **columns)
        if since is not None:
            query += f" and RowKey le {literal(newest_first_id(since, _LAST_RANDOM))}"
        rows, token = self._tables.page(AUDIT, query, page_size, continuation_token)
        return Page(value=[decode(row, AuditRecord) for row in rows], continuation_token=token)

    def older(self, before: datetime, position: str, size: int) -> tuple[list[str], str | None]:
        """See `AuditLog.older`; the position is the key of the last record."""
        query = all_equal(PartitionKey=_PARTITION)
        query += f" and RowKey gt {literal(position or newest_first_id(before, _LAST_RANDOM))}"
        rows, more = self._tables.page(AUDIT, query, size, None)
        ids = [str(row.columns["RowKey"]) for row in rows]
        return ids, ids[-1] if ids and more else None

    def delete(self, ids: list[str]) -> None:
        """See `AuditLog.delete`."""
        self._tables.remove(AUDIT, _PARTITION, ids)
