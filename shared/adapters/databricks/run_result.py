"""The end of a run as a job's result, and the lines that the log gets about it."""

from datetime import UTC, datetime
from typing import Any

from shared.adapters.databricks.job_record import JobRecord
from shared.adapters.databricks.run_state import RunState
from shared.core.jobs import JobOutcome, JobResult

_FROM_LAUNCHER = (*("exit_code", "started_at", "ended_at", "wall_seconds", "cpu_seconds", "files", "warnings"),)
_MESSAGES = {
    JobOutcome.CANCELED: "The job was canceled.",
    JobOutcome.TIMED_OUT: "{what} was ended on Databricks: no end within {limit}.",
    JobOutcome.LOST: "Databricks could not carry out {what}: {words}",
    JobOutcome.FAILED: "{what} failed: {words}",
}


def result_of(
    run: dict[str, Any], state: RunState, record: JobRecord, output: dict[str, Any], left: dict[str, Any] | None
) -> JobResult:
    """The result of a run that has ended.

    Args:
        run: From `runs/get`.
        state: How it ended.
        record: What was remembered of the job.
        output: From `runs/get-output`, as far as it could be had.
        left: What the launcher left, where there was one and it got so far.
    """
    outcome = state.outcome or JobOutcome.LOST
    warnings: tuple[str, ...] = ()
    if record.launched and left is None and outcome is JobOutcome.COMPLETED:
        warnings = (f"{record.what} left no result, so files that it kept with its run are not listed.",)
    facts = {name: left[name] for name in _FROM_LAUNCHER if name in left} if left is not None else _times(run)
    return JobResult.model_validate(
        {
            "warnings": warnings,
            **facts,
            "outcome": outcome,
            "message": _message(outcome, state, record, output, left),
            "listed_outputs": record.outputs if outcome is JobOutcome.COMPLETED else (),
        }
    )


def state_lines(run: dict[str, Any], state: RunState) -> list[str]:
    """What the log says about a run's state."""
    page = run.get("run_page_url")
    return [*([f"Databricks: the run's page is {page}"] if page else []), f"Databricks: {state.detail}"]


def output_lines(output: dict[str, Any]) -> list[str]:
    """What the log gets of the output that a run left."""
    lines = []
    if output.get("logs"):
        left_out = " (the beginning is left out)" if output.get("logs_truncated") else ""
        lines += [f"Databricks: what it printed{left_out}:", str(output["logs"]).rstrip("\n")]
    result = (output.get("notebook_output") or {}).get("result")
    if result:
        lines += ["Databricks: the notebook's result:", str(result)]
    if output.get("error"):
        lines += ["Databricks: its error:", str(output["error"])]
    if output.get("error_trace"):
        lines += [str(output["error_trace"]).rstrip("\n")]
    return lines


def task_run_of(run: dict[str, Any]) -> int | None:
    """The id of the one task's own run, which has the output."""
    tasks = run.get("tasks") or [{}]
    found = tasks[0].get("run_id")
    return int(found) if found is not None else None


def _message(
    outcome: JobOutcome, state: RunState, record: JobRecord, output: dict[str, Any], left: dict[str, Any] | None
) -> str:
    if outcome is JobOutcome.COMPLETED:
        return ""
    said = (left or {}).get("message") if outcome is JobOutcome.FAILED else ""
    if said:
        return str(said)
    words = " ".join(str(output.get("error") or state.message or state.word).split())[:2000]
    what = record.what[:1].upper() + record.what[1:] if record.what.startswith("notebook ") else record.what
    limit = f"{record.timeout_seconds} s" if record.timeout_seconds is not None else "its time limit"
    return _MESSAGES.get(outcome, "").format(what=what, words=words, limit=limit)


def _times(run: dict[str, Any]) -> dict[str, Any]:
    """Start, end and length of the work itself, without the start of its cluster."""
    task = (run.get("tasks") or [run])[0]
    milliseconds = task.get("execution_duration") or run.get("run_duration") or 0
    times: dict[str, Any] = {"wall_seconds": milliseconds / 1000} if milliseconds else {}
    for name, key in (("started_at", "start_time"), ("ended_at", "end_time")):
        if run.get(key):
            times[name] = datetime.fromtimestamp(run[key] / 1000, UTC).isoformat()
    return times
