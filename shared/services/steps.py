"""The life of a step run after its beginning: look after it, cancel it, fail it, skip it.

Every function here is called by an activity and may run twice: the step's row says what is left to do.
"""

from dataclasses import dataclass

from shared.core import explain, names
from shared.core.errors import BackendError, NotFound, PipeyardError
from shared.core.jobs import JobOutcome, JobResult, JobState
from shared.core.records import StepRecord
from shared.core.status import STEP_TERMINAL, StepStatus
from shared.ports.compute import ComputeBackend
from shared.services.child_runs import end_children
from shared.services.compute_targets import find_target, open_backend, step_limit
from shared.services.left_jobs import find_job, let_go
from shared.services.observation import compute_call, describe, job_ended
from shared.services.results import next_try_delay, publish_result, record_end
from shared.services.tries import produced_above, submit_try, with_certain_key
from shared.services.workspace import RunContext, Workspace

CHILD_WAIT_SECONDS = 1.0
"""Pause between two looks at runs that must end before a step does."""


class ServiceRefused(PipeyardError):
    """A compute service says no for good about a job that it has: the step cannot be looked after."""

    code = "service_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an activity tells the orchestrator: ids and short words only.

    Attributes:
        outcome: `ended`, `running` (look again later) or `queued` (begin again later).
        status: The step's final status, for `ended`.
        wait_seconds: When to look or begin again at the latest.
        children: Runs below the step that have to be told that they must end.
    """

    outcome: str
    status: str = ""
    wait_seconds: float = 0.0
    children: tuple[str, ...] = ()


def ended(row: StepRecord) -> Answer:
    """The answer for a step that has ended."""
    return Answer(outcome="ended", status=row.status.value)


def slots_of(workspace: Workspace, row: StepRecord) -> int | None:
    """How many jobs the row's compute target takes at once; None where that is no matter."""
    try:
        if not row.compute_target:
            return None
        step = workspace.context(row.run_id).step(row.ordinal)
        return step_limit(workspace, step, find_target(workspace, row.compute_target))
    except (NotFound, BackendError):
        return None  # It was deleted while the job ran, or is out of reach by now.


def give_back(workspace: Workspace, row: StepRecord) -> None:
    """Free what a step holds on its compute target."""
    if slots_of(workspace, row) is not None:
        workspace.slots.release(row.compute_target, names.step_run_id(row.run_id, row.ordinal))


def load_row(workspace: Workspace, context: RunContext, ordinal: int) -> StepRecord:
    """The step's row, or a fresh one where it has not begun."""
    for remembered in (context.ended, context.begun):
        if ordinal in remembered:
            return remembered[ordinal]
    return workspace.services.runs.get_step(context.run.run_id, ordinal) or fresh_row(context, ordinal)


def fresh_row(context: RunContext, ordinal: int) -> StepRecord:
    """The row of a step that has not begun."""
    return StepRecord(run_id=context.run.run_id, ordinal=ordinal, name=context.step(ordinal).name)


def check_step(workspace: Workspace, run_id: str, ordinal: int, *, canceling: bool) -> Answer:
    """Look after a step that has begun: record its end if its job has ended.

    Raises:
        BackendError: The service does not answer for now, or will not end a job that was canceled.
        ServiceRefused: Waiting mends nothing.
    """
    try:
        return _look_after(workspace, run_id, ordinal, canceling=canceling)
    except BackendError as error:
        if error.retryable or canceling:  # nobody gives up on ending what was canceled
            raise
        raise ServiceRefused(str(error)) from error


def _look_after(workspace: Workspace, run_id: str, ordinal: int, *, canceling: bool) -> Answer:
    context = workspace.context(run_id)
    row = load_row(workspace, context, ordinal)
    describe(context.run.experiment, row)
    if row.status in STEP_TERMINAL:
        return ended(row)
    if row.status is not StepStatus.RUNNING:
        return _cancel_without_job(workspace, context, row) if canceling else Answer(outcome="queued")
    backend = open_backend(workspace, row)
    if row.remote_id is None:
        row = _found_again(workspace, context, row, backend, canceling=canceling)
    if row.remote_id is None:
        return _cancel_without_job(workspace, context, row)
    remote_id = row.remote_id
    with compute_call("poll", row):
        state = backend.poll(remote_id)
    result = state.result
    if result is None:
        if canceling:
            with compute_call("cancel", row):
                backend.cancel(remote_id)
        return _goes_on(workspace, context, row, backend, state)
    children = _children_to_end(workspace, context, row, result, canceling=canceling)
    if children:
        return Answer(outcome="running", wait_seconds=CHILD_WAIT_SECONDS, children=children)
    give_back(workspace, row)
    if backend.capabilities.reads_in_place and result.outcome is JobOutcome.COMPLETED:
        row = with_certain_key(workspace, context, row, produced_above(workspace, context, ordinal))
    tried = row
    row, wait_seconds = publish_result(workspace, context, row, result, canceling=canceling)
    job_ended(context.run.experiment, tried, result, workspace.now())
    backend.forget(remote_id)
    if row.status in STEP_TERMINAL:
        return ended(row)
    return Answer(outcome="queued", wait_seconds=wait_seconds)


