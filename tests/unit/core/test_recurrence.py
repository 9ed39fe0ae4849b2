"""v1's rules of a recurrence: every fault at once, each with the place where it is."""

from typing import Any

import pytest

from shared.core.recurrence import CronRecurrence, Recurrence, cron_faults, normalized, recurrence_faults


def pointers(**fields: Any) -> list[str]:
    return sorted(fault.pointer for fault in recurrence_faults(Recurrence.model_validate(fields)))


@pytest.mark.parametrize("frequency", ["Minute", "Hour", "Day", "Week", "Month"])
def test_the_five_frequencies(frequency):
    assert pointers(frequency=frequency, start_time="2027-01-31T09:30:00", time_zone="UTC") == []


def test_every_fault_is_told_at_once():
    found = pointers(
        frequency="day",
        interval=0,
        start_time="soon",
        hours=[24],
        minutes=[60, 5],
        week_days=["monday"],
        time_of_day="6",
    )
    assert found == [
        "/frequency",
        "/hours/0",
        "/interval",
        "/minutes/0",
        "/start_time",
        "/time_of_day",
        "/time_of_day",
        "/week_days/0",
    ]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"frequency": "Hour", "hours": [1]}, "/hours"),
        ({"frequency": "Month", "minutes": [1]}, "/minutes"),
        ({"frequency": "Day", "week_days": ["Monday"]}, "/week_days"),
        ({"frequency": "Minute", "time_of_day": "10:00"}, "/time_of_day"),
        ({"frequency": "Day", "start_time": "2027-01-01T00:00:00Z"}, "/start_time"),
        ({"frequency": "Day", "start_time": "9999-12-31T00:00:00"}, "/start_time"),
        ({"frequency": "Day", "time_of_day": "24:00"}, "/time_of_day"),
        ({"frequency": "Day", "time_of_day": "9:00"}, "/time_of_day"),
        ({"frequency": "Day", "interval": -3}, "/interval"),
    ],
)
def test_what_does_not_go_together(fields, pointer):
    assert pointers(**fields) == [pointer]


def test_the_time_of_day_is_an_hour_and_a_minute():
    found = normalized(Recurrence(frequency="Week", time_of_day="06:30", week_days=("Friday", "Monday", "Friday")))
    assert (found.hours, found.minutes, found.time_of_day) == ((6,), (30,), None)
    assert found.week_days == ("Monday", "Friday")


def test_parts_of_seconds_are_dropped():
    recurrence = Recurrence(frequency="Day", start_time="2027-01-01T10:00:00.123456")
    assert normalized(recurrence).start_time == "2027-01-01T10:00:00"


@pytest.mark.parametrize("expression", ["* * * *", "0 * * * * *", "", "@daily"])
def test_a_cron_expression_has_five_fields(expression):
    assert [fault.pointer for fault in cron_faults(CronRecurrence(expression=expression))] == ["/expression"]
