"""Schedules: make, change, list, look ahead, look back. What happens when they fire is in `firing` and `arrivals`."""

from datetime import datetime, timedelta
from typing import Any

from shared.core.errors import Conflict, Fault, InvalidDocument
from shared.core.publishing import EntityStatus
from shared.core.records import Page, RunFilter, RunRecord
from shared.core.schedules import Arrival, ArrivalWindow, Schedule, ScheduleProgress, TriggerEvent
from shared.services.catalogue import change
from shared.services.listings import remember_listing
from shared.services.recurrences import next_fire_times
from shared.services.schedule_requests import ScheduleChange, ScheduleRequest, checked
from shared.services.workspace import Workspace

_JUST_BEFORE = timedelta(seconds=1)
_TRIGGER_FIELDS = frozenset({"recurrence", "cron", "datastore_trigger"})


def create_schedule(
    workspace: Workspace,
    request: ScheduleRequest,
    *,
    warnings: tuple[str, ...] = (),
    caller_name: str | None = None,
) -> Schedule:
    """Make a schedule; it is at work at once unless its status says otherwise. Each of its runs gets the warnings.

    Raises:
        InvalidDocument: With every fault; nothing was written.
    """
    request = checked(workspace, request)
    now = workspace.now().replace(microsecond=0)
    schedule = Schedule(
        **_fields(request),
        warnings=warnings,
        schedule_id=workspace.new_id(),
        created_at=now.isoformat(),
        created_by=caller_name,
        updated_at=now.isoformat(),
        anchored_at=now.isoformat(),
        active_since=(now - _JUST_BEFORE).isoformat(),
    )
    remember_listing(workspace, schedule)
    return workspace.services.catalogue.insert(schedule)


def get_schedule(workspace: Workspace, schedule_id: str) -> Schedule:
    """A schedule.

    Raises:
        NotFound: There is none with this id.
    """
    return workspace.services.catalogue.get(Schedule, schedule_id)


def list_schedules(
    workspace: Workspace,
    *,
    active_only: bool,
    published_pipeline_id: str | None,
    pipeline_endpoint_id: str | None,
    page_size: int,
    continuation_token: str | None,
) -> Page[Schedule]:
    """One page, newest first."""
    found = workspace.services.catalogue.page(Schedule, page_size, continuation_token)
    return found.only(
        lambda each: (
            (not active_only or each.status is EntityStatus.ACTIVE)
            and published_pipeline_id in {None, each.published_pipeline_id}
            and pipeline_endpoint_id in {None, each.pipeline_endpoint_id}
        )
    )


def update_schedule(
    workspace: Workspace, schedule_id: str, asked: ScheduleChange, *, warnings: tuple[str, ...] = ()
) -> Schedule:
    """Change what the request names. Instants and files from before a new trigger or an enabling do not count.

    Other parameters bring other warnings.

    Raises:
        NotFound: There is no such schedule.
        InvalidDocument: The schedule would be wrong; nothing was written.
    """
    return change(workspace, Schedule, schedule_id, lambda old: _changed(workspace, old, asked, warnings))


def _changed(workspace: Workspace, old: Schedule, asked: ScheduleChange, warnings: tuple[str, ...]) -> Schedule:
    given = {name: getattr(asked, name) for name in asked.model_fields_set}
    faults = _change_faults(old, given)
    if faults:
        raise InvalidDocument(faults)
    if given.get("recurrence") is not None:
        given.setdefault("cron", None)
    elif given.get("cron") is not None:
        given.setdefault("recurrence", None)
    request = ScheduleRequest.model_validate({**_fields(old), **given})
    disables = asked.status is EntityStatus.DISABLED and set(given) == {"status"}
    new = old if disables else old.model_copy(update=_fields(checked(workspace, request)))
    told = warnings if warnings or "parameters" in given else old.warnings
    new = new.model_copy(update={"status": request.status, "warnings": told})
    now = workspace.now().replace(microsecond=0)
    if new == old:
        return old
    update: dict[str, Any] = {"updated_at": now.isoformat()}
    enabled = new.status is EntityStatus.ACTIVE and old.status is not EntityStatus.ACTIVE
    other_trigger = any(getattr(new, field) != getattr(old, field) for field in _TRIGGER_FIELDS)
    if enabled or other_trigger:
        update["active_since"] = (now - _JUST_BEFORE if other_trigger else now).isoformat()
    if other_trigger:
        update["anchored_at"] = now.isoformat()
    new = new.model_copy(update=update)
    if enabled or other_trigger:
        remember_listing(workspace, new)
    return new


