"""The life of a run: prepare, close, cancel; and finding runs that nobody looks after."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.core import names
from shared.core.errors import BackendError, Conflict, NotFound
from shared.core.records import ReuseEntry, RunRecord, StepRecord
from shared.core.run_schedule import encode_graph
from shared.core.status import RUN_TERMINAL, STEP_TERMINAL, RunStatus, StepStatus
from shared.core.webhooks import PendingDelivery
from shared.ports.engine import Engine
from shared.services import resolution
from shared.services.child_runs import is_orphan
from shared.services.deliveries import write_deliveries
from shared.services.observation import cancelling, restarting, stuck_runs, time_saved
from shared.services.output_registration import register_reused_outputs
from shared.services.results import published_entry
from shared.services.run_status import change_status
from shared.services.steps import fresh_row, skip_steps
from shared.services.stuck_runs import is_stuck
from shared.services.workspace import RunContext, Workspace

REPEAT_ENDS_FOR = timedelta(minutes=5)
"""How long after a step's end the reconciler repeats the event; telling it twice does no harm."""

CREATION_TAKES = timedelta(hours=1)
"""Far longer than from a run's mark to its row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What the orchestrator needs to schedule a run.

    Attributes:
        graph: `schedule.encode_graph`'s string.
        settled: Final status by step, for the steps that have ended.
    """

    graph: str
    settled: dict[int, StepStatus]


def prepare_run(workspace: Workspace, run_id: str) -> Prepared:
    """Mark the run as running, and settle every step whose finished result can stand in right away."""
    context = workspace.context(run_id)
    run = workspace.services.runs.get_run(run_id)
    if run.status is RunStatus.NOT_STARTED:
        with suppress(Conflict):  # A cancel came first; the orchestrator will get its event.
            change_status(workspace, run_id, RunStatus.RUNNING, started_at=workspace.now().isoformat())
    rows = {row.ordinal: row for row in workspace.services.runs.get_steps(run_id)}
    ended = {ordinal: row for ordinal, row in rows.items() if row.status in STEP_TERMINAL}
    context.ended.update(ended)
    reused = _reuse_in_bulk(workspace, context, rows)
    if reused:
        workspace.record_ends(context, reused)
    settled = {ordinal: row.status for ordinal, row in context.ended.items()}
    steps = context.definition.steps
    graph = encode_graph(
        context.graph.dependencies,
        always_run=[ordinal for ordinal, step in enumerate(steps) if step.always_run],
        limit=run.max_parallel_steps or context.definition.max_parallel_steps or workspace.max_parallel_steps,
        continue_on_step_failure=run.continue_on_step_failure,
    )
    return Prepared(graph=graph, settled=settled)


def _reuse_in_bulk(workspace: Workspace, context: RunContext, rows: dict[int, StepRecord]) -> list[StepRecord]:
    """Rows of steps that need not run, found top down without starting anything.

    A step further down is only looked at once everything above it has ended well: its inputs are known then. Only
    the latest result of each step is considered; `begin_step` looks further.
    """
    now = workspace.now().isoformat()
    listings: dict[str, dict[str, tuple[int, str]]] = {}
    resolution.list_runs_outputs(workspace, list(context.latest.values()), listings)
    done = {ordinal: row for ordinal, row in context.ended.items() if row.status is StepStatus.FINISHED}
    reused: list[StepRecord] = []
    for ordinal in context.graph.order:
        if ordinal in rows or any(above not in done for above in context.graph.dependencies[ordinal]):
            continue
        row = _reuse_latest(workspace, context, ordinal, done, listings, now)
        if row is not None:
            done[ordinal] = row
            reused.append(row)
    return reused


def _reuse_latest(
    workspace: Workspace,
    context: RunContext,
    ordinal: int,
    done: dict[int, StepRecord],
    listings: dict[str, dict[str, tuple[int, str]]],
    now: str,
) -> StepRecord | None:
    step = context.step(ordinal)
    entry: ReuseEntry | None = context.latest.get(step.name)
    if entry is None or resolution.reuse_forbidden(context, step):
        return None
    produced = {above: done[above].outputs for above in resolution.producers(context, ordinal)}
    try:
        found = resolution.ingredients(workspace, context, step, produced)
    except (NotFound, BackendError):
        return None  # `begin_step` reports it.
    if found.key != entry.key or resolution.missing_outputs(workspace, entry, listings):
        return None
    warnings = register_reused_outputs(workspace, context, ordinal, entry.outputs)
    fields = resolution.reused_fields(context, ordinal, found, entry, now)
    time_saved(entry)
    return fresh_row(context, ordinal).model_copy(update={**fields, "warnings": warnings})


def close_run(workspace: Workspace, run_id: str, status: RunStatus, error: str | None = None) -> list[PendingDelivery]:
    """Write the run's final status. A run that is closed already stays as it is.

    Returns:
        Messages to webhooks that are to be delivered. They were written down before the status: a run that has
        ended is not looked after any more, so what is missing then would stay missing.
    """
    run = workspace.services.runs.get_run(run_id)
    if run.status in RUN_TERMINAL:
        return write_deliveries(workspace, run, run.status)
    if status is RunStatus.CANCELED and run.status is RunStatus.RUNNING:
        change_status(workspace, run_id, RunStatus.CANCEL_REQUESTED)
    rows = workspace.services.runs.get_steps(run_id)
    with suppress(NotFound):  # the definition is gone: that must not keep its run open for ever
        _remember_latest(workspace, workspace.context(run_id), rows)
    failed = [row for row in rows if row.status is StepStatus.FAILED]
    if failed:
        error = f"Step `{failed[0].name}` failed: {failed[0].error}"
    counts = Counter("Reused" if row.reused else row.status.value for row in rows)
    pending = write_deliveries(workspace, run, status)
    change_status(
        workspace,
        run_id,
        status,
        ended_at=workspace.now().isoformat(),
        step_counts=dict(sorted(counts.items())),
        error=error,
    )
    return pending


