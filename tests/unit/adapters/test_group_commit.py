"""Who waits for whom, and who gets whose error, in a group commit."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from shared.adapters.group_commit import MAX_BYTES, MAX_ROWS, GroupCommitter, _Ticket
from shared.core.errors import StorageUnavailable, TooLarge


class Storage:
    """Takes a while for a write; refuses rows that are called `bad`, and everything while it is `down`."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], dict[str, str]] = {}
        self.transactions: list[int] = []
        self.singles = 0
        self.down = False
        self.writing = 0
        self.gate = threading.Event()
        self.gate.set()

    def one(self, table, row):
        self.singles += 1
        self._write(table, [row])

    def all(self, table, rows):
        assert len(rows) <= MAX_ROWS
        assert len({row["PartitionKey"] for row in rows}) == 1
        assert len({row["RowKey"] for row in rows}) == len(rows)
        self.transactions.append(len(rows))
        self._write(table, rows)

    def _write(self, table, rows):
        self.writing += 1
        assert self.gate.wait(10)
        if self.down:
            raise StorageUnavailable("down")
        if any("bad" in row["RowKey"] for row in rows):
            raise TooLarge("bad")
        for row in rows:
            self.rows[table, row["PartitionKey"], row["RowKey"]] = row


@pytest.fixture
def storage():
    return Storage()


@pytest.fixture
def committer(storage):
    return GroupCommitter(storage.one, storage.all)


def a_row(key, partition="p", value=""):
    return {"PartitionKey": partition, "RowKey": key, "value": value}


def behind_a_slow_write(storage, committer, batches):
    """Queue each batch in its own thread, in order, while a first write is under way. Returns their errors."""

    def put(rows):
        try:
            committer.put("t", rows)
        except Exception as error:  # noqa: BLE001 # handed to the test
            return error
        return None

    storage.gate.clear()
    with ThreadPoolExecutor(len(batches) + 1) as pool:
        first = pool.submit(put, [a_row("first")])
        wait_until(lambda: storage.writing == 1)
        results = []
        for number, rows in enumerate(batches):
            results.append(pool.submit(put, rows))
            wait_until(lambda number=number: len(committer._queues["t", "p"]) == number + 1)
        storage.gate.set()
        first.result(10)
        return [result.result(10) for result in results]


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_lone_caller_writes_at_once(storage, committer):
    committer.put("t", [a_row("a")])
    assert (storage.singles, storage.transactions) == (1, [])
    assert committer._queues == {}


def test_callers_who_come_meanwhile_share_a_transaction(storage, committer):
    assert behind_a_slow_write(storage, committer, [[a_row(str(number))] for number in range(20)]) == [None] * 20
    assert storage.transactions == [20]
    assert len(storage.rows) == 21
    assert committer._queues == {}


def test_single_row_needs_no_transaction(storage, committer):
    behind_a_slow_write(storage, committer, [[a_row("a")]])
    assert (storage.singles, storage.transactions) == (2, [])


def test_of_the_same_row_twice_the_later_one_stays(storage, committer):
    rows = [[a_row("same", value=str(number))] for number in range(5)]
    assert behind_a_slow_write(storage, committer, rows) == [None] * 5
    assert storage.rows["t", "p", "same"]["value"] == "4"


def test_bad_row_is_its_own_callers_error_alone(storage, committer):
    batches = [[a_row(str(number))] for number in range(8)] + [[a_row("bad"), a_row("beside")]]
    errors = behind_a_slow_write(storage, committer, batches)
    assert errors[:-1] == [None] * 8
    assert isinstance(errors[-1], TooLarge)
    assert len(storage.rows) == 10


def test_storage_that_is_down_is_asked_once_for_all(storage, committer):
    storage.down = True
    errors = behind_a_slow_write(storage, committer, [[a_row(f"{n}-{k}") for k in range(60)] for n in range(5)])
    assert all(isinstance(error, StorageUnavailable) for error in errors)
    assert storage.transactions == [MAX_ROWS]
    storage.down = False
    committer.put("t", [a_row("after")])


def test_fault_of_the_program_reaches_every_caller_and_the_queue_goes_on(storage, committer):
    def broken(table, rows):
        raise RuntimeError("bug")

    committer._write_all = broken
    errors = behind_a_slow_write(storage, committer, [[a_row(str(number))] for number in range(6)])
    assert all(isinstance(error, RuntimeError) for error in errors)
    assert committer._queues == {}
    committer.put("t", [a_row("after")])


class InterruptingFuture(Future):  # type: ignore[type-arg]
    """Interrupts its waiter as Ctrl-C would, once the result is there or at once."""

    def __init__(self, after_result):
        super().__init__()
        self.after_result = after_result
        self.interrupted = False

    def result(self, timeout=None):
        if self.interrupted:
            return super().result(timeout)
        if self.after_result:
            super().result(10)
        self.interrupted = True
        raise KeyboardInterrupt


@pytest.mark.parametrize("after_result", [False, True])
def test_interrupted_waiter_holds_nobody_up(storage, committer, after_result):
    storage.gate.clear()
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(committer.put, "t", [a_row("first")])
        wait_until(lambda: storage.writing == 1)
        interrupted = _Ticket([a_row("interrupted")], InterruptingFuture(after_result))
        committer._queues["t", "p"].append(interrupted)
        waiting = pool.submit(committer._wait, ("t", "p"), interrupted)
        if not after_result:
            with pytest.raises(KeyboardInterrupt):
                waiting.result(10)
        third = pool.submit(committer.put, "t", [a_row("third")])
        wait_until(lambda: len(committer._queues["t", "p"]) == 1 + after_result)
        storage.gate.set()
        if after_result:
            with pytest.raises(KeyboardInterrupt):
                waiting.result(10)
        first.result(10)
        third.result(10)
    assert ("t", "p", "third") in storage.rows
    assert committer._queues == {}


def test_transactions_stay_below_the_limits_of_rows_and_bytes(storage, committer):
    committer.put("t", [a_row(str(number)) for number in range(2 * MAX_ROWS + 50)])
    assert storage.transactions == [MAX_ROWS, MAX_ROWS, 50]
    storage.transactions.clear()
    committer.put("t", [a_row(f"big{number}", value="x" * (MAX_BYTES // 2 // 5)) for number in range(9)])
    assert storage.transactions == [4, 4]
    assert storage.singles == 1


def test_partitions_do_not_wait_for_each_other(storage, committer):
    storage.gate.clear()
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(committer.put, "t", [a_row("a", partition)]) for partition in ("p", "q")]
        wait_until(lambda: storage.writing == 2)
        storage.gate.set()
        for result in both:
            result.result(10)


def test_storm_loses_nothing(storage, committer):
    def work(thread):
        for number in range(50):
            committer.put("t", [a_row(f"{thread}-{number}", str(number % 3))])
            assert ("t", str(number % 3), f"{thread}-{number}") in storage.rows

    with ThreadPoolExecutor(24) as pool:
        list(pool.map(work, range(24)))
    assert len(storage.rows) == 24 * 50
    assert committer._queues == {}
