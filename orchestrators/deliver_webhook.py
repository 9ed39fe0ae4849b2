"""The orchestration of one delivery: tries, waits, tries again, until the activity says that it is over.

The delivery's row is the truth, so this may be started again at any moment.
"""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

from durabletask import task

from shared.core import names

from . import policies


def deliver_webhook(ctx: task.OrchestrationContext, payload: dict[str, Any]) -> Generator[task.Task[Any], Any, str]:
    """Deliver one message. `payload`: {"webhook_id", "delivery_id"}."""
    now = ctx.wait_for_external_event(names.SEND_NOW_EVENT)
    while True:
        answer = yield policies.call(ctx, names.SEND_WEBHOOK, payload)
        if answer["outcome"] == "ended":
            return "ended"
        timer = ctx.create_timer(timedelta(seconds=float(answer["wait_seconds"])))
        yield task.when_any([timer, now])
        if not timer.is_complete:
            timer.cancel()
        if now.is_complete:
            now = ctx.wait_for_external_event(names.SEND_NOW_EVENT)
