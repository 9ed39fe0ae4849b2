"""Schedules: fields, settings, and what is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from local.functions_host import Function
from local.timers import ScheduleError, Timer, _next_after


class NoHost:
    datum = staticmethod(lambda value, kind: value)

    async def invoke(self, function: Function, datum: Any) -> None:
        raise AssertionError


def timer(schedule: str) -> Timer:
    return Timer(NoHost(), function(schedule))  # type: ignore[arg-type]


def function(schedule: str) -> Function:
    return Function("tick", "id", ({"type": "timerTrigger", "name": "t", "schedule": schedule},))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("*/10 * * * * *", "2026-02-03T04:05:10"),
        ("0 */5 * * * *", "2026-02-03T04:10:00"),
        ("0 30 9 * * Mon-Fri", "2026-02-03T09:30:00"),
        ("0 0 0 1 1 *", "2027-01-01T00:00:00"),
    ],
)
def test_six_field_schedules(expression, expected):
    moment = datetime(2026, 2, 3, 4, 5, 6, 700, UTC)
    assert _next_after(function(expression), expression, moment) == datetime.fromisoformat(expected + "+00:00")


def test_setting_in_the_schedule(monkeypatch):
    monkeypatch.setenv("EVERY", "0 * * * * *")
    timer("%EVERY%")
    monkeypatch.delenv("EVERY")
    with pytest.raises(ScheduleError, match="EVERY"):
        timer("%EVERY%")


@pytest.mark.parametrize("expression", ["* * * * *", "61 * * * * *", "often", "00:05:00", "0 0 0 30 2 *"])
def test_what_is_not_ncrontab_is_refused_with_the_functions_name(expression):
    with pytest.raises(ScheduleError, match="tick"):
        timer(expression)
