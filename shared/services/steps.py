"""The life of a step run after its beginning: look after it, cancel it, fail it, skip it.

Every function here is called by an activity and may run twice: the step's row says what is left to do.
"""

from dataclasses import dataclass

from shared.core import explain
from shared.core.errors import NotFound
from shared.core.records import StepRecord
from shared.core.status import STEP_TERMINAL, StepStatus
from shared.ports.compute import ComputeBackend
from shared.services.results import publish_result, record_end
from shared.services.tries import produced_above, submit_try
from shared.services.workspace import RunContext, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an activity tells the orchestrator: ids and short words only.

    Attributes:
        outcome: `ended`, `running` (look again later) or `queued` (begin again later).
        status: The step's final status, for `ended`.
        wait_seconds: When to look or begin again at the latest.
    """

    outcome: str
    status: str = ""
    wait_seconds: float = 0.0


def ended(row: StepRecord) -> Answer:
    """The answer for a step that has ended."""
    return Answer(outcome="ended", status=row.status.value)


def backend_of(workspace: Workspace, context: RunContext, ordinal: int) -> ComputeBackend:
    """The backend behind the step's compute target.

    Raises:
        NotFound: The workspace has no such compute target.
    """
    target = context.step(ordinal).compute_target or context.definition.default_compute_target
    try:
        return workspace.services.backends[target]
    except KeyError:
        known = ", ".join(f"`{name}`" for name in workspace.services.backends) or "none"
        raise NotFound(f"There is no compute target `{target}`; the workspace has {known}.") from None


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
    """Look after a step that has begun: record its end if its job has ended."""
    context = workspace.context(run_id)
    row = load_row(workspace, context, ordinal)
    if row.status in STEP_TERMINAL:
        return ended(row)
    if row.status is not StepStatus.RUNNING:
        if canceling:
            return ended(record_end(workspace, context, row, StepStatus.CANCELED))
        return Answer(outcome="queued", wait_seconds=0)
    backend = backend_of(workspace, context, ordinal)
    if row.remote_id is None:
        row = submit_try(workspace, context, row, backend, produced_above(workspace, context, ordinal))
    remote_id = row.remote_id or ""
    result = backend.poll(remote_id).result
    if result is None:
        if canceling:
            backend.cancel(remote_id)
        return Answer(outcome="running", wait_seconds=backend.capabilities.poll_seconds)
    row, wait_seconds = publish_result(workspace, context, row, result, canceling=canceling)
    backend.forget(remote_id)
    if row.status in STEP_TERMINAL:
        return ended(row)
    return Answer(outcome="queued", wait_seconds=wait_seconds)


def cancel_step(workspace: Workspace, run_id: str, ordinal: int) -> None:
    """Ask for the end of a step's job, if it has one. Done only when a later check sees that the job has ended."""
    context = workspace.context(run_id)
    row = load_row(workspace, context, ordinal)
    if row.status is StepStatus.RUNNING and row.remote_id is not None:
        backend_of(workspace, context, ordinal).cancel(row.remote_id)


def fail_step(workspace: Workspace, run_id: str, ordinal: int, message: str) -> Answer:
    """Record that a step failed for a reason of Pipeyard's own, and end its job if there is one."""
    context = workspace.context(run_id)
    row = load_row(workspace, context, ordinal)
    if row.status in STEP_TERMINAL:
        return ended(row)
    if row.status is StepStatus.RUNNING and row.remote_id is not None:
        backend_of(workspace, context, ordinal).cancel(row.remote_id)
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
