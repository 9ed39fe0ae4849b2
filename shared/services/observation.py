"""What the services tell about runs, steps and jobs. Nothing here can change how they go."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from shared.core import names
from shared.core import telemetry_names as t
from shared.core.errors import BackendError
from shared.core.jobs import JobOutcome, JobResult
from shared.core.records import ReuseEntry, RunRecord, StepRecord
from shared.core.status import RunStatus, StepStatus
from shared.telemetry import metrics, run_logger, spans

_RUN_ENDS = {
    RunStatus.FINISHED: t.RUNS_FINISHED,
    RunStatus.FAILED: t.RUNS_FAILED,
    RunStatus.CANCELED: t.RUNS_CANCELED,
}
MAX_ERROR = 4000
"""Characters of a sentence that go into a span; Application Insights keeps twice as many."""


@contextmanager
def submitting(run: RunRecord) -> Iterator[None]:
    """Around the beginning of a run: from here on the engine's spans are in the run's trace, linked to the request."""
    attributes = {t.RUN_ID: run.run_id, t.EXPERIMENT: run.experiment, t.PIPELINE: run.pipeline}
    spans.note(attributes)
    with spans.span(t.SUBMIT_SPAN, attributes, below=run.run_id):
        yield


def run_started() -> None:
    """A run was submitted."""
    metrics.record(t.RUNS_STARTED)


@contextmanager
def cancelling(run: RunRecord) -> Iterator[None]:
    """Around the request for a run's end."""
    attributes = {t.RUN_ID: run.run_id, t.EXPERIMENT: run.experiment, t.PIPELINE: run.pipeline}
    with spans.span(t.CANCEL_SPAN, attributes, below=run.run_id):
        yield


def stuck_runs(found: Mapping[str, bool]) -> None:
    """Which of the runs that are not over are stuck. While there are none, there is nothing to tell."""
    for run_id in (run_id for run_id, stuck in found.items() if stuck):
        run_logger(__name__, run_id=run_id).warning("not over, nothing under way, and nothing has happened for long")
    if found:
        metrics.record(t.RUNS_STUCK, sum(found.values()))


@contextmanager
def restarting(run_id: str) -> Iterator[None]:
    """Around a new start of a run that nobody looked after."""
    metrics.record(t.RUNS_RESTARTED)
    with spans.span(t.RESTART_SPAN, {t.RUN_ID: run_id}, below=run_id):
        yield


def run_ended(run: RunRecord) -> None:
    """A run has come to its end."""
    ended_at = run.ended_at or run.created_at
    metrics.record(_RUN_ENDS[run.status])
    metrics.record(t.RUN_SECONDS, _seconds(run.created_at, ended_at), outcome=run.status.value)
    attributes = {
        t.RUN_ID: run.run_id,
        t.EXPERIMENT: run.experiment,
        t.PIPELINE: run.pipeline,
        t.OUTCOME: run.status.value,
        t.ERROR: (run.error or "")[:MAX_ERROR],
    }
    failed = run.status is RunStatus.FAILED
    name = f"{t.RUN_SPAN} {run.pipeline}"
    spans.tell(name, run.run_id, attributes, start=run.created_at, end=ended_at, failed=failed)


def step_ended(experiment: str, row: StepRecord) -> None:
    """A step has come to its end: it ran, or something stood in for it, or it was skipped."""
    outcome = "Reused" if row.reused else row.status.value
    metrics.record(t.STEPS_ENDED, outcome=outcome)
    ended_at = row.ended_at or ""
    if row.reused:
        metrics.record(t.STEPS_REUSED)
    elif row.attempt and row.started_at:
        metrics.record(t.STEP_SECONDS, _seconds(row.started_at, ended_at), outcome=outcome)
    failed = row.status is StepStatus.FAILED
    if failed:
        log = run_logger(__name__, run_id=row.run_id, step=row.name, attempt=row.attempt)
        log.warning("failed: %s", row.error)
    name, owner = f"{t.STEP_SPAN} {row.name}", names.step_run_id(row.run_id, row.ordinal)
    begun = min(filter(None, (row.queued_at, row.started_at, *(each.started_at for each in row.attempts), ended_at)))
    attributes = {**_of_step(experiment, row), t.OUTCOME: outcome, t.ERROR: (row.error or "")[:MAX_ERROR]}
    spans.tell(name, owner, attributes, start=begun, end=ended_at, below=row.run_id, failed=failed)


def job_ended(experiment: str, row: StepRecord, result: JobResult, now: datetime) -> None:
    """A try of a step has ended; what its script tells by itself lies below this span."""
    end = result.ended_at or now.isoformat()
    attributes = {
        **_of_step(experiment, row),
        t.OUTCOME: result.outcome.value,
        t.ERROR: result.message[:MAX_ERROR] if result.outcome is not JobOutcome.COMPLETED else "",
    }
    spans.tell(
        f"{t.JOB_SPAN} {row.name}",
        names.job_name(row.run_id, row.ordinal, row.attempt),
        attributes,
        start=result.started_at or row.started_at or end,
        end=end,
        below=names.step_run_id(row.run_id, row.ordinal),
        failed=result.outcome not in {JobOutcome.COMPLETED, JobOutcome.CANCELED},
    )


def time_saved(entry: ReuseEntry) -> None:
    """An earlier result stands in for a step."""
    if entry.wall_seconds is not None:
        metrics.record(t.SECONDS_SAVED, entry.wall_seconds)


def describe(experiment: str, row: StepRecord) -> None:
    """Say which step the activity is about."""
    spans.note(_of_step(experiment, row))


def began(row: StepRecord, now: datetime) -> None:
    """A try begins that had to wait before."""
    if row.queued_at:
        metrics.record(t.QUEUE_SECONDS, _seconds(row.queued_at, now.isoformat()))


@contextmanager
def compute_call(call: str, row: StepRecord) -> Iterator[None]:
    """Around a call of a back-end about a step's job."""
    outcome = "error"
    attributes: dict[str, spans.Value] = {
        t.RUN_ID: row.run_id,
        t.STEP_RUN_ID: names.step_run_id(row.run_id, row.ordinal),
        t.STEP: row.name,
        t.ATTEMPT: row.attempt,
        t.COMPUTE_TARGET: row.compute_target,
        t.BACKEND: row.backend,
    }
    try:
        with spans.span(f"{t.COMPUTE_SPAN} {call}", attributes):
            yield
        outcome = "ok"
    except BackendError as error:
        outcome = "unavailable" if error.retryable else "refused"
        raise
    finally:
        metrics.record(t.COMPUTE_CALLS, call=call, backend=row.backend, outcome=outcome)


def _of_step(experiment: str, row: StepRecord) -> dict[str, spans.Value]:
    return {
        t.RUN_ID: row.run_id,
        t.STEP_RUN_ID: names.step_run_id(row.run_id, row.ordinal),
        t.STEP: row.name,
        t.EXPERIMENT: experiment,
        t.ATTEMPT: row.attempt,
        t.COMPUTE_TARGET: row.compute_target,
        t.BACKEND: row.backend,
    }


def _seconds(start: str, end: str) -> float:
    return max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())
