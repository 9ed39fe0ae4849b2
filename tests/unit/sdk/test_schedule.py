"""v1's schedules in the SDK: what is checked where, before anything is sent."""

from datetime import UTC, datetime

import pytest
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core import ScheduleRecurrence, TimeZone
from pipeyard.pipeline.core._recurrence import CronRecurrence
from pipeyard.pipeline.core._schedule_arguments import creation

from shared.services.recurrences import zone_named

NOTHING = dict.fromkeys(
    (
        "name",
        "description",
        "experiment_name",
        "pipeline_parameters",
        "continue_on_step_failure",
        "recurrence",
        "cron",
        "catch_up",
        "datastore",
        "data_path_parameter_name",
        "path_on_datastore",
        "pattern",
        "include_subfolders",
        "debounce_seconds",
        "file_list_parameter_name",
    )
)


def body(**arguments):
    return creation({**NOTHING, "polling_interval": 5, **arguments})


def test_the_constructor_checks_what_v1s_does():
    start = datetime(2027, 1, 1, tzinfo=UTC)
    with pytest.raises(UserErrorException, match="tzinfo"):
        ScheduleRecurrence("Day", 1, start_time=start)
    for wrong in ({"time_of_day": "9:00"}, {"time_of_day": "09:00", "hours": [9]}):
        with pytest.raises(UserErrorException, match="time_of_day"):
            ScheduleRecurrence("Day", 1, **wrong)
    ScheduleRecurrence("day", 0, hours=[99], week_days=["mon"])


def test_validate_tells_everything():
    with pytest.raises(UserErrorException) as caught:
        ScheduleRecurrence("day", 0, hours=[99], week_days=["mon"]).validate()
    pointers = {fault.pointer for fault in caught.value.faults}
    assert pointers == {"/frequency", "/interval", "/hours/0", "/week_days/0"}
    with pytest.raises(UserErrorException, match="interval"):
        ScheduleRecurrence("Day", "1").validate()  # type: ignore[arg-type]


def test_what_is_sent():
    start = datetime.fromisoformat("2027-01-01T10:00:00.5")
    recurrence = ScheduleRecurrence("Week", 2.0, start, TimeZone.EasternStandardTime, [15], [30], ["Monday"])  # type: ignore[arg-type]
    assert recurrence.to_document() == {
        "frequency": "Week",
        "interval": 2,
        "start_time": "2027-01-01T10:00:00",
        "time_zone": "Eastern Standard Time",
        "hours": [15],
        "minutes": [30],
        "week_days": ["Monday"],
    }


def test_v1s_datastore_trigger():
    sent = body(name="n", experiment_name="e", datastore="blobs", path_on_datastore="in/", data_path_parameter_name="p")
    assert sent["datastore_trigger"] == {"datastore": "blobs", "path": "in", "data_path_parameter": "p"}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "needs a recurrence"),
        ({"recurrence": ScheduleRecurrence("Day", 1), "datastore": "blobs"}, "not both"),
        ({"recurrence": ScheduleRecurrence("Day", 1), "path_on_datastore": "in"}, "path_on_datastore"),
        ({"recurrence": ScheduleRecurrence("Day", 1), "cron": CronRecurrence("0 0 * * *")}, "not both"),
        ({"recurrence": "daily"}, "ScheduleRecurrence"),
    ],
)
def test_arguments_that_contradict_each_other(arguments, text):
    with pytest.raises(UserErrorException, match=text):
        body(name="n", experiment_name="e", **arguments)


@pytest.mark.parametrize("zone", TimeZone)
def test_every_time_zone_is_known_to_the_workspace(zone):
    assert zone_named(str(zone)) is not None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"hours": 5}, r"hours must be a list, not 5\. Write hours=\[5\]"),
        ({"minutes": "30"}, "minutes must be a list, not '30'"),
        ({"hours": ["5"]}, r"hours must be a list of whole numbers, such as \[5\]; '5' is none"),
        ({"week_days": "Monday"}, r"Write week_days=\['Monday'\]"),
        ({"week_days": [1]}, "week_days must be a list of names of days"),
        ({"start_time": 2027}, "start_time must be a text or a datetime, not 2027"),
        ({"time_of_day": 9}, "time_of_day must be a text such as '09:30', not 9"),
    ],
)
def test_arguments_of_another_kind_are_refused_on_the_spot(arguments, words):
    with pytest.raises(ValueError, match=words):
        ScheduleRecurrence("Week", 1, **arguments)


def test_intervals_are_whole():
    with pytest.raises(UserErrorException, match=r"whole number, not 1\.5"):
        ScheduleRecurrence("Day", 1.5).validate()  # type: ignore[arg-type]
