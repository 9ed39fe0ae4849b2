"""Schedules in v1's words."""

from typing import Any

from api.v1.assignments import wire_values
from api.v1.submissions import SubmissionInfo
from api.v1.wire import Wire
from shared.core.errors import Fault, InvalidDocument
from shared.core.recurrence import FREQUENCIES, WEEK_DAYS, Recurrence
from shared.core.schedules import DatastoreTrigger, Schedule

_FREQUENCY_CODES = dict(enumerate(reversed(FREQUENCIES)))
_BY_TIME, _BY_FILES = "0", "1"
_PLACES = {
    ("recurrence", "Recurrence"): {
        "frequency": "Frequency",
        "interval": "Interval",
        "start_time": "StartTime",
        "time_zone": "TimeZone",
        "hours": "Schedule/Hours",
        "minutes": "Schedule/Minutes",
        "week_days": "Schedule/WeekDays",
    },
    ("datastore_trigger", "DataStoreTriggerInfo"): {
        "datastore": "DataStoreName",
        "path": "PathOnDataStore",
        "polling_interval_minutes": "PollingInterval",
        "data_path_parameter": "DataPathParameterName",
    },
}
POINTERS = {
    f"/{start}/{field}": f"/{theirs}/{key}"
    for (ours, theirs), fields in _PLACES.items()
    for start in (ours, theirs)
    for field, key in fields.items()
}
"""Where v1 has what we call otherwise."""


class RecurrencePattern(Wire):
    """Times of the day and days of the week."""

    hours: list[int | str] | None = None
    minutes: list[int | str] | None = None
    week_days: list[int | str] | None = None


class RecurrenceEntity(Wire):
    """A recurrence; frequency and week days by name or by v1's code."""

    frequency: str | int | None = None
    interval: int | float | None = None
    start_time: str | None = None
    time_zone: str | None = None
    schedule: RecurrencePattern | None = None


class TriggerInfo(Wire):
    """Files that start runs."""

    data_store_name: str
    polling_interval: int | float | None = None
    data_path_parameter_name: str | None = None
    path_on_data_store: str | None = None


class ScheduleEntity(Wire):
    """A schedule, as v1's clients send it and get it."""

    id: str | None = None
    name: str | None = None
    description: str | None = None
    pipeline_id: str | None = None
    pipeline_endpoint_id: str | None = None
    pipeline_submission_info: SubmissionInfo | None = None
    recurrence: RecurrenceEntity | None = None
    data_store_trigger_info: TriggerInfo | None = None
    schedule_type: str | int | None = None
    provisioning_status: str | int | None = None
    entity_status: str | int | None = None
    etag: str | None = None
    created_date: str | None = None
    last_modified_date: str | None = None


def recurrence_of(sent: RecurrenceEntity) -> dict[str, Any]:
    """A recurrence in our own words."""
    pattern = sent.schedule or RecurrencePattern()
    fields = {
        "frequency": _named(sent.frequency, _FREQUENCY_CODES),
        "interval": None if sent.interval is None else int(sent.interval),
        "start_time": _on_the_clock(sent.start_time, sent.time_zone),
        "time_zone": sent.time_zone,
        "hours": pattern.hours,
        "minutes": pattern.minutes,
        "week_days": [_named(day, dict(enumerate(WEEK_DAYS))) for day in pattern.week_days or []],
    }
    return {name: value for name, value in fields.items() if value is not None}


def _on_the_clock(start_time: str | None, time_zone: str | None) -> str | None:
    """A start without the `Z` that some clients write and that says nothing new: without a zone it is UTC, too."""
    return start_time.removesuffix("Z") if start_time and time_zone in {None, "UTC"} else start_time


def trigger_of(sent: TriggerInfo, old: DatastoreTrigger | None = None) -> dict[str, Any]:
    """A trigger by files in our own words. What v1 has no words for (a pattern, sub-folders) stays as it was."""
    path = sent.path_on_data_store
    fields = {
        "datastore": sent.data_store_name,
        "path": None if path is None else path.strip("/"),
        "polling_interval_minutes": None if sent.polling_interval is None else max(1, int(sent.polling_interval)),
        "data_path_parameter": sent.data_path_parameter_name,
    }
    kept = {} if old is None else _chosen(old)
    return kept | {name: value for name, value in fields.items() if value is not None}


def _chosen(trigger: DatastoreTrigger) -> dict[str, Any]:
    """A trigger's fields, but for a debounce window that follows from the others and would do so again."""
    undecided = trigger.model_copy(update={"debounce_seconds": None})
    return (undecided if undecided.quiet_seconds == trigger.debounce_seconds else trigger).model_dump()


def _named(given: str | int | None, names: dict[int, str]) -> str | int | None:
    """A name, given as itself or as its code (a number or its digits)."""
    digits = str(given)
    return names.get(int(digits), given) if digits.isdecimal() and len(digits) < len("100") else given


def refuse_cron(schedule: Schedule) -> None:
    """Refuse what v1 has no words for.

    Raises:
        InvalidDocument: The schedule has a cron expression.
    """
    if schedule.cron is not None:
        message = f"Schedule {schedule.schedule_id} has a cron expression, which v1 cannot show."
        raise InvalidDocument([Fault(pointer="", message=message, suggestion="Use /api/schedules.")])


def schedule_entity(schedule: Schedule) -> ScheduleEntity:
    """A schedule as v1 shows it.

    Raises:
        InvalidDocument: It has a cron expression, for which v1 has no words.
    """
    refuse_cron(schedule)
    info = SubmissionInfo(
        experiment_name=schedule.experiment_name,
        description=schedule.description,
        continue_run_on_step_failure=schedule.continue_on_step_failure,
        properties=dict(schedule.properties),
        **wire_values(schedule.parameters),
    )
    return ScheduleEntity(
        id=schedule.schedule_id,
        name=schedule.name,
        description=schedule.description,
        pipeline_id=schedule.published_pipeline_id,
        pipeline_endpoint_id=schedule.pipeline_endpoint_id,
        pipeline_submission_info=info,
        recurrence=None if schedule.recurrence is None else _recurrence(schedule.recurrence),
        data_store_trigger_info=None if schedule.datastore_trigger is None else _trigger(schedule.datastore_trigger),
        schedule_type=_BY_TIME if schedule.recurrence is not None else _BY_FILES,
        provisioning_status="Completed",
        entity_status=schedule.status.value,
        etag=schedule.etag,
        created_date=schedule.created_at,
        last_modified_date=schedule.updated_at,
    )


def _recurrence(recurrence: Recurrence) -> RecurrenceEntity:
    pattern = RecurrencePattern(
        hours=list(recurrence.hours) or None,
        minutes=list(recurrence.minutes) or None,
        week_days=list(recurrence.week_days) or None,
    )
    return RecurrenceEntity(
        frequency=recurrence.frequency,
        interval=recurrence.interval,
        start_time=recurrence.start_time,
        time_zone=recurrence.time_zone,
        schedule=pattern if recurrence.has_pattern else None,
    )


def _trigger(trigger: DatastoreTrigger) -> TriggerInfo:
    return TriggerInfo(
        data_store_name=trigger.datastore,
        polling_interval=trigger.polling_interval_minutes,
        data_path_parameter_name=trigger.data_path_parameter,
        path_on_data_store=trigger.path,
    )
