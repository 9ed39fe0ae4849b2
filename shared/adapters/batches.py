"""Many rows of one partition in as few transactions as the service allows."""

from collections.abc import Callable, Iterator

from shared.core.errors import PipeyardError, StorageUnavailable

from .table_codec import Entity, entity_bytes

MAX_ROWS = 100
"""Per transaction: the service's limit."""
MAX_BYTES = 3_500_000
"""Per transaction; the service allows 4 MiB."""
BYTES_AROUND_ROW = 1_200
"""What multipart headers and type annotations add to a row."""


def write_rows(
    rows: list[Entity], write_one: Callable[[Entity], object], write_all: Callable[[list[Entity]], object]
) -> None:
    """Write rows; both callables insert or replace. All that can be written is written before an error is raised.

    Raises:
        PipeyardError: The first row's that could not be written.
    """
    failed: list[PipeyardError] = []
    for batch in _batches(rows):
        failed += _write_batch(batch, write_one, write_all)
        if any(error.retryable for error in failed):
            break  # Storage is away: do not let every batch find out for itself.
    if failed:
        raise failed[0]


def _write_batch(
    batch: list[Entity], write_one: Callable[[Entity], object], write_all: Callable[[list[Entity]], object]
) -> list[PipeyardError]:
    if len(batch) > 1:
        try:
            write_all(batch)
        except StorageUnavailable as error:
            return [error]
        except PipeyardError:
            pass  # One row spoils the transaction: write them singly to find it.
        else:
            return []
    failed: list[PipeyardError] = []
    for row in batch:
        try:
            write_one(row)
        except PipeyardError as error:
            failed.append(error)
    return failed


def _batches(rows: list[Entity]) -> Iterator[list[Entity]]:
    batch: list[Entity] = []
    size = 0
    for row in rows:
        row_size = entity_bytes(row) + BYTES_AROUND_ROW
        if batch and (len(batch) == MAX_ROWS or size + row_size > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += row_size
    if batch:
        yield batch
