"""Single flight: of several runs that want the same key at once, one executes and the others wait for its result."""

from datetime import datetime

from shared.core.errors import NotFound
from shared.core.records import ClaimOwner, ReuseEntry, StepRecord
from shared.core.status import RUN_TERMINAL, STEP_TERMINAL
from shared.services.workspace import Workspace

type Claimed = ReuseEntry | ClaimOwner | None
"""A finished result, the owner at work, or None: the claim is ours."""

LOOKS = 3
"""How often a claim that changes under our eyes is looked at before we wait instead."""
SHORTEST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0


def claim(workspace: Workspace, key: str, owner: ClaimOwner) -> Claimed:
    """Claim a key, taking it over from an owner that will never finish."""
    held: Claimed = None
    for _ in range(LOOKS):
        held = workspace.services.reuse.claim(key, owner)
        if not isinstance(held, ClaimOwner) or _at_work(workspace, held):
            return held
        if workspace.services.reuse.take_over(key, held, owner):
            return None
    return held


def _at_work(workspace: Workspace, owner: ClaimOwner) -> bool:
    try:
        run = workspace.services.runs.get_run(owner.run_id)
    except NotFound:
        return False
    if run.status in RUN_TERMINAL:
        return False
    # No row yet: the owner claimed a moment ago and is about to write it.
    row = workspace.services.runs.get_step(owner.run_id, owner.ordinal)
    return row is None or row.status not in STEP_TERMINAL


def queue_seconds(row: StepRecord, now: datetime) -> float:
    """Wait before the next look: a quarter of the time waited so far, within bounds."""
    waited = (now - datetime.fromisoformat(row.queued_at)).total_seconds() if row.queued_at else 0.0
    return min(LONGEST_WAIT_SECONDS, max(SHORTEST_WAIT_SECONDS, waited / 4))
