"""The orchestration of a pipeline run: starts each step the moment its own inputs are ready.

1. `prepare_run` (activity) tells which steps have ended already: those before a crash, and all that can be reused.
2. Every ready step becomes a sub-orchestration (`run_step`) whose instance id is the step run's id.
3. A step's end arrives as an external event, not as the sub-orchestration's result, because only events survive
   continue-as-new: that keeps the history short while long steps are still under way.
4. `close_run` (activity) writes the run's final status.
"""

from collections.abc import Generator
from typing import Any

from durabletask import task

from shared.core import names
from shared.core.run_schedule import Schedule, Skip, decode_graph
from shared.core.status import RunStatus, StepStatus

from . import policies

STEPS_PER_GENERATION = 8
"""Ended steps after which the history is dropped: a longer history makes each replay dearer, a shorter one costs
more generations."""


def run_pipeline(ctx: task.OrchestrationContext, payload: dict[str, Any]) -> Generator[task.Task[Any], Any, str]:
    """Run all steps of a run. `payload`: {"run_id"} at the start, plus {"graph", "state"} in later generations."""
    run_id: str = payload["run_id"]
    if "state" in payload:
        graph = payload["graph"]
        schedule = Schedule.from_state(decode_graph(graph), payload["state"])
    else:
        try:
            prepared = yield policies.call(ctx, names.PREPARE_RUN, {"run_id": run_id})
        except task.TaskFailedError as error:
            if policies.may_heal(error):
                raise
            return (yield from _give_up(ctx, run_id, error))
        graph = prepared["graph"]
        settled = {int(ordinal): StepStatus(status) for ordinal, status in prepared["settled"].items()}
        schedule = Schedule.begin(decode_graph(graph), settled)
        yield from _record_skips(ctx, run_id, schedule.sweep())

    cancel = ctx.wait_for_external_event(names.CANCEL_EVENT)
    ended = ctx.wait_for_external_event(names.STEP_ENDED_EVENT)
    handled = 0
    _start_steps(ctx, run_id, schedule)
    while not schedule.done:
        # An event that a waiter has taken already would be lost with the generation.
        unread = ended.is_complete or (cancel.is_complete and not schedule.canceling)
        if handled >= STEPS_PER_GENERATION and not unread:
            ctx.continue_as_new({"run_id": run_id, "graph": graph, "state": schedule.to_state()}, save_events=True)
            return ""
        if schedule.canceling:
            yield ended
        else:
            yield task.when_any([ended, cancel])
        if ended.is_complete:
            note = ended.get_result()
            ended = ctx.wait_for_external_event(names.STEP_ENDED_EVENT)
            handled += 1
            yield from _record_skips(ctx, run_id, schedule.settle(int(note["ordinal"]), StepStatus(note["status"])))
        elif cancel.is_complete and not schedule.canceling:
            yield from _cancel(ctx, run_id, schedule)
        _start_steps(ctx, run_id, schedule)
    status: RunStatus = schedule.final_status()
    yield from _close(ctx, {"run_id": run_id, "status": status.value})
    return status.value


def _give_up(
    ctx: task.OrchestrationContext, run_id: str, error: task.TaskFailedError
) -> Generator[task.Task[Any], Any, str]:
    """Close a run that cannot even be prepared; trying for ever would help nobody."""
    note = f"The run could not be prepared. {error.details.error_type}: {error.details.message}"
    payload = {"run_id": run_id, "status": RunStatus.FAILED.value, "error": note}
    yield from _close(ctx, payload)
    return RunStatus.FAILED.value


def _close(ctx: task.OrchestrationContext, payload: dict[str, Any]) -> Generator[task.Task[Any], Any]:
    """Write the run's end, and start telling the webhooks: those orchestrations outlive this one."""
    closed = yield policies.call(ctx, names.CLOSE_RUN, payload)
    for delivery in closed.get("deliveries", ()):
        instance_id = names.delivery_instance(delivery["delivery_id"])
        policies.start(ctx, names.DELIVER_WEBHOOK, delivery, instance_id)


def _start_steps(ctx: task.OrchestrationContext, run_id: str, schedule: Schedule) -> None:
    for ordinal in schedule.start():
        step = {"run_id": run_id, "ordinal": ordinal}
        policies.start(ctx, names.RUN_STEP, step, names.step_run_id(run_id, ordinal))


def _cancel(ctx: task.OrchestrationContext, run_id: str, schedule: Schedule) -> Generator[task.Task[Any], Any]:
    never_started = schedule.cancel()
    for ordinal in schedule.in_flight:
        ctx.send_event(names.step_run_id(run_id, ordinal), names.CANCEL_EVENT, data={})
    if never_started:
        yield policies.call(
            ctx, names.SKIP_STEPS, {"run_id": run_id, "canceled": True, "skips": [[o, o] for o in never_started]}
        )


def _record_skips(ctx: task.OrchestrationContext, run_id: str, skips: list[Skip]) -> Generator[task.Task[Any], Any]:
    if skips:
        pairs = [[skip.ordinal, skip.because] for skip in skips]
        yield policies.call(ctx, names.SKIP_STEPS, {"run_id": run_id, "canceled": False, "skips": pairs})
