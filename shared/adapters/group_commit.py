"""Group commit: rows that many threads write into one partition at the same time share transactions.

The first caller writes at once and alone. Callers who come meanwhile queue; when the write is done, the oldest of
them writes everything that queued, for all. Nobody waits for company, so a lone caller pays nothing.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

from shared.core.errors import PipeyardError, StorageUnavailable

from .table_codec import Entity, entity_bytes

MAX_ROWS = 100
"""Per transaction: the service's limit."""
MAX_BYTES = 3_500_000
"""Per transaction; the service allows 4 MiB."""
BYTES_AROUND_ROW = 1_200
"""What multipart headers and type annotations add to a row."""


@dataclass(slots=True, eq=False)
class _Ticket:
    """A caller's rows. `turn` gives False when they are written, True when the caller shall write for all."""

    rows: list[Entity]
    turn: "Future[bool]" = field(default_factory=Future)
    error: BaseException | None = None


class GroupCommitter:
    """Writes rows through `write_one` and `write_all` (one transaction in one partition; both insert or replace)."""

    def __init__(
        self, write_one: Callable[[str, Entity], object], write_all: Callable[[str, list[Entity]], object]
    ) -> None:
        self._write_one = write_one
        self._write_all = write_all
        self._lock = threading.Lock()
        self._queues: dict[tuple[str, str], list[_Ticket]] = {}

    def put(self, table: str, rows: list[Entity]) -> None:
        """Insert or replace rows of one partition; durable on return. Of the same row twice, the later one stays.

        Raises:
            PipeyardError: Some of these rows could not be written (rows of other callers do not matter).
        """
        if not rows:
            return
        place = (table, str(rows[0]["PartitionKey"]))
        ticket = _Ticket(rows)
        with self._lock:
            queue = self._queues.get(place)
            if queue is None:
                self._queues[place] = [ticket]
            else:
                queue.append(ticket)
        if queue is None or self._wait(place, ticket):
            self._lead(place)
        if ticket.error is not None:
            raise ticket.error

    def _wait(self, place: tuple[str, str], ticket: _Ticket) -> bool:
        """Wait until our rows are written (False) or it is up to us to write (True)."""
        try:
            return ticket.turn.result()
        except BaseException:  # the waiting thread was interrupted: nobody may wait for it
            with self._lock:
                queue = self._queues.get(place, [])
                if ticket in queue:
                    queue.remove(ticket)
                if ticket.turn.done() and ticket.turn.result():
                    self._pass_on(place)
            raise

    def _pass_on(self, place: tuple[str, str]) -> None:
        """Tell the oldest waiting caller to lead; the lock is held."""
        waiting = self._queues[place]
        if waiting:
            waiting[0].turn.set_result(True)
        else:
            del self._queues[place]

    def _lead(self, place: tuple[str, str]) -> None:
        """Write everything that is queued (our own rows are among it), then pass the lead on."""
        with self._lock:
            batch = self._queues[place]
            self._queues[place] = []
        try:
            self._write(place[0], batch)
        except BaseException as error:
            for ticket in batch:
                ticket.error = ticket.error or error
            raise
        finally:
            with self._lock:
                self._pass_on(place)
            for ticket in batch:
                if not ticket.turn.done():  # the leader's own may be: it was told to lead
                    ticket.turn.set_result(False)

    def _write(self, table: str, batch: list[_Ticket]) -> None:
        rows = {row["RowKey"]: row for ticket in batch for row in ticket.rows}
        failed: dict[str | int, PipeyardError] = {}
        for chunk in _chunks(list(rows.values())):
            down = next((error for error in failed.values() if error.retryable), None)
            if down is not None:  # storage is away: do not let every row find out for itself
                failed.update((row["RowKey"], down) for row in chunk)
            else:
                failed.update(self._write_chunk(table, chunk))
        if failed:
            for ticket in batch:
                ticket.error = next((failed[row["RowKey"]] for row in ticket.rows if row["RowKey"] in failed), None)

    def _write_chunk(self, table: str, chunk: list[Entity]) -> dict[str | int, PipeyardError]:
        if len(chunk) > 1:
            try:
                self._write_all(table, chunk)
            except StorageUnavailable as error:
                return {row["RowKey"]: error for row in chunk}
            except PipeyardError:
                pass  # one row spoils the transaction: write them singly to find it
            else:
                return {}
        failed: dict[str | int, PipeyardError] = {}
        for row in chunk:
            try:
                self._write_one(table, row)
            except PipeyardError as error:
                failed[row["RowKey"]] = error
        return failed


def _chunks(rows: list[Entity]) -> Iterator[list[Entity]]:
    chunk: list[Entity] = []
    size = 0
    for row in rows:
        row_size = entity_bytes(row) + BYTES_AROUND_ROW
        if chunk and (len(chunk) == MAX_ROWS or size + row_size > MAX_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += row_size
    yield chunk
