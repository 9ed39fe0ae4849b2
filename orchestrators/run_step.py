"""The orchestration of one step run: begin, wait for the end, record; try again where the step allows it.

The step's row is the truth: every activity reads it first, so each of them may run twice without harm, and this
orchestration may be started again at any point of the step's life.

Waiting ends by the job's own hint (an event) or by the next poll, whichever comes first; polls grow apart while a
job runs. After `POLLS_PER_GENERATION` polls the history is dropped.
"""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

from durabletask import task

from shared.core import names

from . import policies

POLLS_PER_GENERATION = 20
POLL_GROWTH = 1.5
LONGEST_POLL_SECONDS = 300.0
FIRST_POLL_OF_AN_END_SECONDS = 0.5


def run_step(ctx: task.OrchestrationContext, payload: dict[str, Any]) -> Generator[task.Task[Any], Any, str]:
    """Run one step to its end. `payload`: {"run_id", "ordinal"}, plus {"wait_seconds", "canceling"} when continued."""
    step = {"run_id": payload["run_id"], "ordinal": payload["ordinal"]}
    try:
        status = yield from _run_to_end(ctx, step, payload)
    except task.TaskFailedError as error:
        if policies.may_heal(error):
            raise
        # An activity failed for good, on its last try. Better a failed step than a run that waits for ever.
        note = f"{error.details.error_type}: {error.details.message}"
        status = yield policies.call(ctx, names.FAIL_STEP, {**step, "message": note})
    if status:
        ctx.send_event(step["run_id"], names.STEP_ENDED_EVENT, data={"ordinal": step["ordinal"], "status": status})
    return status


def _run_to_end(
    ctx: task.OrchestrationContext, step: dict[str, Any], payload: dict[str, Any]
) -> Generator[task.Task[Any], Any, str]:
    """Returns the final status, or "" after continue-as-new."""
    canceling: bool = payload.get("canceling", False)
    cancel = ctx.wait_for_external_event(names.CANCEL_EVENT)
    hint = ctx.wait_for_external_event(names.JOB_ENDED_EVENT)
    if "wait_seconds" in payload:
        answer = {"outcome": "running", "wait_seconds": payload["wait_seconds"]}
    else:
        answer = yield policies.call(ctx, names.BEGIN_STEP, step)
    wait_seconds = float(answer.get("wait_seconds", 0))
    polls, ending = 0, canceling
    while answer["outcome"] != "ended":
        # An event that a waiter has taken already would be lost with the generation.
        unread = hint.is_complete or (cancel.is_complete and not canceling)
        if polls >= POLLS_PER_GENERATION and answer["outcome"] == "running" and not unread:
            ctx.continue_as_new({**step, "wait_seconds": wait_seconds, "canceling": canceling}, save_events=True)
            return ""
        timer = ctx.create_timer(timedelta(seconds=wait_seconds))
        # A hint that comes late, from the try before, must not cut the pause before the next try short.
        waits: list[task.Task[Any]] = [timer] if answer["outcome"] == "queued" else [timer, hint]
        yield task.when_any(waits if canceling else [*waits, cancel])
        if not timer.is_complete:
            timer.cancel()
        if cancel.is_complete and not canceling:
            canceling, ending, wait_seconds = True, True, FIRST_POLL_OF_AN_END_SECONDS
            _tell_children(ctx, (yield policies.call(ctx, names.CANCEL_STEP, step)))
        if hint.is_complete and answer["outcome"] == "running":
            hint = ctx.wait_for_external_event(names.JOB_ENDED_EVENT)
            ending, wait_seconds = True, FIRST_POLL_OF_AN_END_SECONDS
        begins = answer["outcome"] == "queued" and not canceling
        answer = yield policies.call(
            ctx, names.BEGIN_STEP if begins else names.CHECK_STEP, step if begins else {**step, "canceling": canceling}
        )
        _tell_children(ctx, answer)
        ending = ending and answer["outcome"] == "running"
        grow = not begins and not answer.get("children")
        wait_seconds = _next_wait(answer, wait_seconds, grow=grow, ending=ending)
        polls += 1
    return str(answer["status"])


def _tell_children(ctx: task.OrchestrationContext, answer: dict[str, Any] | None) -> None:
    """Runs below a step that is about to end must end first. Whoever gets lost here, the reconciler tells."""
    for run_id in (answer or {}).get("children", ()):
        ctx.send_event(run_id, names.CANCEL_EVENT, data={})


def _next_wait(answer: dict[str, Any], last_seconds: float, *, grow: bool, ending: bool) -> float:
    """Seconds until the next look: what the activity asks for, growing from poll to poll while a job runs.

    A job whose script has ended, or that was asked to end, is looked at more often than that: its service needs some
    seconds to see it.
    """
    asked = float(answer.get("wait_seconds", 0))
    if answer["outcome"] != "running" or not grow:
        return asked
    return max(0.0 if ending else asked, min(last_seconds * POLL_GROWTH, LONGEST_POLL_SECONDS))
