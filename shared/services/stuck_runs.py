"""Runs that do not get on: not over, nothing of them under way, and nothing has happened to them for long."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.core.records import RunRecord, StepRecord
from shared.core.status import StepStatus

STUCK_AFTER = timedelta(minutes=15)
"""Far longer than between a step's end and the start of the next, and than the reconciler needs to mend a run."""

_UNDER_WAY = frozenset({StepStatus.QUEUED, StepStatus.RUNNING})


def is_stuck(run: RunRecord, rows: Iterable[StepRecord], now: datetime) -> bool:
    """Whether somebody should look at a run that is not over."""
    moments = [run.created_at, run.started_at]
    for row in rows:
        if row.status in _UNDER_WAY:
            return False
        moments.append(row.ended_at)
    latest = max(datetime.fromisoformat(moment) for moment in moments if moment)
    return now - latest > STUCK_AFTER
