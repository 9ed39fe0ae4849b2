"""Turns files that arrived into runs: many files of a burst into one, or each into a run of its own.

A window is written down before its first run is started and deleted after its last; the runs' ids derive from it.
Whoever goes on after a crash therefore starts the same runs, and files that arrive meanwhile wait for the next window.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.core.canonical import digest
from shared.core.errors import Conflict
from shared.core.publishing import EntityStatus
from shared.core.schedules import Arrival, ArrivalWindow, DatastoreTrigger, Schedule, TriggerOutcome
from shared.ports.engine import Engine
from shared.services.scheduled_runs import start_scheduled_run
from shared.services.schedules import progress_of, save_progress
from shared.services.trigger_history import tell
from shared.services.workspace import Workspace

LONGEST_STRETCH = 10
"""A stream of files that never stops starts a run at the latest after this many debounce times."""
MAX_FILES = 500
MAX_RUNS = 50
MAX_LIST_CHARACTERS = 29_000
"""A string parameter has 30,000 characters at most. What does not fit comes with the next run."""


def start_window(workspace: Workspace, engine: Engine, schedule_id: str) -> float | None:
    """Start the runs that are due.

    Returns:
        Seconds until the next look, None if nothing is left to do.

    Raises:
        PipeyardError: Something that waiting may mend; asking again goes on where this ended.
    """
    catalogue = workspace.services.catalogue
    schedule = catalogue.find(Schedule, schedule_id)
    if schedule is None or schedule.datastore_trigger is None:
        return None
    window = catalogue.find(ArrivalWindow, schedule_id)
    if window is None:
        pending = [each for each in catalogue.all(Arrival, prefix=f"{schedule_id}/") if not each.settled]
        if not pending:
            return None
        wait = _seconds_until_quiet(schedule.datastore_trigger, pending, workspace.now())
        if wait > 0:
            return wait
        window = _open(workspace, schedule, schedule.datastore_trigger, _of_one_trigger(pending))
    if window is not None:
        _start(workspace, engine, schedule, window)
    return 0.0


def _of_one_trigger(pending: Sequence[Arrival]) -> list[Arrival]:
    """The oldest arrivals; those of the trigger as it was changed or enabled since have a window of their own."""
    oldest = min(arrival.active_since for arrival in pending)
    return [arrival for arrival in pending if arrival.active_since == oldest]


def _seconds_until_quiet(trigger: DatastoreTrigger, pending: Sequence[Arrival], now: datetime) -> float:
    quiet = timedelta(seconds=trigger.quiet_seconds)
    times = [datetime.fromisoformat(arrival.arrived_at) for arrival in pending]
    due = min(max(times) + quiet, min(times) + LONGEST_STRETCH * quiet)
    return max(0.0, (due - now).total_seconds())


def _open(
    workspace: Workspace, schedule: Schedule, trigger: DatastoreTrigger, pending: list[Arrival]
) -> ArrivalWindow | None:
    chosen: list[Arrival] = []
    length = 0
    most = MAX_RUNS if trigger.run_per_file else MAX_FILES
    for arrival in sorted(pending, key=lambda each: (each.arrived_at, each.path))[:most]:
        length += len(json.dumps(arrival.path)) + 2
        if chosen and length > MAX_LIST_CHARACTERS:
            break
        chosen.append(arrival)
    window = ArrivalWindow(
        schedule_id=schedule.schedule_id,
        window_id=digest("pipeyard.window", [arrival.digest for arrival in chosen]),
        opened_at=workspace.now().isoformat(),
        arrivals=tuple(chosen),
    )
    try:
        return workspace.services.catalogue.insert(window)
    except Conflict:
        return workspace.services.catalogue.find(ArrivalWindow, schedule.schedule_id)


def _start(workspace: Workspace, engine: Engine, schedule: Schedule, window: ArrivalWindow) -> None:
    trigger = schedule.datastore_trigger
    if _is_outdated(workspace, window):
        workspace.services.catalogue.delete(ArrivalWindow, schedule.schedule_id)
        return
    if trigger is not None and trigger.run_per_file:
        for arrival in window.arrivals:
            _start_one(workspace, engine, schedule, window, f"file:{arrival.digest}", [arrival])
    else:
        _start_one(workspace, engine, schedule, window, f"window:{window.window_id}", window.arrivals)
    for arrival in window.arrivals:
        workspace.services.catalogue.put(arrival.model_copy(update={"settled_by": window.window_id}))
    workspace.services.catalogue.delete(ArrivalWindow, schedule.schedule_id)


def _is_outdated(workspace: Workspace, window: ArrivalWindow) -> bool:
    """Whether it was opened by somebody who had read the arrivals before another window settled some of them."""
    now = workspace.services.catalogue.all(Arrival, prefix=f"{window.schedule_id}/")
    settled_by = {arrival.digest: arrival.settled_by for arrival in now}
    return any(settled_by.get(each.digest) not in {None, window.window_id} for each in window.arrivals)


def _start_one(
    workspace: Workspace,
    engine: Engine,
    schedule: Schedule,
    window: ArrivalWindow,
    occasion: str,
    arrivals: Sequence[Arrival],
) -> None:
    """One run for the given files; a schedule that was changed meanwhile says so in its history instead."""
    paths = [arrival.path for arrival in arrivals]
    told: dict[str, Any] = {"at": datetime.fromisoformat(window.opened_at), "about": occasion, "files": paths}
    if schedule.status is not EntityStatus.ACTIVE or arrivals[0].active_since != schedule.active_since:
        reason = "The schedule was disabled or got another trigger before the files had stopped arriving."
        tell(workspace, schedule, TriggerOutcome.IGNORED, reason=reason, **told)
        return
    started = start_scheduled_run(workspace, engine, schedule, occasion, _parameters(schedule, paths))
    tell(workspace, schedule, started.outcome, run_id=started.run_id, reason=started.reason, **told)
    progress = progress_of(workspace, schedule)
    update = {"last_fired_at": window.opened_at, "last_run_id": started.run_id or progress.last_run_id}
    save_progress(workspace, progress.model_copy(update=update))


def _parameters(schedule: Schedule, paths: list[str]) -> dict[str, Any]:
    trigger = schedule.datastore_trigger
    if trigger is None:
        return {}
    values: dict[str, Any] = {}
    if trigger.data_path_parameter is not None:
        path = paths[0] if len(paths) == 1 else trigger.path
        values[trigger.data_path_parameter] = {"datastore": trigger.datastore, "path": path}
    if trigger.file_list_parameter is not None:
        values[trigger.file_list_parameter] = json.dumps(paths)
    return values
