"""Runs and steps in tables.

`Runs` is the truth: a partition per run with its row and its steps. `RunIndex` holds copies, one in the list of all
runs, one in the list of the experiment, one in that of each thing that it came from (published pipeline, schedule,
parent step run; most runs have none of them), and a mark while the run is active. No transaction spans the two, so
the order of the writes has to survive a crash anywhere:

* create: mark, run, lists. A mark may point to a run that never came to be; a run is never without its mark.
* update: run, lists, and at a terminal status the mark goes last. While the lists may be stale, the mark is there.

So the holder of an active run id who finds the run missing may skip it, and who finds it terminal may mend the lists
and the mark with `update_run` of the record as it is.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from shared.adapters.table_codec import Entity, Row, all_equal, decode, encode, literal, safe_key
from shared.adapters.tables import TableGateway
from shared.core.errors import Conflict, NotFound
from shared.core.records import Page, RunFilter, RunRecord, StepRecord
from shared.core.status import RUN_TERMINAL

RUNS = "Runs"
RUN_INDEX = "RunIndex"
RUN_ROW = "run"
STEP_PREFIX = "step:"
AFTER_STEPS = "step;"
ALL = "all"
ACTIVE = "active"
_LISTS = {
    "parent_step_run_id": "parent",
    "schedule_id": "schedule",
    "published_pipeline_id": "pipeline",
    "experiment": "experiment",
}
"""What runs have lists by, with the prefix of the lists' partitions; those that are shorter as a rule come first."""
_FILTERED = ("pipeline", "status")
"""What lists are filtered by."""
_FIRST_TIME = datetime.min.replace(tzinfo=UTC)
_LAST_MICROSECOND = 10**18 - 1


class TableRunStore:
    """The `RunStore` port on Azure Table Storage."""

    def __init__(self, tables: TableGateway) -> None:
        self._tables = tables

    def create_run(self, run: RunRecord) -> bool:
        """Write a new run with its index rows.

        False if the run id exists; then the stored run is left alone, and index rows that an interrupted creation
        left out are added.
        """
        # All rows are made before the first is written: one that is too large must leave no mark behind.
        row, lists = encode(run, safe_key(run.run_id), RUN_ROW), _list_rows(run)
        self._tables.upsert(RUN_INDEX, _mark(run))
        try:
            self._tables.insert(RUNS, row)
        except Conflict:
            self._complete_creation(run.run_id)
            return False
        self._add_to_lists(lists)
        return True

    def get_run(self, run_id: str) -> RunRecord:
        """The run's row with its etag."""
        row = self._tables.get(RUNS, safe_key(run_id), RUN_ROW)
        if row is None:
            raise NotFound(f"There is no run {run_id}.")
        return decode(row, RunRecord).model_copy(update={"etag": row.etag})

    def update_run(self, run: RunRecord) -> RunRecord:
        """Replace the row if it still has `run.etag`; lists follow, and the mark goes at a terminal status."""
        if run.etag is None:
            raise Conflict(f"Run {run.run_id} was not read from the store; read it before you change it.")
        etag = self._tables.replace(RUNS, encode(run, safe_key(run.run_id), RUN_ROW), run.etag)
        updated = run.model_copy(update={"etag": etag})
        self._refresh_index(updated)
        return updated

    def list_runs(self, run_filter: RunFilter, page_size: int, continuation_token: str | None) -> Page[RunRecord]:
        """One page, newest first, read from the lists: a status may lag a moment; `etag` is not filled in."""
        rows, token = self._tables.page(RUN_INDEX, _query(run_filter), page_size, continuation_token)
        return Page[RunRecord](value=[decode(row, RunRecord) for row in rows], continuation_token=token)

    def list_active_run_ids(self) -> list[str]:
        """Every run that is not terminal. After a crash, also runs that never came to be or just became terminal."""
        rows = self._tables.query(RUN_INDEX, all_equal(PartitionKey=ACTIVE), ["run_id"])
        return [str(row.columns["run_id"]) for row in rows]

    def created_before(self, before: datetime, position: str, size: int) -> tuple[list[RunRecord], str | None]:
        """Up to `size` runs that were created earlier; the position is the key of the last one."""
        query = f"PartitionKey eq {literal(ALL)} and RowKey ge {literal(newest_first(before.isoformat()))}"
        if position:
            query += f" and RowKey gt {literal(position)}"
        rows, more = self._tables.page(RUN_INDEX, query, size, None)
        while more and not rows:  # the service may answer with nothing but where it goes on
            rows, more = self._tables.page(RUN_INDEX, query, size, more)
        after = str(rows[-1].columns["RowKey"]) if rows and more else None
        return [decode(row, RunRecord) for row in rows], after

    def delete_run(self, run: RunRecord) -> int:
        """Delete steps and run, then the copies; that in the list of all goes last, because it is how a run is found.

        So whoever is interrupted finds the run again, and a list shows what is not there any more for that long.
        """
        partition = safe_key(run.run_id)
        found = self._tables.query(RUNS, all_equal(PartitionKey=partition), ["RowKey"])
        self._tables.remove(RUNS, partition, [str(row.columns["RowKey"]) for row in found])
        copies = _list_rows(run)
        for entity in [*copies[1:], copies[0]]:
            self._tables.delete(RUN_INDEX, str(entity["PartitionKey"]), str(entity["RowKey"]))
        return len(found) + len(copies)

    def forget_creation(self, run_id: str, before: datetime) -> None:
        """Drop the mark of a run that never came to be, unless its creation began (again) later than `before`."""
        mark = self._tables.get(RUN_INDEX, ACTIVE, safe_key(run_id))
        if mark is None or datetime.fromisoformat(str(mark.columns["created_at"])) > before:
            return
        with suppress(Conflict):  # it is being created at this moment
            self._tables.delete(RUN_INDEX, ACTIVE, safe_key(run_id), mark.etag)

    def put_steps(self, run_id: str, steps: list[StepRecord]) -> None:
        """Insert or replace step rows; durable on return."""
        partition = safe_key(run_id)
        self._tables.put(RUNS, [encode(step, partition, _step_row(step.ordinal)) for step in steps])

    def insert_step(self, run_id: str, step: StepRecord) -> StepRecord | None:
        """Write the first row of a step; None if there is one."""
        try:
            etag = self._tables.insert(RUNS, encode(step, safe_key(run_id), _step_row(step.ordinal)))
        except Conflict:
            return None
        return step.model_copy(update={"etag": etag})

    def replace_step(self, run_id: str, step: StepRecord) -> StepRecord:
        """Replace a row that still has `step.etag`."""
        if step.etag is None:
            raise Conflict(f"Step {step.ordinal} of run {run_id} was never read, so it cannot be replaced.")
        etag = self._tables.replace(RUNS, encode(step, safe_key(run_id), _step_row(step.ordinal)), step.etag)
        return step.model_copy(update={"etag": etag})

    def get_step(self, run_id: str, ordinal: int) -> StepRecord | None:
        """A step's row, None while there is none."""
        row = self._tables.get(RUNS, safe_key(run_id), _step_row(ordinal))
        return None if row is None else _step(row)

    def get_steps(self, run_id: str) -> list[StepRecord]:
        """All step rows of a run, by ordinal."""
        only_steps = f" and RowKey ge {literal(STEP_PREFIX)} and RowKey lt {literal(AFTER_STEPS)}"
        rows = self._tables.query(RUNS, all_equal(PartitionKey=safe_key(run_id)) + only_steps)
        return [_step(row) for row in rows]

    def _complete_creation(self, run_id: str) -> None:
        """Add index rows of a run that exists; rows that are there may be newer than what we read, so they stay."""
        stored = self.get_run(run_id)
        if stored.status in RUN_TERMINAL:
            self._tables.delete(RUN_INDEX, ACTIVE, safe_key(run_id))
        self._add_to_lists(_list_rows(stored))

    def _add_to_lists(self, rows: list[Entity]) -> None:
        for entity in rows:
            try:
                self._tables.insert(RUN_INDEX, entity)
            except Conflict:  # an update came first and knows better
                continue

    def _refresh_index(self, run: RunRecord) -> None:
        """Copy a run to its lists.

        Of two writers, the earlier one may copy last. So whoever copies a status that can still change looks at
        the run again afterwards, and copies again if it changed: the last copy is always one of the last state.
        """
        while True:
            for entity in _list_rows(run):
                self._tables.upsert(RUN_INDEX, entity)
            if run.status in RUN_TERMINAL:
                self._tables.delete(RUN_INDEX, ACTIVE, safe_key(run.run_id))
                return
            latest = self.get_run(run.run_id)
            if latest.etag == run.etag:
                return
            run = latest


