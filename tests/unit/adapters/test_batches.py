"""Rows are written in batches within the service's limits, and one bad row spoils no other."""

import pytest

from shared.adapters.batches import MAX_BYTES, MAX_ROWS, write_rows
from shared.core.errors import Conflict, StorageUnavailable, TooLarge


def row(number, size=10):
    return {"PartitionKey": "p", "RowKey": str(number), "body0": "x" * size}


class Storage:
    """Records what is written; refuses the rows it is told to, and any transaction with one of them."""

    def __init__(self, bad=(), error=TooLarge):
        self.bad, self.error = set(bad), error
        self.written, self.transactions = {}, []

    def one(self, entity):
        if entity["RowKey"] in self.bad:
            raise self.error(entity["RowKey"])
        self.written[entity["RowKey"]] = entity

    def all(self, entities):
        self.transactions.append(len(entities))
        if self.bad & {entity["RowKey"] for entity in entities}:
            raise self.error("transaction")
        self.written.update({entity["RowKey"]: entity for entity in entities})


@pytest.mark.parametrize(("count", "transactions"), [(0, []), (1, []), (2, [2]), (250, [MAX_ROWS, MAX_ROWS, 50])])
def test_rows_share_transactions_and_a_lone_row_needs_none(count, transactions):
    storage = Storage()
    write_rows([row(number) for number in range(count)], storage.one, storage.all)
    assert len(storage.written) == count
    assert storage.transactions == transactions


def test_a_transaction_stays_below_the_limit_of_bytes():
    storage = Storage()
    write_rows([row(number, MAX_BYTES // 5) for number in range(4)], storage.one, storage.all)
    assert len(storage.written) == 4
    assert max(storage.transactions, default=1) < 4


def test_one_bad_row_spoils_no_other_and_is_reported():
    storage = Storage(bad={"120"}, error=Conflict)
    with pytest.raises(Conflict, match="120"):
        write_rows([row(number) for number in range(200)], storage.one, storage.all)
    assert len(storage.written) == 199


def test_storage_that_is_away_is_not_asked_row_by_row():
    storage = Storage(bad={"0"}, error=StorageUnavailable)
    with pytest.raises(StorageUnavailable):
        write_rows([row(number) for number in range(300)], storage.one, storage.all)
    assert storage.transactions == [MAX_ROWS]
