"""How a task can end: each end with its code, its type and its words."""

from dataclasses import asdict, dataclass
from typing import Any

TIMED_OUT_MESSAGE = "Run timed out."
CANCELED_MESSAGE = "Run cancelled."
WORKLOAD_FAILED = "Workload failed, see run output for details"


@dataclass(frozen=True, slots=True)
class End:
    """An end.

    Attributes:
        result: `result_state` of v1.
        code: Code of v2's termination details.
        type: Whose doing it was, in v2's words.
        message: For people.
        life_cycle_state: Of v1, where the task ended.
        error: What `get-output` says about it.
        error_trace: Traceback of the user's code.
        exit_value: What a notebook exited with.
    """

    result: str
    code: str
    type: str = "CLIENT_ERROR"
    message: str = ""
    life_cycle_state: str = "TERMINATED"
    error: str | None = None
    error_trace: str | None = None
    exit_value: str | None = None

    def document(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


def succeeded(exit_value: str | None) -> End:
    """The code ran through."""
    return End("SUCCESS", "SUCCESS", "SUCCESS", exit_value=exit_value)


def workload_failed(error: str, trace: str) -> End:
    """The user's code failed: the task itself is TERMINATED."""
    return End("FAILED", "RUN_EXECUTION_ERROR", message=WORKLOAD_FAILED, error=error, error_trace=trace)


def not_run(code: str, message: str, kind: str = "CLIENT_ERROR") -> End:
    """Something around the code failed: cluster, libraries, storage, driver."""
    return End("FAILED", code, kind, message, "INTERNAL_ERROR", error=message)


def node_lost() -> End:
    """The cluster's machine went away."""
    reason = "Cluster was terminated. Reason: SPOT_INSTANCE_TERMINATION (CLOUD_FAILURE). The driver's node was lost."
    return not_run("CLOUD_FAILURE", reason, "CLOUD_FAILURE")


def driver_stopped(by_itself: bool, exit_code: int) -> End:  # noqa: FBT001 -- one of two
    """The process ended without saying how the code ended."""
    words = f"The driver stopped unexpectedly (exit code {exit_code}): it ran out of memory, was killed, or exited."
    return not_run("DRIVER_ERROR", words, "CLIENT_ERROR" if by_itself else "INTERNAL_ERROR")


def timed_out() -> End:
    """The time limit is over."""
    return End("TIMEDOUT", "CANCELED", message=TIMED_OUT_MESSAGE, error=TIMED_OUT_MESSAGE)


def canceled() -> End:
    """Somebody cancelled the run."""
    return End("CANCELED", "USER_CANCELED", message=CANCELED_MESSAGE, error=CANCELED_MESSAGE)


def upstream_failed(result: str) -> End:
    """A task that this one depends on did not succeed."""
    if result in {"CANCELED", "UPSTREAM_CANCELED"}:
        return End(
            "UPSTREAM_CANCELED", "SKIPPED", message="An upstream task was cancelled.", life_cycle_state="SKIPPED"
        )
    return End("UPSTREAM_FAILED", "SKIPPED", message="An upstream task failed.", life_cycle_state="SKIPPED")
