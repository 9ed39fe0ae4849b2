"""States of runs and step runs, and the only changes between them that are allowed."""

from enum import StrEnum


class RunStatus(StrEnum):
    """States of a pipeline run (v1's words, with run history's `CancelRequested`)."""

    NOT_STARTED = "NotStarted"
    RUNNING = "Running"
    CANCEL_REQUESTED = "CancelRequested"
    FINISHED = "Finished"
    FAILED = "Failed"
    CANCELED = "Canceled"


class StepStatus(StrEnum):
    """States of a step run. `Queued` waits for another run's identical step or for a retry."""

    NOT_STARTED = "NotStarted"
    QUEUED = "Queued"
    RUNNING = "Running"
    FINISHED = "Finished"
    FAILED = "Failed"
    CANCELED = "Canceled"
    SKIPPED = "Skipped"


_R, _S = RunStatus, StepStatus

RUN_TRANSITIONS: dict[RunStatus, frozenset[RunStatus]] = {
    _R.NOT_STARTED: frozenset({_R.RUNNING, _R.CANCEL_REQUESTED, _R.FAILED}),
    _R.RUNNING: frozenset({_R.FINISHED, _R.FAILED, _R.CANCEL_REQUESTED}),
    _R.CANCEL_REQUESTED: frozenset({_R.CANCELED, _R.FINISHED, _R.FAILED}),
    _R.FINISHED: frozenset(),
    _R.FAILED: frozenset(),
    _R.CANCELED: frozenset(),
}

STEP_TRANSITIONS: dict[StepStatus, frozenset[StepStatus]] = {
    _S.NOT_STARTED: frozenset({_S.QUEUED, _S.RUNNING, _S.FINISHED, _S.FAILED, _S.CANCELED, _S.SKIPPED}),
    _S.QUEUED: frozenset({_S.RUNNING, _S.FINISHED, _S.FAILED, _S.CANCELED}),
    _S.RUNNING: frozenset({_S.QUEUED, _S.FINISHED, _S.FAILED, _S.CANCELED}),
    _S.FINISHED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELED: frozenset(),
    _S.SKIPPED: frozenset(),
}

RUN_TERMINAL = frozenset(status for status, after in RUN_TRANSITIONS.items() if not after)
STEP_TERMINAL = frozenset(status for status, after in STEP_TRANSITIONS.items() if not after)


def run_may_become(current: RunStatus, new: RunStatus) -> bool:
    """Whether a run in `current` may become `new`; staying the same is always allowed."""
    return new == current or new in RUN_TRANSITIONS[current]


def step_may_become(current: StepStatus, new: StepStatus) -> bool:
    """Whether a step run in `current` may become `new`; staying the same is always allowed."""
    return new == current or new in STEP_TRANSITIONS[current]
