"""The tick: every minute it starts what is due since the last one. Late, doubled and missing ticks change nothing.

A run's id derives from schedule and instant, and the cursor moves after the submits: a tick that is cut off is
repeated by the next one and finds the runs that it started.
"""

import logging
from datetime import datetime, timedelta
from itertools import islice

from shared.core.publishing import EntityStatus
from shared.core.schedules import CatchUp, Schedule, ScheduleProgress, TriggerOutcome
from shared.ports.engine import Engine
from shared.services.arrivals import watch
from shared.services.recurrences import fire_times, last_fire_time
from shared.services.scheduled_runs import start_scheduled_run
from shared.services.schedules import progress_of, save_progress
from shared.services.trigger_history import drop_old_lines, tell
from shared.services.workspace import Workspace

GRACE = timedelta(minutes=5)
"""An instant that a tick finds within this time is not late; what is older was missed, and `catch_up` decides."""
MAX_RUNS_PER_TICK = 10
"""Of one schedule: a long list of missed instants is worked off over several ticks."""
_TIDY_EVERY = 10
"""Minutes."""

log = logging.getLogger(__name__)


def fire_schedules(workspace: Workspace, engine: Engine) -> None:
    """One tick. A schedule that cannot be served now is left to the next tick and holds up no other."""
    now = workspace.now()
    for schedule in workspace.services.catalogue.all(Schedule):
        if schedule.status is not EntityStatus.ACTIVE:
            continue
        try:
            if schedule.datastore_trigger is not None:
                watch(workspace, engine, schedule, now)
            else:
                fire(workspace, engine, schedule, now)
            if now.minute % _TIDY_EVERY == 0:
                drop_old_lines(workspace, schedule)
        except Exception:
            log.exception(
                "Schedule %s (%s) could not be served; the next tick tries again.", schedule.name, schedule.key
            )


def fire(workspace: Workspace, engine: Engine, schedule: Schedule, now: datetime) -> None:
    """Start the runs that are due of a schedule by time.

    Raises:
        PipeyardError: Something that waiting may mend; the instants before it are settled at the next tick.
    """
    progress = progress_of(workspace, schedule)
    due, missed_until = _due(schedule, datetime.fromisoformat(progress.cursor), now)
    if not due and missed_until is None:
        return
    if missed_until is not None:
        _tell_missed(workspace, schedule, progress, missed_until)
    for instant in due:
        started = start_scheduled_run(workspace, engine, schedule, f"at:{instant.isoformat()}", {})
        tell(
            workspace,
            schedule,
            started.outcome,
            at=instant,
            about=instant.isoformat(),
            instant=instant,
            run_id=started.run_id,
            reason=started.reason,
        )
        progress = progress.model_copy(
            update={"last_fired_at": instant.isoformat(), "last_run_id": started.run_id or progress.last_run_id}
        )
    more = len(due) == MAX_RUNS_PER_TICK
    cursor = due[-1] if more else now
    save_progress(workspace, progress.model_copy(update={"cursor": cursor.isoformat()}))


def _due(schedule: Schedule, cursor: datetime, now: datetime) -> tuple[list[datetime], datetime | None]:
    """(instants to fire, oldest first; the last instant that was missed for good, None if there is none)."""
    timing, anchor = schedule.timing, datetime.fromisoformat(schedule.anchored_at)
    if timing is None:
        return [], None
    recent = cursor if schedule.catch_up is CatchUp.ALL else max(cursor, now - GRACE)
    due = list(islice(fire_times(timing, anchor=anchor, after=recent, until=now), MAX_RUNS_PER_TICK))
    late = last_fire_time(timing, anchor=anchor, after=cursor, until=recent) if recent > cursor else None
    if late is None or schedule.catch_up is CatchUp.NONE or due:
        return due, late
    before = last_fire_time(timing, anchor=anchor, after=cursor, until=late - timedelta(microseconds=1))
    return [late], before


def _tell_missed(workspace: Workspace, schedule: Schedule, progress: ScheduleProgress, until: datetime) -> None:
    reason = (
        f"What was due after {progress.cursor} and up to {until.isoformat()} was found more than "
        f"{GRACE // timedelta(minutes=1)} minutes late; `catch_up` is `{schedule.catch_up}`."
    )
    tell(workspace, schedule, TriggerOutcome.MISSED, at=until, about=until.isoformat(), instant=until, reason=reason)
