"""What Azure ML says about a job and what that means."""

from enum import StrEnum


class Phase(StrEnum):
    """How a status is treated."""

    UNDER_WAY = "under_way"
    QUIET = "quiet"
    """Nobody works on the job, or nobody knows: it may go on, so it is waited for, but not for ever."""
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


PHASES = {
    "NotStarted": Phase.UNDER_WAY,
    "Starting": Phase.UNDER_WAY,
    "Provisioning": Phase.UNDER_WAY,
    "Preparing": Phase.UNDER_WAY,
    "Queued": Phase.UNDER_WAY,
    "Running": Phase.UNDER_WAY,
    "Finalizing": Phase.UNDER_WAY,
    "CancelRequested": Phase.UNDER_WAY,
    "NotResponding": Phase.QUIET,
    "Paused": Phase.QUIET,
    "Unknown": Phase.QUIET,
    "Completed": Phase.COMPLETED,
    "Failed": Phase.FAILED,
    "Canceled": Phase.CANCELED,
}
"""Every status that the service documents. It may say others: those are as good as `Unknown`."""


def phase_of(status: str) -> Phase:
    """What a status means."""
    return PHASES.get(status, Phase.QUIET)


PLATFORM_CODES = frozenset(
    {
        *("ServiceError", "SystemError", "InternalError", "InternalServerError", "ServiceUnavailable"),
        *("NodePreempted", "JobPreempted", "ComputePreempted", "NodeLost", "NodeFailed", "NodeFailure", "JobNodeLost"),
        *("ComputeNodeUnusable", "NodeUnusable", "VmPreempted"),
    }
)
"""Error codes that are the cloud's fault, wherever they stand in the chain of codes."""
_TIME_LIMIT = ("MaxWallClockTime", "JobRunDurationExceeded")
"""Parts of the codes that say that a job was ended at its limit."""


def is_platform_fault(codes: str) -> bool:
    """Whether a chain of codes (`Outer/Inner`) blames the cloud rather than the job."""
    return not PLATFORM_CODES.isdisjoint(codes.split("/"))


def is_time_limit(words: str) -> bool:
    """Whether the service's words say that the job was ended at its limit."""
    return any(part in words for part in _TIME_LIMIT)
