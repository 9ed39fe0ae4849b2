"""v1's arguments of schedules as the documents that the workspace takes."""

from collections.abc import Mapping
from typing import Any

from pipeyard._checks import suggest
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core._recurrence import CronRecurrence, ScheduleRecurrence

UNSET: Any = object()
"""An argument that was not given, where None is a value."""
DEFAULT_POLLING_MINUTES = 5
STATUSES = ("Active", "Disabled")
_TRIGGER_FIELDS = {
    "polling_interval": "polling_interval_minutes",
    "data_path_parameter_name": "data_path_parameter",
    "path_on_datastore": "path",
    "pattern": "pattern",
    "include_subfolders": "include_subfolders",
    "debounce_seconds": "debounce_seconds",
    "file_list_parameter_name": "file_list_parameter",
}
"""Arguments that go with a datastore only, by the names of their fields."""


def creation(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a new schedule, but for the pipeline that it starts.

    Raises:
        UserErrorException: Arguments contradict each other.
    """
    timing = _timing(arguments)
    body: dict[str, Any] = {
        "name": arguments["name"],
        "description": arguments["description"] or "",
        "experiment_name": arguments["experiment_name"],
        "parameters": arguments["pipeline_parameters"] or {},
        "continue_on_step_failure": arguments["continue_on_step_failure"],
        **timing,
    }
    if arguments["catch_up"] is not None:
        body["catch_up"] = arguments["catch_up"]
    given = _trigger_fields(arguments)
    if given.get("polling_interval_minutes") == DEFAULT_POLLING_MINUTES:
        del given["polling_interval_minutes"]
    if arguments["datastore"] is not None:
        body["datastore_trigger"] = {"datastore": _datastore_name(arguments["datastore"]), **given}
    elif given:
        raise UserErrorException(f"{_named(arguments, given)} goes with a datastore only, and none was given.")
    if timing and arguments["datastore"] is not None:
        raise UserErrorException("A schedule has a recurrence or a datastore, not both.")
    if not timing and arguments["datastore"] is None:
        raise UserErrorException("A schedule needs a recurrence, a cron expression or a datastore.")
    return body


def changes(document: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a change, but for the parameters.

    Raises:
        UserErrorException: Arguments contradict each other or the schedule.
    """
    body = {
        name: arguments[name]
        for name in ("name", "description", "status", "continue_on_step_failure", "catch_up")
        if arguments[name] is not None
    }
    status = body.get("status")
    if status is not None and status not in STATUSES:
        raise UserErrorException(f"status must be Active or Disabled, not {status!r}.{suggest(str(status), STATUSES)}")
    timing, given = _timing(arguments), _trigger_fields(arguments)
    if arguments["datastore"] is not None:
        given["datastore"] = _datastore_name(arguments["datastore"])
    waits_for_files = document["datastore_trigger"] is not None
    if timing and waits_for_files:
        raise UserErrorException("This schedule waits for files; create another one to start runs at times.")
    if given and not waits_for_files:
        raise UserErrorException("This schedule starts runs at times; create another one to wait for files.")
    if given:
        given = {**document["datastore_trigger"], **given}
        body["datastore_trigger"] = given
    return {**body, **timing}


def _timing(arguments: Mapping[str, Any]) -> dict[str, Any]:
    recurrence, cron = arguments["recurrence"], arguments["cron"]
    if recurrence is not None and cron is not None:
        raise UserErrorException("A schedule has a recurrence or a cron expression, not both.")
    if recurrence is not None:
        if not isinstance(recurrence, ScheduleRecurrence):
            raise UserErrorException(f"recurrence must be a ScheduleRecurrence, not {recurrence!r}.")
        recurrence.validate()
        return {"recurrence": recurrence.to_document()}
    if cron is not None:
        if not isinstance(cron, CronRecurrence):
            raise UserErrorException(f"cron must be a CronRecurrence, not {cron!r}.")
        return {"cron": cron.to_document()}
    return {}


def _trigger_fields(arguments: Mapping[str, Any]) -> dict[str, Any]:
    given = {
        field: arguments[argument]
        for argument, field in _TRIGGER_FIELDS.items()
        if arguments[argument] is not None and arguments[argument] is not UNSET
    }
    # In an update None takes these two away; in a creation it is their default.
    given |= {
        _TRIGGER_FIELDS[argument]: None
        for argument in ("pattern", "file_list_parameter_name")
        if arguments[argument] is None and "status" in arguments
    }
    if "path" in given:
        given["path"] = str(given["path"]).strip("/")
    return given


def _named(arguments: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    return ", ".join(
        argument for argument, field in _TRIGGER_FIELDS.items() if field in given and arguments[argument] is not None
    )


def _datastore_name(datastore: Any) -> str:
    return str(getattr(datastore, "name", datastore))