def _change_faults(old: Schedule, given: dict[str, Any]) -> list[Fault]:
    faults = [
        Fault(pointer=f"/{name}", message=f"`{name}` cannot be null; leave it out to keep it.")
        for name, value in given.items()
        if value is None and name not in {"continue_on_step_failure", *_TRIGGER_FIELDS}
    ]
    by_files = old.datastore_trigger is not None
    for name in sorted(_TRIGGER_FIELDS & given.keys()):
        if given[name] is not None and (name == "datastore_trigger") is not by_files:
            has, wants = ("files", "a time") if by_files else ("a time", "files")
            message = f"This schedule waits for {has}, and cannot be made to wait for {wants}."
            faults.append(Fault(pointer=f"/{name}", message=message, suggestion="Create another schedule."))
    return faults


def _fields(source: ScheduleRequest | Schedule) -> dict[str, Any]:
    return {name: getattr(source, name) for name in ScheduleRequest.model_fields}


def delete_schedule(workspace: Workspace, schedule_id: str) -> None:
    """Delete a schedule with its history; its runs stay.

    Raises:
        NotFound: There is no such schedule.
    """
    catalogue = workspace.services.catalogue
    get_schedule(workspace, schedule_id)
    catalogue.delete(Schedule, schedule_id)
    catalogue.delete(ScheduleProgress, schedule_id)
    catalogue.delete(ArrivalWindow, schedule_id)
    for kind in (Arrival, TriggerEvent):
        for record in catalogue.all(kind, prefix=f"{schedule_id}/"):
            catalogue.delete(kind, record.key)


def preview(workspace: Workspace, request: ScheduleRequest) -> list[datetime]:
    """The first instants of a schedule that was not made (yet); none where files are the trigger.

    Raises:
        InvalidDocument: With every fault.
    """
    request = checked(workspace, request)
    timing = request.recurrence or request.cron
    if timing is None:
        return []
    now = workspace.now().replace(microsecond=0)
    return next_fire_times(timing, anchor=now, after=now - _JUST_BEFORE)


def upcoming(workspace: Workspace, schedule: Schedule) -> list[datetime]:
    """The next instants of a schedule; none while it is disabled or where files are the trigger."""
    if schedule.timing is None or schedule.status is not EntityStatus.ACTIVE:
        return []
    after = max(datetime.fromisoformat(schedule.active_since), workspace.now() - _JUST_BEFORE)
    return next_fire_times(schedule.timing, anchor=datetime.fromisoformat(schedule.anchored_at), after=after)


def progress_of(workspace: Workspace, schedule: Schedule) -> ScheduleProgress:
    """How far the schedule has come since its trigger was set or it was enabled."""
    found = workspace.services.catalogue.find(ScheduleProgress, schedule.schedule_id)
    if found is not None and found.active_since == schedule.active_since:
        return found
    return ScheduleProgress(
        schedule_id=schedule.schedule_id,
        active_since=schedule.active_since,
        cursor=schedule.active_since,
        last_fired_at=None if found is None else found.last_fired_at,
        last_run_id=None if found is None else found.last_run_id,
        etag=None if found is None else found.etag,
    )


def save_progress(workspace: Workspace, progress: ScheduleProgress) -> bool:
    """Write it unless somebody else was faster, who has done the same work then."""
    catalogue = workspace.services.catalogue
    try:
        if progress.etag is None:
            catalogue.insert(progress)
        else:
            catalogue.replace(progress)
    except Conflict:
        return False
    return True


def last_run(workspace: Workspace, schedule_id: str) -> RunRecord | None:
    """The latest run that the schedule started, None before the first.

    Raises:
        NotFound: There is no such schedule.
    """
    get_schedule(workspace, schedule_id)
    token: str | None = None
    while True:
        page = workspace.services.runs.list_runs(RunFilter(schedule_id=schedule_id), 1, token)
        if page.value:
            return page.value[0]
        token = page.continuation_token
        if token is None:
            return None
