"""Waits until files have stopped arriving for a schedule. The first one starts it: while none come, nothing ticks."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

from durabletask import task

from shared.core import names

from . import policies

LOOKS_PER_GENERATION = 50


def collect_arrivals(ctx: task.OrchestrationContext, payload: dict[str, Any]) -> Generator[task.Task[Any], Any, str]:
    """The orchestrator; its input is `{"schedule_id"}`."""
    for _ in range(LOOKS_PER_GENERATION):
        answer = yield policies.call(ctx, names.START_WINDOW, {"schedule_id": payload["schedule_id"]})
        wait = answer["wait_seconds"]
        if wait is None:
            return ""
        if wait > 0:
            yield ctx.create_timer(timedelta(seconds=wait))
    ctx.continue_as_new(payload)
    return ""
