"""The small named things of the workspace in one table, a partition per kind."""

from shared.adapters.table_codec import Row, all_equal, decode, encode, literal, safe_key
from shared.adapters.tables import TableGateway
from shared.core.catalogue import CatalogueRecord
from shared.core.errors import Conflict, NotFound
from shared.core.records import Page

CATALOGUE = "Catalogue"
_AFTER_EVERY_KEY = "~"
"""Sorts behind every character that `safe_key` leaves in a key."""


class TableCatalogue:
    """The `Catalogue` port on Azure Table Storage."""

    def __init__(self, tables: TableGateway) -> None:
        self._tables = tables

    def insert[R: CatalogueRecord](self, record: R) -> R:
        """Write a new record; returns it with its etag."""
        try:
            etag = self._tables.insert(CATALOGUE, encode(record, record.kind, safe_key(record.key)))
        except Conflict:
            raise Conflict(f"The {record.label} `{record.key}` exists already.") from None
        return record.model_copy(update={"etag": etag})

    def replace[R: CatalogueRecord](self, record: R) -> R:
        """Replace a record that still has `record.etag`."""
        entity = encode(record, record.kind, safe_key(record.key))
        etag = self._tables.replace(CATALOGUE, entity, record.etag or "")
        return record.model_copy(update={"etag": etag})

    def put[R: CatalogueRecord](self, record: R) -> R:
        """Insert or replace, whatever is there."""
        etag = self._tables.upsert(CATALOGUE, encode(record, record.kind, safe_key(record.key)))
        return record.model_copy(update={"etag": etag})

    def get[R: CatalogueRecord](self, kind: type[R], key: str) -> R:
        """A record."""
        found = self.find(kind, key)
        if found is None:
            raise NotFound(f"There is no {kind.label} `{key}`.")
        return found

    def find[R: CatalogueRecord](self, kind: type[R], key: str) -> R | None:
        """A record, None where there is none."""
        row = self._tables.get(CATALOGUE, kind.kind, safe_key(key))
        return None if row is None else _record(row, kind)

    def delete(self, kind: type[CatalogueRecord], key: str, *, etag: str | None = None) -> None:
        """Delete a record; missing is fine."""
        self._tables.delete(CATALOGUE, kind.kind, safe_key(key), etag)

    def page[R: CatalogueRecord](
        self, kind: type[R], page_size: int, continuation_token: str | None, *, prefix: str = ""
    ) -> Page[R]:
        """One page of the records whose key starts with `prefix`."""
        rows, token = self._tables.page(CATALOGUE, _query(kind, prefix), page_size, continuation_token)
        return Page(value=[_record(row, kind) for row in rows], continuation_token=token)

    def all[R: CatalogueRecord](self, kind: type[R], *, prefix: str = "") -> list[R]:
        """Every record whose key starts with `prefix`."""
        return [_record(row, kind) for row in self._tables.query(CATALOGUE, _query(kind, prefix))]


def _record[R: CatalogueRecord](row: Row, kind: type[R]) -> R:
    return decode(row, kind).model_copy(update={"etag": row.etag})


def _query(kind: type[CatalogueRecord], prefix: str) -> str:
    query = all_equal(PartitionKey=kind.kind)
    if not prefix:
        return query
    start = safe_key(prefix)
    return f"{query} and RowKey ge {literal(start)} and RowKey lt {literal(start + _AFTER_EVERY_KEY)}"
