"""What a run's state on Databricks means for the try that it is."""

from dataclasses import dataclass
from typing import Any

from shared.core.jobs import JobOutcome

_COMPLETED, _FAILED, _CANCELED = JobOutcome.COMPLETED, JobOutcome.FAILED, JobOutcome.CANCELED
_LOST, _TIMED_OUT = JobOutcome.LOST, JobOutcome.TIMED_OUT

OUTCOMES_BY_CODE = {
    "SUCCESS": _COMPLETED,
    "SUCCESS_WITH_FAILURES": _FAILED,
    "USER_CANCELED": _CANCELED,
    # By the platform. A time-out is told apart by its result state.
    "CANCELED": _LOST,
    "RUN_EXECUTION_ERROR": _FAILED,
    "INVALID_CLUSTER_REQUEST": _FAILED,
    "INVALID_RUN_CONFIGURATION": _FAILED,
    "LIBRARY_INSTALLATION_ERROR": _FAILED,
    "RESOURCE_NOT_FOUND": _FAILED,
    "UNAUTHORIZED_ERROR": _FAILED,
    "STORAGE_ACCESS_ERROR": _FAILED,
    "FEATURE_DISABLED": _FAILED,
    "BUDGET_POLICY_LIMIT_EXCEEDED": _FAILED,
    "REPOSITORY_CHECKOUT_FAILED": _FAILED,
    "DISABLED": _FAILED,
    "SKIPPED": _FAILED,
    "INTERNAL_ERROR": _LOST,
    "DRIVER_ERROR": _LOST,
    "CLUSTER_ERROR": _LOST,
    "CLOUD_FAILURE": _LOST,
    "BREAKING_CHANGE": _LOST,
    "CLUSTER_TERMINATED_BY_USER": _LOST,
    "CLUSTER_REQUEST_LIMIT_EXCEEDED": _LOST,
    "WORKSPACE_RUN_LIMIT_EXCEEDED": _LOST,
    "MAX_CONCURRENT_RUNS_EXCEEDED": _LOST,
    "MAX_JOB_QUEUE_SIZE_EXCEEDED": _LOST,
    "MAX_SPARK_CONTEXTS_EXCEEDED": _LOST,
}
"""By `status.termination_details.code`. `LOST` is the platform's fault and does not use up the step's retries."""

OUTCOMES_BY_TYPE = {
    "SUCCESS": _COMPLETED,
    "CLIENT_ERROR": _FAILED,
    "CLOUD_FAILURE": _LOST,
    "INTERNAL_ERROR": _LOST,
}
"""By `status.termination_details.type`, for codes that there were not yet when this was written."""

OUTCOMES_BY_RESULT = {
    "SUCCESS": _COMPLETED,
    "FAILED": _FAILED,
    "TIMEDOUT": _TIMED_OUT,
    "CANCELED": _CANCELED,
    "SUCCESS_WITH_FAILURES": _FAILED,
    "MAXIMUM_CONCURRENT_RUNS_REACHED": _LOST,
    "EXCLUDED": _FAILED,
    "UPSTREAM_FAILED": _FAILED,
    "UPSTREAM_CANCELED": _CANCELED,
    "DISABLED": _FAILED,
}
"""By the older `state.result_state`."""

ENDED_LIFE_CYCLES = frozenset({"TERMINATED", "SKIPPED", "INTERNAL_ERROR"})
"""Of the older `state.life_cycle_state`. A run whose task failed is in `INTERNAL_ERROR` with the result `FAILED`."""

_EITHER_FAULT = frozenset({"DRIVER_ERROR", "CLUSTER_ERROR"})
"""A driver without memory, or a cluster that cannot be had, may be anybody's fault: the type knows."""


@dataclass(frozen=True, slots=True)
class RunState:
    """How a run is.

    Attributes:
        outcome: How it ended; None while it is under way.
        word: Databricks' own word for the state.
        message: Its sentence, "" where there is none.
    """

    outcome: JobOutcome | None
    word: str
    message: str

    @property
    def detail(self) -> str:
        """Both, for people."""
        return f"{self.word}: {self.message}" if self.message else self.word


def read_state(run: dict[str, Any]) -> RunState:
    """The state of a run from `runs/get`: the newer form where there is one, else the older."""
    older = run.get("state") or {}
    newer = run.get("status") or {}
    if newer.get("state"):
        return _newer(newer, older)
    life, result = str(older.get("life_cycle_state") or "UNKNOWN"), older.get("result_state")
    message = _one_line(older.get("state_message"))
    if life not in ENDED_LIFE_CYCLES:
        return RunState(None, life, message)
    outcome = OUTCOMES_BY_RESULT.get(str(result), _FAILED if life == "SKIPPED" else _LOST)
    return RunState(outcome, str(result or life), message)


def _newer(status: dict[str, Any], older: dict[str, Any]) -> RunState:
    state, details = str(status["state"]), status.get("termination_details") or {}
    if state != "TERMINATED":
        waiting = (status.get("queue_details") or {}).get("message") or older.get("state_message")
        return RunState(None, state, _one_line(waiting))
    code, type_ = str(details.get("code") or ""), str(details.get("type") or "")
    message = _one_line(details.get("message") or older.get("state_message"))
    if older.get("result_state") == "TIMEDOUT":
        return RunState(_TIMED_OUT, "TIMEDOUT", message)
    if not code and not type_:
        return RunState(OUTCOMES_BY_RESULT.get(str(older.get("result_state")), _LOST), state, message)
    outcome = OUTCOMES_BY_CODE.get(code) or OUTCOMES_BY_TYPE.get(type_, _LOST)
    if code in _EITHER_FAULT and type_ == "CLIENT_ERROR":
        outcome = _FAILED
    return RunState(outcome, code or state, message)


def _one_line(text: object) -> str:
    return " ".join(str(text).split())[:2000] if text else ""
