"""When a schedule fires: v1's recurrence, and cron expressions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from numbers import Integral
from typing import TYPE_CHECKING, Any

from pipeyard._core.recurrence import Recurrence, recurrence_faults
from pipeyard.exceptions import Fault, UserErrorException
from pipeyard.pipeline.core._time_zones import TimeZone

if TYPE_CHECKING:
    from collections.abc import Sequence


class ScheduleRecurrence:
    """v1's recurrence: every so many minutes, hours, days, weeks or months.

    Attributes:
        frequency: `Minute`, `Hour`, `Day`, `Week` or `Month`.
        interval: How many of them lie between two runs.
        start_time: Local time in `time_zone`; None begins at once.
        time_zone: A `TimeZone`, or the name of a zone; a start without a zone is in UTC.
        hours: For `Day` and `Week`.
        minutes: For `Day` and `Week`.
        week_days: For `Week`, such as `["Monday", "Friday"]`.
        time_of_day: `hh:mm` instead of `hours` and `minutes`.
    """

    def __init__(
        self,
        frequency: str,
        interval: int,
        start_time: datetime | str | None = None,
        time_zone: TimeZone | str | None = None,
        hours: Sequence[int] | None = None,
        minutes: Sequence[int] | None = None,
        week_days: Sequence[str] | None = None,
        time_of_day: str | None = None,
    ) -> None:
        _check_kinds(
            {"frequency": frequency, "start_time": start_time, "time_zone": time_zone, "time_of_day": time_of_day}
        )
        _check_lists({"hours": hours, "minutes": minutes}, {"week_days": week_days})
        if isinstance(start_time, datetime) and start_time.tzinfo is not None:
            raise UserErrorException(
                "start_time must not have a tzinfo: its zone is the time_zone of the recurrence. "
                "Pass start_time.replace(tzinfo=None) and name the zone in time_zone."
            )
        if time_of_day is not None:
            time_faults = Recurrence(
                frequency="Day", time_of_day=time_of_day, hours=tuple(hours or ()), minutes=tuple(minutes or ())
            )
            _raise("time_of_day", [fault for fault in recurrence_faults(time_faults) if "time_of" in fault.pointer])
        self.frequency = frequency
        self.interval = interval
        self.start_time = start_time
        self.time_zone = time_zone
        self.hours = hours
        self.minutes = minutes
        self.week_days = week_days
        self.time_of_day = time_of_day

    def validate(self) -> None:
        """Check everything; `Schedule.create` and `update` do so, too.

        Raises:
            UserErrorException: With everything that is wrong.
        """
        document = self.to_document()
        if not isinstance(self.interval, int | float) or self.interval != int(self.interval):
            raise UserErrorException(f"interval must be a whole number, not {self.interval!r}.")
        _raise("The recurrence", recurrence_faults(Recurrence.model_validate(document)))

    def to_document(self) -> dict[str, Any]:
        """The recurrence as the workspace takes it."""
        start = self.start_time
        if isinstance(start, datetime):
            start = start.replace(microsecond=0).isoformat()
        interval = int(self.interval) if isinstance(self.interval, float) else self.interval
        document = {
            "frequency": self.frequency,
            "interval": interval,
            "start_time": start,
            "time_zone": None if self.time_zone is None else str(self.time_zone),
            "hours": list(self.hours or ()),
            "minutes": list(self.minutes or ()),
            "week_days": list(self.week_days or ()),
            "time_of_day": self.time_of_day,
        }
        return {name: value for name, value in document.items() if value is not None}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> ScheduleRecurrence:
        """The object for a document of the workspace."""
        zone = document.get("time_zone")
        return cls(
            document["frequency"],
            document["interval"],
            start_time=document.get("start_time"),
            time_zone=TimeZone(zone) if zone in set(TimeZone) else zone,
            hours=document.get("hours") or None,
            minutes=document.get("minutes") or None,
            week_days=document.get("week_days") or None,
        )

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if value is not None)
        return f"ScheduleRecurrence({given})"


class CronRecurrence:
    """A cron expression: minute, hour, day of the month, month, day of the week. v1 had none.

    Attributes:
        expression: Such as `30 6 * * 1-5`; `L` is the month's last day.
        time_zone: Whose clock it is read by.
    """

    def __init__(self, expression: str, time_zone: TimeZone | str = TimeZone.UTC) -> None:
        self.expression = expression
        self.time_zone = time_zone

    def to_document(self) -> dict[str, Any]:
        """The expression as the workspace takes it."""
        return {"expression": self.expression, "time_zone": str(self.time_zone)}

    def __repr__(self) -> str:
        return f"CronRecurrence({self.expression!r}, time_zone={str(self.time_zone)!r})"


def _check_kinds(given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        allowed = (str, datetime) if name == "start_time" else (str,)
        if value is not None and not isinstance(value, allowed):
            raise UserErrorException(f"{name} must be a text{_OR.get(name, '')}, not {value!r}.")


def _check_lists(numbers: Mapping[str, Any], texts: Mapping[str, Any]) -> None:
    """Refuse what is no list, a text included, which would be taken apart letter by letter."""
    for name, value in {**numbers, **texts}.items():
        kind, what, example = (Integral, "whole numbers", 5) if name in numbers else (str, "names of days", "Monday")
        if value is None:
            continue
        if isinstance(value, str | Mapping) or not isinstance(value, Collection):
            written = [value if isinstance(value, kind) else example]
            raise UserErrorException(f"{name} must be a list, not {value!r}. Write {name}={written!r}.")
        wrong = [item for item in value if not isinstance(item, kind) or isinstance(item, bool)]
        if wrong:
            raise UserErrorException(f"{name} must be a list of {what}, such as {[example]!r}; {wrong[0]!r} is none.")


_OR = {"start_time": " or a datetime", "frequency": " such as 'Day'", "time_of_day": " such as '09:30'"}


def _raise(what: str, found: Sequence[Any]) -> None:
    if found:
        faults = [Fault(pointer=each.pointer, message=each.message, suggestion=each.suggestion) for each in found]
        raise UserErrorException(f"{what} is wrong:", faults=faults)