def _found_again(
    workspace: Workspace, context: RunContext, row: StepRecord, backend: ComputeBackend, *, canceling: bool
) -> StepRecord:
    """The row with the remote id of its job, whose submit may not have been answered.

    Submitting again is the one sure way to find a job. A step that is canceled, and that nobody takes any more, has
    none where its service knows of none: then the row stays without.
    """
    try:
        return submit_try(workspace, context, row, backend, produced_above(workspace, context, row.ordinal))
    except (NotFound, BackendError) as error:
        if error.retryable or not canceling:
            raise
    remote_id = find_job(row, backend)
    return row if remote_id is None else workspace.record(context, row.model_copy(update={"remote_id": remote_id}))


def _goes_on(
    workspace: Workspace, context: RunContext, row: StepRecord, backend: ComputeBackend, state: JobState
) -> Answer:
    """Note what the service says about a job that goes on, where that is more than that it runs, and keep its slot."""
    if backend.capabilities.reports_detail and state.detail != row.detail:
        workspace.record(context, row.model_copy(update={"detail": state.detail}))
    if (limit := slots_of(workspace, row)) is not None:
        workspace.slots.keep(row.compute_target, limit, names.step_run_id(row.run_id, row.ordinal))
    return Answer(outcome="running", wait_seconds=backend.capabilities.poll_seconds)


def _cancel_without_job(workspace: Workspace, context: RunContext, row: StepRecord) -> Answer:
    """Between two tries a step has no job, as one that was never taken; runs below it may go on nevertheless."""
    starts_runs = workspace.step_types[context.step(row.ordinal).type].starts_runs
    children = end_children(workspace, names.step_run_id(row.run_id, row.ordinal)) if starts_runs else []
    if children:
        return Answer(outcome="running", wait_seconds=CHILD_WAIT_SECONDS, children=tuple(children))
    give_back(workspace, row)
    return ended(record_end(workspace, context, row, StepStatus.CANCELED))


def _children_to_end(
    workspace: Workspace, context: RunContext, row: StepRecord, result: JobResult, *, canceling: bool
) -> tuple[str, ...]:
    """Runs below a step that must end before the step does; a step that is tried again keeps them."""
    if not workspace.step_types[context.step(row.ordinal).type].starts_runs:
        return ()
    if next_try_delay(context, row, result, canceling=canceling) is not None:
        return ()
    return tuple(end_children(workspace, names.step_run_id(row.run_id, row.ordinal)))


def cancel_step(workspace: Workspace, run_id: str, ordinal: int) -> list[str]:
    """Ask for the end of a step's job, if it has one. Done only when a later check sees that the job has ended.

    Returns:
        Runs below the step that have to be told that they must end.
    """
    context = workspace.context(run_id)
    row = load_row(workspace, context, ordinal)
    if row.status is StepStatus.RUNNING and row.remote_id is not None:
        with compute_call("cancel", row):
            open_backend(workspace, row).cancel(row.remote_id)
        if workspace.step_types[context.step(ordinal).type].starts_runs:
            return end_children(workspace, names.step_run_id(run_id, ordinal))
    return []


def fail_step(workspace: Workspace, run_id: str, ordinal: int, message: str) -> Answer:
    """Record that a step failed for a reason of Pipeyard's own, and end its job if there is one."""
    context = workspace.context(run_id)
    row = load_row(workspace, context, ordinal)
    if row.status in STEP_TERMINAL:
        return ended(row)
    message += let_go(workspace, row)
    if workspace.step_types[context.step(ordinal).type].starts_runs:
        end_children(workspace, names.step_run_id(run_id, ordinal))  # The reconciler tells them, and waits for them.
    give_back(workspace, row)
    return ended(record_end(workspace, context, row, StepStatus.FAILED, error=message))


def skip_steps(workspace: Workspace, run_id: str, skips: list[tuple[int, int]], *, canceled: bool) -> None:
    """Record steps that will never start: (step, the step whose end decided it)."""
    context = workspace.context(run_id)
    now = workspace.now().isoformat()
    rows = []
    for ordinal, because in skips:
        step = context.step(ordinal)
        reason = "the run was canceled" if canceled else _skip_reason(context, ordinal, because)
        rows.append(
            StepRecord(
                run_id=run_id,
                ordinal=ordinal,
                name=step.name,
                status=StepStatus.CANCELED if canceled else StepStatus.SKIPPED,
                explanation=explain.explain_skipped(reason),
                ended_at=now,
            )
        )
    workspace.record_ends(context, rows)


def _skip_reason(context: RunContext, ordinal: int, because: int) -> str:
    cause = context.step(because).name
    if because in context.graph.dependencies[ordinal]:
        return f"it depends on `{cause}`, which did not finish"
    return f"`{cause}` failed and the run does not continue on step failure"
