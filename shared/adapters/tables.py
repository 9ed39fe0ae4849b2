"""Azure Table Storage as the stores use it: few operations, our errors, tables that appear when first written to."""

import threading
from collections.abc import Callable
from typing import Any, Self, cast

from azure.core import MatchConditions
from azure.core.credentials import AzureNamedKeyCredential, TokenCredential
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.data.tables import TableClient, TableEntity, UpdateMode

from shared.core.errors import NotFound

from .azure_errors import error_code, translate, translated
from .azure_transport import RETRIES, PooledTransport, TransactionCounter, require_account_key
from .batches import MAX_ROWS, write_rows
from .table_codec import Entity, Row, bad_token, open_token, seal_token
from .table_transactions import TableTransactions

MAX_PAGE_ROWS = 1000
"""The service gives no more rows at once."""
MAX_EMPTY_PAGES = 8
"""How often a page is asked for again because a filter left nothing of it."""
RETRIED_METHODS = frozenset({"POST"})
"""For inserts, which the SDK would not send again when a connection breaks."""


class TableGateway:
    """Rows by table, partition and key. Safe for many threads; one per process is enough for all stores."""

    def __init__(self, make_client: Callable[[str], TableClient], transport: PooledTransport) -> None:
        self._make_client = make_client
        self._transport = transport
        self._transactions: TableTransactions | None = None
        self._clients: dict[str, TableClient] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_connection_string(cls, connection_string: str, counter: TransactionCounter | None = None) -> Self:
        """Tables of an account by its key: Azurite and tests."""
        require_account_key(connection_string)
        options = _options(counter)
        return cls(
            lambda table: TableClient.from_connection_string(connection_string, table, **options), options["transport"]
        )

    @classmethod
    def from_identity(
        cls, table_endpoint: str, credential: TokenCredential, counter: TransactionCounter | None = None
    ) -> Self:
        """Tables of an account by the app's identity."""
        options = _options(counter)
        return cls(
            lambda table: TableClient(table_endpoint, table, credential=credential, **options), options["transport"]
        )

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def insert(self, table: str, entity: Entity) -> str:
        """Write a new row and return its etag.

        Raises:
            Conflict: The row exists. When an answer was lost and the SDK asked again, it may be this very row.
        """
        options = {"response_preference": "return-no-content", "retry_on_methods": RETRIED_METHODS}
        return self._write(table, entity, lambda client: client.create_entity(entity, **options))

    def upsert(self, table: str, entity: Entity) -> str:
        """Insert or replace a row and return its etag."""
        return self._write(table, entity, lambda client: client.upsert_entity(entity, UpdateMode.REPLACE))

    def replace(self, table: str, entity: Entity, etag: str) -> str:
        """Replace a row that still has `etag` and return the new one.

        Raises:
            Conflict: The row changed.
            NotFound: There is no such row.
        """
        with translated(_name(table, entity)):
            metadata = self._client(table).update_entity(
                entity, UpdateMode.REPLACE, etag=etag, match_condition=MatchConditions.IfNotModified
            )
        return str(metadata["etag"])

    def put(self, table: str, rows: list[Entity]) -> None:
        """Insert or replace rows of one partition, in few transactions; durable on return."""
        write_rows(rows, lambda row: self.upsert(table, row), lambda batch: self._transact(table, batch))

    def get(self, table: str, partition: str, row: str) -> Row | None:
        """A row, None where there is none."""
        with translated(f"Row {row} of {partition} in table {table}"):
            try:
                entity = self._client(table).get_entity(partition, row)
            except ResourceNotFoundError:
                return None
        return _row(entity)

    def delete(self, table: str, partition: str, row: str, etag: str | None = None) -> None:
        """Delete a row; missing is fine.

        Raises:
            Conflict: `etag` is given and the row has another one.
        """
        condition: dict[str, Any] = {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
        with translated(f"Row {row} of {partition} in table {table}"):
            self._client(table).delete_entity(partition, row, **condition)

    def remove(self, table: str, partition: str, rows: list[str]) -> None:
        """Delete rows of one partition, in few transactions; missing ones are fine."""
        for start in range(0, len(rows), MAX_ROWS):
            batch = rows[start : start + MAX_ROWS]
            try:
                self._transactions_of(self._client(table)).delete(table, partition, batch)
            except NotFound:  # one of them was not there, so none was deleted
                for row in batch:
                    self.delete(table, partition, row)

    def query(self, table: str, query: str, columns: list[str] | None = None) -> list[Row]:
        """Every row that an OData filter selects, by partition and key; with `columns`, only those."""
        with translated(f"Rows of table {table}"):
            try:
                return [_row(entity) for entity in self._client(table).query_entities(query, select=columns)]
            except ResourceNotFoundError:
                return []

    def page(self, table: str, query: str, size: int, token: str | None) -> tuple[list[Row], str | None]:
        """Up to `size` rows and the token for the next ones, None at the end.

        A page may be short, and empty if the filter finds nothing for long.

        Raises:
            InvalidDocument: The token is not one of this query.
        """
        position = open_token(token, query) if token is not None else None
        pages = (
            self._client(table)
            .query_entities(query, results_per_page=max(1, min(size, MAX_PAGE_ROWS)))
            .by_page(continuation_token=position)  # type: ignore[arg-type]  # the SDK's tokens are dicts
        )
        rows: list[Row] = []
        try:
            for _ in range(MAX_EMPTY_PAGES):
                rows = [_row(entity) for entity in next(pages, ())]
                if rows or not pages.continuation_token:  # type: ignore[attr-defined]
                    break
        except ResourceNotFoundError:
            return [], None
        except HttpResponseError as error:
            if error.status_code == 400 and token is not None:  # noqa: PLR2004 # Bad Request
                raise bad_token() from error
            raise translate(error, f"Rows of table {table}") from error
        except AzureError as error:
            raise translate(error, f"Rows of table {table}") from error
        after = pages.continuation_token  # type: ignore[attr-defined]
        return rows, seal_token(after, query) if after else None

    def _transact(self, table: str, rows: list[Entity]) -> None:
        """Insert or replace up to 100 rows of one partition: all of them or none."""
        client = self._client(table)
        transactions = self._transactions_of(client)
        try:
            transactions.upsert(table, rows)
        except NotFound:
            with translated(f"Table {table}"):
                self._create(client)
            transactions.upsert(table, rows)

    def _transactions_of(self, client: TableClient) -> TableTransactions:
        if self._transactions is None:
            credential = cast("AzureNamedKeyCredential | TokenCredential", client.credential)  # signatures are refused
            self._transactions = TableTransactions(client.url, credential, self._transport)
        return self._transactions

    def _write(self, table: str, entity: Entity, call: Callable[[TableClient], dict[str, Any]]) -> str:
        """Run a write that does not need the row to exist; NotFound can only mean that the table is missing."""
        client = self._client(table)
        with translated(_name(table, entity)):
            try:
                metadata = call(client)
            except HttpResponseError as error:
                if not isinstance(translate(error, table), NotFound):
                    raise
                self._create(client)
                metadata = call(client)
        return str(metadata.get("etag", ""))

    @staticmethod
    def _create(client: TableClient) -> None:
        try:
            client.create_table()
        except ResourceExistsError as error:
            if error_code(error) == "TableBeingDeleted":
                raise

    def _client(self, table: str) -> TableClient:
        client = self._clients.get(table)
        if client is None:
            with self._lock:
                client = self._clients.setdefault(table, self._make_client(table))
        return client


def _options(counter: TransactionCounter | None) -> dict[str, Any]:
    return {"transport": PooledTransport("table", counter), "retry_total": RETRIES, "logging_enable": False}


def _row(entity: TableEntity) -> Row:
    return Row(columns=entity, etag=str(entity.metadata["etag"]))


def _name(table: str, entity: Entity) -> str:
    return f"Row {entity['RowKey']} of {entity['PartitionKey']} in table {table}"
