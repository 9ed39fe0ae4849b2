"""What the LeaseStore port promises, and what slots make of it: never one too many, none lost for ever."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.storage.table_leases import TableLeaseStore
from shared.adapters.tables import TableGateway
from shared.core.leases import Lease, slot_row
from shared.ports.leases import LeaseStore
from shared.services.slots import QUEUE_VALIDITY, RENEW_BEFORE, SLOT_VALIDITY, Occupied, Slots
from tests.fakes.clocks import SetClock

START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START)


@pytest.fixture
def store(storage_account: str) -> Iterator[LeaseStore]:
    tables = TableGateway.from_connection_string(storage_account)
    yield TableLeaseStore(tables)
    tables.close()


@pytest.fixture
def slots(store: LeaseStore, clock: SetClock) -> Slots:
    return Slots(store, clock.now)


def lease(slot: int, holder: str, target: str = "cluster") -> Lease:
    return Lease(target=target, row=slot_row(slot), holder=holder, expires_at=START.isoformat())


def holders(store: LeaseStore, target: str = "cluster") -> dict[str, str]:
    return {row.row: row.holder for row in store.of_target(target)}


def test_rows_change_only_for_whoever_knows_them(store: LeaseStore) -> None:
    assert store.of_target("cluster") == []
    first = store.insert(lease(0, "a"))
    assert first is not None
    assert store.insert(lease(0, "b")) is None
    assert store.insert(lease(0, "b", target="Cluster 2/ü")) is not None
    assert store.of_target("cluster") == [first]
    second = store.replace(first.model_copy(update={"holder": "b"}))
    assert second is not None
    assert store.replace(first) is None
    assert not store.delete(first)
    assert holders(store) == {"slot:00000": "b"}
    assert store.delete(second)
    assert store.delete(second), "missing is fine"
    assert store.replace(second) is None
    assert store.of_target("cluster") == []


def test_there_are_never_more_than_there_are(store: LeaseStore, clock: SetClock) -> None:
    start = threading.Barrier(12)

    def take(number: int) -> bool:
        own = Slots(store, clock.now)  # a process of its own
        start.wait(60)
        return own.take("cluster", 3, f"step-{number}") is None

    with ThreadPoolExecutor(12) as pool:
        taken = list(pool.map(take, range(12)))
    assert sum(taken) <= 3
    slot_holders = [row.holder for row in store.of_target("cluster") if row.is_slot]
    assert sorted(slot_holders) == sorted(f"step-{number}" for number, got in enumerate(taken) if got)


def test_two_that_want_the_last_one(store: LeaseStore, clock: SetClock) -> None:
    for round_ in range(5):
        target, start = f"cluster-{round_}", threading.Barrier(2)

        def take(holder: str, target: str = target, start: threading.Barrier = start) -> Occupied | None:
            own = Slots(store, clock.now)
            start.wait(60)
            return own.take(target, 1, holder)

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(take, ("a", "b")))
        assert answers.count(None) == 1


def test_taking_again_is_having_it(slots: Slots, store: LeaseStore, clock: SetClock) -> None:
    assert slots.take("cluster", 1, "a") is None
    assert slots.take("cluster", 1, "a") is None
    assert Slots(store, clock.now).take("cluster", 1, "a") is None
    assert holders(store) == {"slot:00000": "a"}
    slots.release("cluster", "a")
    slots.release("cluster", "a")
    assert holders(store) == {}


def test_slots_go_round_in_the_order_of_the_queue(slots: Slots, store: LeaseStore, clock: SetClock) -> None:
    assert slots.take("cluster", 1, "a") is None
    assert slots.take("cluster", 1, "b") == Occupied(taken=1, limit=1, ahead=0)
    clock.advance(timedelta(seconds=1))
    assert slots.take("cluster", 1, "c") == Occupied(taken=1, limit=1, ahead=1)
    slots.release("cluster", "a")
    assert slots.take("cluster", 1, "c") == Occupied(taken=0, limit=1, ahead=1), "it is not its turn"
    assert slots.take("cluster", 1, "d") == Occupied(taken=0, limit=1, ahead=2)
    assert slots.take("cluster", 1, "b") is None
    assert holders(store)["slot:00000"] == "b"
    slots.release("cluster", "b")
    assert slots.take("cluster", 2, "c") is None
    assert slots.take("cluster", 2, "d") is None, "with a second slot nobody waits"
    assert {row.holder for row in store.of_target("cluster")} == {"c", "d"}


def test_whoever_left_the_queue_without_a_word_holds_nobody_up(
    slots: Slots, store: LeaseStore, clock: SetClock
) -> None:
    slots.take("cluster", 1, "a")
    slots.take("cluster", 1, "gone")
    slots.release("cluster", "a")
    assert slots.take("cluster", 1, "b") == Occupied(taken=0, limit=1, ahead=1)
    clock.advance(QUEUE_VALIDITY)
    assert slots.take("cluster", 1, "b") is None


def test_whoever_waits_and_looks_keeps_the_place(slots: Slots, clock: SetClock) -> None:
    slots.take("cluster", 1, "a")
    slots.take("cluster", 1, "first")
    for _ in range(6):
        clock.advance(QUEUE_VALIDITY / 3)
        assert slots.take("cluster", 1, "first") == Occupied(taken=1, limit=1, ahead=0)
        slots.keep("cluster", 1, "a")
    assert slots.take("cluster", 1, "second") == Occupied(taken=1, limit=1, ahead=1)


def test_a_slot_that_nobody_renews_is_taken_over(slots: Slots, store: LeaseStore, clock: SetClock) -> None:
    assert slots.take("cluster", 1, "crashed") is None
    clock.advance(SLOT_VALIDITY - timedelta(seconds=1))
    assert slots.take("cluster", 1, "b") is not None
    clock.advance(timedelta(seconds=1))
    assert slots.take("cluster", 1, "b") is None
    assert {row.holder for row in store.of_target("cluster")} == {"b"}
    slots.release("cluster", "crashed")
    assert {row.holder for row in store.of_target("cluster")} == {"b"}, "what is somebody else's stays"


def test_a_job_that_is_looked_after_keeps_its_slot(slots: Slots, store: LeaseStore, clock: SetClock) -> None:
    slots.take("cluster", 1, "a")
    for _ in range(10):
        clock.advance(timedelta(minutes=5))
        slots.keep("cluster", 1, "a")
        assert Slots(store, clock.now).take("cluster", 1, "b") is not None


def test_a_slot_is_renewed_only_when_it_is_time(slots: Slots, store: LeaseStore, clock: SetClock) -> None:
    slots.take("cluster", 1, "a")
    before = store.of_target("cluster")
    clock.advance(SLOT_VALIDITY - RENEW_BEFORE - timedelta(seconds=1))
    slots.keep("cluster", 1, "a")
    assert store.of_target("cluster") == before
    clock.advance(timedelta(seconds=1))
    slots.keep("cluster", 1, "a")
    assert store.of_target("cluster") != before


def test_a_job_that_outlived_its_slot_goes_on_and_takes_one_when_there_is_one(
    slots: Slots, store: LeaseStore, clock: SetClock
) -> None:
    slots.take("cluster", 1, "long")
    clock.advance(SLOT_VALIDITY)
    other = Slots(store, clock.now)
    assert other.take("cluster", 1, "b") is None
    slots.keep("cluster", 1, "long")
    assert holders(store) == {"slot:00000": "b"}, "one job too many for a while"
    other.release("cluster", "b")
    slots.keep("cluster", 1, "long")
    assert holders(store) == {"slot:00000": "long"}


def test_a_slot_that_another_process_renewed_is_still_given_back(
    slots: Slots, store: LeaseStore, clock: SetClock
) -> None:
    slots.take("cluster", 1, "a")
    clock.advance(timedelta(minutes=6))
    Slots(store, clock.now).keep("cluster", 1, "a")
    slots.release("cluster", "a")
    assert holders(store) == {}


def test_fewer_slots_than_before_end_no_job(slots: Slots, store: LeaseStore) -> None:
    for holder in ("a", "b", "c"):
        assert slots.take("cluster", 3, holder) is None
    assert slots.take("cluster", 1, "d") == Occupied(taken=3, limit=1, ahead=0)
    slots.release("cluster", "a")
    assert slots.take("cluster", 1, "d") == Occupied(taken=2, limit=1, ahead=0), "the two others still count"
    assert slots.taken("cluster") == 2
