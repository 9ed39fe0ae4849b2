"""What schedules did, one line each, newest first. The newest `KEPT_EVENTS` are kept."""

from collections.abc import Sequence
from datetime import datetime

from shared.core.canonical import digest
from shared.core.identifiers import newest_first_id
from shared.core.records import Page
from shared.core.schedules import Schedule, TriggerEvent, TriggerOutcome
from shared.services.workspace import Workspace

KEPT_EVENTS = 1000
MOST_DROPPED = 2000
"""At a time: a folder that is flooded with files that do not count must not hold up the tick."""
SHOWN_FILES = 20
_DIGEST_BASE = 16


def tell(
    workspace: Workspace,
    schedule: Schedule,
    outcome: TriggerOutcome,
    *,
    at: datetime,
    about: str,
    instant: datetime | None = None,
    run_id: str | None = None,
    files: Sequence[str] = (),
    reason: str | None = None,
) -> None:
    """Write a line. Telling the same twice is one line.

    Args:
        workspace: The workspace.
        schedule: Whose history.
        outcome: What became of it.
        at: The time that the line is sorted by; the same when it is told again.
        about: What tells this line from others of the same time.
        instant: The instant of a recurrence.
        run_id: The run that was started.
        files: The files that arrived.
        reason: A sentence.
    """
    unique = int(digest("pipeyard.trigger_event", [schedule.schedule_id, outcome, about]), _DIGEST_BASE)
    event = TriggerEvent(
        schedule_id=schedule.schedule_id,
        event_id=newest_first_id(at, unique),
        at=at.isoformat(),
        outcome=outcome,
        instant=None if instant is None else instant.isoformat(),
        run_id=run_id,
        files=tuple(files[:SHOWN_FILES]),
        file_count=len(files),
        reason=reason,
    )
    workspace.services.catalogue.put(event)


def history(
    workspace: Workspace, schedule_id: str, page_size: int, continuation_token: str | None
) -> Page[TriggerEvent]:
    """One page, newest first.

    Raises:
        NotFound: There is no such schedule.
    """
    catalogue = workspace.services.catalogue
    catalogue.get(Schedule, schedule_id)
    return catalogue.page(TriggerEvent, page_size, continuation_token, prefix=f"{schedule_id}/")


def drop_old_lines(workspace: Workspace, schedule: Schedule) -> int:
    """Keep the newest lines and drop some of the others; returns how many."""
    catalogue = workspace.services.catalogue
    old = catalogue.all(TriggerEvent, prefix=f"{schedule.schedule_id}/")[KEPT_EVENTS:][:MOST_DROPPED]
    for event in old:
        catalogue.delete(TriggerEvent, event.key)
    return len(old)
