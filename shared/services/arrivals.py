"""Files that arrive: by an event, or seen when the folder is listed. Each version of a file arrives once."""

from datetime import datetime, timedelta
from typing import Literal

from shared.core import names
from shared.core.canonical import digest
from shared.core.errors import Conflict, InvalidDocument, NotFound
from shared.core.publishing import EntityStatus
from shared.core.schedules import Arrival, ArrivalWindow, DatastoreTrigger, Schedule, TriggerOutcome, why_not
from shared.ports.engine import Engine
from shared.services.datastores import open_datastore
from shared.services.listings import read_listing, seen_before, watched_files, write_listing
from shared.services.schedules import progress_of, save_progress
from shared.services.trigger_history import tell
from shared.services.workspace import Workspace

_KEPT_AFTER_SETTLING = timedelta(hours=1)
"""For events that are told again; later ones are recognised by the list of files."""


def watched_folders(workspace: Workspace) -> list[tuple[str, bool]]:
    """(prefix, whether folders below count, too) of every folder of the default datastore that somebody watches."""
    triggers = (each.datastore_trigger for each in _active(workspace))
    folders = {
        (each.prefix, each.include_subfolders)
        for each in triggers
        if each is not None and each.datastore == names.DEFAULT_DATASTORE
    }
    return sorted(folders)


def blob_arrived(workspace: Workspace, engine: Engine, path: str) -> None:
    """An event says that a blob of the default datastore is new or changed: perhaps late, perhaps once more."""
    etag: str | None = None
    for schedule in _active(workspace):
        trigger = schedule.datastore_trigger
        if trigger is None or trigger.datastore != names.DEFAULT_DATASTORE:
            continue
        reason = why_not(trigger, path)
        if reason == "":
            continue
        if reason is not None:
            _tell_ignored(workspace, schedule, path, reason)
            continue
        etag = etag or _etag(workspace, trigger, path)
        if etag is None:
            return  # Deleted again.
        if not seen_before(workspace, schedule, path, etag) and note(workspace, schedule, path, etag, "event"):
            engine.start_collecting(schedule.schedule_id)


def _active(workspace: Workspace) -> list[Schedule]:
    return [each for each in workspace.services.catalogue.all(Schedule) if each.status is EntityStatus.ACTIVE]


def _etag(workspace: Workspace, trigger: DatastoreTrigger, path: str) -> str | None:
    """Asked of storage rather than taken from the event, so that events and listings speak of the same version."""
    found = open_datastore(workspace, trigger.datastore).list(path)
    return next((blob.etag for blob in found if blob.name == path), None)


def _tell_ignored(workspace: Workspace, schedule: Schedule, path: str, reason: str) -> None:
    now = workspace.now()
    tell(workspace, schedule, TriggerOutcome.IGNORED, at=now, about=path, files=[path], reason=reason)


def note(workspace: Workspace, schedule: Schedule, path: str, etag: str, source: Literal["event", "poll"]) -> bool:
    """Write an arrival down; False if it is settled already."""
    arrival = Arrival(
        schedule_id=schedule.schedule_id,
        digest=digest("pipeyard.arrival", [schedule.active_since, path, etag]),
        path=path,
        etag=etag,
        arrived_at=workspace.now().isoformat(),
        active_since=schedule.active_since,
        source=source,
    )
    try:
        workspace.services.catalogue.insert(arrival)
    except Conflict:
        known = workspace.services.catalogue.find(Arrival, arrival.key)
        return known is not None and not known.settled
    return True


def watch(workspace: Workspace, engine: Engine, schedule: Schedule, now: datetime) -> None:
    """The tick of a schedule that waits for files: list the folder when it is time, and take up what was left.

    Raises:
        PipeyardError: Something that waiting may mend.
    """
    trigger = schedule.datastore_trigger
    if trigger is None:
        return
    progress = progress_of(workspace, schedule)
    last = datetime.fromisoformat(progress.polled_at or schedule.active_since)
    if now - last >= timedelta(minutes=trigger.polling_interval_minutes):
        listing = _poll(workspace, schedule, trigger, now)
        save_progress(workspace, progress.model_copy(update={"polled_at": now.isoformat(), "listing": listing}))
    if is_pending(workspace, schedule.schedule_id):
        engine.start_collecting(schedule.schedule_id)


def is_pending(workspace: Workspace, schedule_id: str) -> bool:
    """Whether something arrived that no run has been started for."""
    catalogue = workspace.services.catalogue
    if catalogue.find(ArrivalWindow, schedule_id) is not None:
        return True
    return any(not arrival.settled for arrival in catalogue.all(Arrival, prefix=f"{schedule_id}/"))


def _poll(workspace: Workspace, schedule: Schedule, trigger: DatastoreTrigger, now: datetime) -> str | None:
    try:
        files = watched_files(workspace, trigger)
    except (NotFound, InvalidDocument) as error:
        reason = error.faults[0].message if isinstance(error, InvalidDocument) else str(error)
        tell(workspace, schedule, TriggerOutcome.FAILED, at=now, about="poll", reason=reason)
        return None
    seen = read_listing(workspace, schedule)
    for path, etag in files.items():
        if seen.get(path) != etag:
            note(workspace, schedule, path, etag, "poll")
    listing = write_listing(workspace, schedule, files) if files != seen else None
    catalogue = workspace.services.catalogue
    for arrival in catalogue.all(Arrival, prefix=f"{schedule.schedule_id}/"):
        if arrival.settled and now - datetime.fromisoformat(arrival.arrived_at) > _KEPT_AFTER_SETTLING:
            catalogue.delete(Arrival, arrival.key)
    return listing
