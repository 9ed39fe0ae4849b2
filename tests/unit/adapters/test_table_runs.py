"""Crashes between the writes of the run store: nothing is lost, and doing it again completes it."""

import pytest

from shared.adapters.storage.table_runs import TableRunStore, newest_first
from shared.adapters.table_codec import Entity
from shared.adapters.tables import TableGateway
from shared.core.errors import NotFound
from shared.core.records import RunFilter, RunRecord
from shared.core.status import RunStatus

RUN = RunRecord(
    run_id="run-1", experiment="churn", pipeline="p", created_at="2026-11-23T03:00:00Z", definition_id="d", step_count=1
)
LISTS = (RunFilter(), RunFilter(experiment="churn"))


class CrashError(BaseException):
    """The process ends here."""


class CrashingGateway(TableGateway):
    """Does so many more writes, then the process ends."""

    writes_left = 10**9

    def insert(self, table: str, entity: Entity) -> str:
        self._count()
        return super().insert(table, entity)

    def upsert(self, table: str, entity: Entity) -> str:
        self._count()
        return super().upsert(table, entity)

    def replace(self, table: str, entity: Entity, etag: str) -> str:
        self._count()
        return super().replace(table, entity, etag)

    def delete(self, table: str, partition: str, row: str, etag: str | None = None) -> None:
        self._count()
        super().delete(table, partition, row, etag)

    def _count(self) -> None:
        if self.writes_left == 0:
            raise CrashError
        self.writes_left -= 1


@pytest.fixture
def tables(storage_account):
    gateway = CrashingGateway.from_connection_string(storage_account)
    yield gateway
    gateway.close()


@pytest.fixture
def runs(tables) -> TableRunStore:
    return TableRunStore(tables)


def listed(runs: TableRunStore) -> list[list[RunStatus]]:
    return [[run.status for run in runs.list_runs(run_filter, 10, None).value] for run_filter in LISTS]


@pytest.mark.parametrize("writes", range(4))
def test_creation_that_crashed_is_completed_by_doing_it_again(tables, runs, writes):
    tables.writes_left = writes
    with pytest.raises(CrashError):
        runs.create_run(RUN)
    tables.writes_left = 10**9
    existed = writes >= 2
    if existed:
        assert runs.get_run("run-1")
        assert runs.list_active_run_ids() == ["run-1"]
    else:
        with pytest.raises(NotFound):
            runs.get_run("run-1")
    assert runs.create_run(RUN) is not existed
    assert runs.list_active_run_ids() == ["run-1"]
    assert listed(runs) == [[RunStatus.NOT_STARTED]] * 2


@pytest.mark.parametrize("writes", range(4))
def test_update_that_crashed_keeps_the_run_active_until_it_is_mended(tables, runs, writes):
    runs.create_run(RUN)
    read = runs.get_run("run-1")
    tables.writes_left = writes
    with pytest.raises(CrashError):
        runs.update_run(read.model_copy(update={"status": RunStatus.FAILED}))
    tables.writes_left = 10**9
    assert runs.list_active_run_ids() == ["run-1"]
    runs.update_run(runs.get_run("run-1").model_copy(update={"status": RunStatus.FAILED}))
    assert runs.list_active_run_ids() == []
    assert listed(runs) == [[RunStatus.FAILED]] * 2


def test_creation_again_of_a_terminal_run_leaves_it_inactive_and_its_lists_fresh(runs):
    runs.create_run(RUN)
    runs.update_run(runs.get_run("run-1").model_copy(update={"status": RunStatus.FAILED}))
    assert not runs.create_run(RUN)
    assert runs.list_active_run_ids() == []
    assert listed(runs) == [[RunStatus.FAILED]] * 2


def test_writer_that_copies_last_copies_the_last_state(tables, runs):
    runs.create_run(RUN)
    running = runs.get_run("run-1").model_copy(update={"status": RunStatus.RUNNING})
    slow = CrashingGateway(tables._make_client, tables._transport)
    slow.writes_left = 1
    with pytest.raises(CrashError):
        TableRunStore(slow).update_run(running)
    held_up = runs.get_run("run-1")
    runs.update_run(held_up.model_copy(update={"status": RunStatus.FINISHED}))
    runs._refresh_index(held_up)
    assert listed(runs) == [[RunStatus.FINISHED]] * 2
    assert runs.list_active_run_ids() == []


def test_later_times_sort_first_with_or_without_fractions_and_zones():
    times = [
        "1969-07-20T00:00:00Z",
        "2026-11-23T03:00:00",
        "2026-11-23T03:00:00.000001+00:00",
        "2026-11-23T04:00:00.1+01:00",
        "9999-12-31T23:59:59Z",
    ]
    keys = [newest_first(time) for time in times]
    assert keys == sorted(keys, reverse=True)
    assert len({len(key) for key in keys}) == 1
