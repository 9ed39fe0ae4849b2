"""How orchestrators call activities: with an explicit input and a bounded number of tries.

The engine retries every exception alike, so activities return what is permanent as a value and raise only what
waiting may mend (and bugs, which then fail after the last try).
"""

from datetime import timedelta
from typing import Any

from durabletask import task

_RETRY = task.RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    max_number_of_attempts=6,
    backoff_coefficient=2,
    max_retry_interval=timedelta(seconds=30),
)


def may_heal(error: task.TaskFailedError) -> bool:
    """Whether an activity gave up because storage or a backend was away: the reconciler will try again later."""
    return error.details.error_type.rpartition(".")[2] in {"StorageUnavailable", "BackendError"}


def start(ctx: task.OrchestrationContext, orchestrator: str, payload: dict[str, Any], instance_id: str) -> None:
    """Start an orchestration below this one, of the same version: a run ends on the code path on which it began."""
    ctx.call_sub_orchestrator(orchestrator, input=payload, instance_id=instance_id, version=ctx.version)


def call(ctx: task.OrchestrationContext, activity: str, payload: dict[str, Any]) -> task.Task[Any]:
    """Call an activity by name."""
    return ctx.call_activity(activity, input=payload, retry_policy=_RETRY)