def _remember_latest(workspace: Workspace, context: RunContext, rows: list[StepRecord]) -> None:
    """Results of this run become the latest of their steps: what the next run is planned with and explained against.

    Written once per run instead of once per step; a result can be found by its key from the moment it is published.
    """
    entries: list[ReuseEntry] = []
    for row in rows:
        latest = context.latest.get(row.name)
        known = latest is not None and names.step_run_id(latest.run_id, latest.ordinal) == row.source
        if row.status is StepStatus.FINISHED and row.key is not None and not known:
            entry = workspace.services.reuse.find(row.key) if row.reused else None
            entry = entry or published_entry(context.run.experiment, row)
            update = {"experiment": context.run.experiment, "step_name": row.name}
            entries.append(entry.model_copy(update=update))
    workspace.services.reuse.set_latest(context.run.experiment, entries)


def cancel_run(workspace: Workspace, engine: Engine, run_id: str) -> RunRecord:
    """Ask for a run's end. It is `Canceled` once every job of it has ended.

    Raises:
        Conflict: The run has ended already.
    """
    run = workspace.services.runs.get_run(run_id)
    if run.status in RUN_TERMINAL:
        raise Conflict(f"Run {run_id} is {run.status} already; there is nothing to cancel.")
    if run.status is not RunStatus.CANCEL_REQUESTED:
        run = change_status(workspace, run_id, RunStatus.CANCEL_REQUESTED)
    with cancelling(run):
        engine.start_run(run_id)  # Does nothing where the orchestration is alive, as it should be.
        engine.raise_event(run_id, names.CANCEL_EVENT, {})
    return run


def reconcile_runs(workspace: Workspace, engine: Engine) -> list[str]:
    """Start again every run that is not over and has no live orchestration, and repeat what may have got lost.

    Returns:
        Ids of the runs that were started again.
    """
    started: list[str] = []
    stuck: dict[str, bool] = {}
    for run_id in workspace.services.runs.list_active_run_ids():
        try:
            run = workspace.services.runs.get_run(run_id)
        except NotFound:
            # Its submit was cut off before the run existed, and nothing was promised. It must not count for ever.
            workspace.services.runs.forget_creation(run_id, workspace.now() - CREATION_TAKES)
            continue
        if run.status in RUN_TERMINAL:
            workspace.services.runs.update_run(run)  # Leaves the list of active runs.
            continue
        rows = workspace.services.runs.get_steps(run_id)
        stuck[run_id] = is_stuck(run, rows, workspace.now())
        if not engine.is_alive(run_id):
            with restarting(run_id):
                engine.start_run(run_id)
            started.append(run_id)
        else:
            _mend(workspace, engine, rows, stuck=stuck[run_id])
            if stuck[run_id]:
                _begin_missed_steps(workspace, engine, run, rows)
        if is_orphan(workspace, run):
            with suppress(Conflict):
                run = change_status(workspace, run_id, RunStatus.CANCEL_REQUESTED)
        if run.status is RunStatus.CANCEL_REQUESTED:
            engine.raise_event(run_id, names.CANCEL_EVENT, {})
            # The run passes it on once; a step that was started again since then would not hear of it.
            for row in (row for row in rows if row.status not in STEP_TERMINAL):
                engine.raise_event(names.step_run_id(run_id, row.ordinal), names.CANCEL_EVENT, {})
    stuck_runs(stuck)
    return started


def _begin_missed_steps(workspace: Workspace, engine: Engine, run: RunRecord, rows: list[StepRecord]) -> None:
    """Steps that are due and have no row, since their orchestrations died before there was one."""
    context = workspace.context(run.run_id)
    statuses = {row.ordinal: row.status for row in rows}
    missed = []
    for ordinal, step in enumerate(context.definition.steps):
        enough = STEP_TERMINAL if step.always_run else {StepStatus.FINISHED}
        due = all(statuses.get(above) in enough for above in context.graph.dependencies[ordinal])
        if due and ordinal not in statuses and not engine.is_alive(names.step_run_id(run.run_id, ordinal)):
            missed.append(ordinal)
    if run.status is RunStatus.CANCEL_REQUESTED:
        skip_steps(workspace, run.run_id, [(ordinal, ordinal) for ordinal in missed], canceled=True)
        return
    for ordinal in missed:
        engine.start_step(run.run_id, ordinal)


def _mend(workspace: Workspace, engine: Engine, rows: list[StepRecord], *, stuck: bool) -> None:
    """A live run may have lost one of its steps' orchestrations, or the event that told of a step's end."""
    now = workspace.now()
    for row in rows:
        if row.status not in STEP_TERMINAL:
            if not engine.is_alive(names.step_run_id(row.run_id, row.ordinal)):
                engine.start_step(row.run_id, row.ordinal)
        elif row.ended_at is not None and (stuck or now - datetime.fromisoformat(row.ended_at) < REPEAT_ENDS_FOR):
            event: dict[str, str | int] = {"ordinal": row.ordinal, "status": row.status.value}
            engine.raise_event(row.run_id, names.STEP_ENDED_EVENT, event)