def newest_first(created_at: str) -> str:
    """A time as fixed-width text that sorts later times first."""
    created = datetime.fromisoformat(created_at)
    if created.tzinfo is None:
        created = created.replace(tzinfo=UTC)
    return f"{_LAST_MICROSECOND - (created - _FIRST_TIME) // timedelta(microseconds=1):018d}"


def _mark(run: RunRecord) -> Entity:
    return {
        "PartitionKey": ACTIVE,
        "RowKey": safe_key(run.run_id),
        "schema_version": run.schema_version,
        "run_id": run.run_id,
        "created_at": run.created_at,
    }


def _list_rows(run: RunRecord) -> list[Entity]:
    row = f"{newest_first(run.created_at)}-{safe_key(run.run_id)}"
    columns = _columns(run)
    lists = [ALL, *(_list(column, columns[column]) for column in _LISTS if column in columns)]
    return [encode(run, partition, row, **columns) for partition in lists]


def _columns(of: RunRecord | RunFilter) -> dict[str, str]:
    """What runs are found by, without what the run does not have or the filter does not ask for."""
    found = {column: getattr(of, column) for column in (*_LISTS, *_FILTERED)}
    return {column: str(value) for column, value in found.items() if value is not None}


def _list(column: str, value: str) -> str:
    """The partition with the runs that have this value."""
    return f"{_LISTS[column]}:{safe_key(value)}"


def _query(run_filter: RunFilter) -> str:
    """Reads the shortest list that has every run of the filter, and leaves the rest of it to the columns."""
    columns = _columns(run_filter)
    shortest = next((column for column in _LISTS if column in columns), None)
    if shortest is None:
        return all_equal(PartitionKey=ALL, **columns)
    partition = _list(shortest, columns.pop(shortest))
    return all_equal(PartitionKey=partition, **columns)


def _step_row(ordinal: int) -> str:
    return f"{STEP_PREFIX}{ordinal:05d}"


def _step(row: Row) -> StepRecord:
    return decode(row, StepRecord).model_copy(update={"etag": row.etag})
