"""When a schedule fires: the documents and their rules. The instants themselves are computed by the services.

The names of time zones are checked where the zones are known (`shared/services/recurrences.py`).
"""

import re
from datetime import datetime

from pydantic import Field

from .document import Document
from .errors import Fault
from .wording import listed, quoted

FREQUENCIES = ("Minute", "Hour", "Day", "Week", "Month")
WEEK_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONGEST_INTERVAL = 10_000_000
START_YEARS = range(1970, 3000)
HOURS = range(24)
MINUTES = range(60)
_CRON_FIELDS = 5
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class Recurrence(Document):
    """v1's recurrence: every `interval` frequencies from a start.

    Attributes:
        frequency: `Minute`, `Hour`, `Day`, `Week` or `Month`.
        interval: Counted in frequencies from the start.
        start_time: ISO 8601 without a zone: `time_zone` says whose clock it is. None: from now on, at once.
        time_zone: A Windows name ("Eastern Standard Time") or an IANA one ("America/New_York").
        hours: For `Day` and `Week`: the hours at which it fires, each with each of the minutes.
        minutes: For `Day` and `Week`.
        week_days: For `Week`: English names.
        time_of_day: `hh:mm` instead of `hours` and `minutes`.
    """

    frequency: str = Field(max_length=20)
    interval: int = 1
    start_time: str | None = Field(default=None, max_length=40)
    time_zone: str | None = Field(default=None, max_length=100)
    hours: tuple[int, ...] = Field(default=(), max_length=24)
    minutes: tuple[int, ...] = Field(default=(), max_length=60)
    week_days: tuple[str, ...] = Field(default=(), max_length=7)
    time_of_day: str | None = Field(default=None, max_length=10)

    @property
    def has_pattern(self) -> bool:
        """Whether times of the day or days of the week are named: then they decide, and not the start's own."""
        return bool(self.hours or self.minutes or self.week_days)

    @property
    def start(self) -> datetime | None:
        """`start_time`, naive, to the second."""
        return None if self.start_time is None else datetime.fromisoformat(self.start_time).replace(microsecond=0)


class CronRecurrence(Document):
    """A cron expression: minute, hour, day of the month, month, day of the week, by the clock of a zone."""

    expression: str = Field(max_length=200)
    time_zone: str = Field(default="UTC", max_length=100)


def normalized(recurrence: Recurrence) -> Recurrence:
    """The same with `time_of_day` as hours and minutes, lists in order and without repeats."""
    hours, minutes = recurrence.hours, recurrence.minutes
    if recurrence.time_of_day is not None:
        hour, _, minute = recurrence.time_of_day.partition(":")
        hours, minutes = (int(hour),), (int(minute),)
    return recurrence.model_copy(
        update={
            "hours": tuple(sorted(set(hours))),
            "minutes": tuple(sorted(set(minutes))),
            "week_days": tuple(day for day in WEEK_DAYS if day in recurrence.week_days),
            "time_of_day": None,
            "start_time": None if recurrence.start is None else recurrence.start.isoformat(),
        }
    )


def recurrence_faults(recurrence: Recurrence) -> list[Fault]:
    """Everything that is wrong with a recurrence; pointers are relative to it."""
    faults = _interval_faults(recurrence) + _start_faults(recurrence) + _time_of_day_faults(recurrence)
    for name, values, limits, last in (
        ("hours", recurrence.hours, HOURS, 23),
        ("minutes", recurrence.minutes, MINUTES, 59),
    ):
        faults += [
            Fault(pointer=f"/{name}/{at}", message=f"{value} is not among the {name} of a clock: 0 to {last}.")
            for at, value in enumerate(values)
            if value not in limits
        ]
        if values and recurrence.frequency in FREQUENCIES and recurrence.frequency not in {"Day", "Week"}:
            faults.append(_misplaced(name, recurrence.frequency, "`Day` and `Week`"))
    faults += [
        Fault(
            pointer=f"/week_days/{at}",
            message=f"There is no week day {quoted(day)}.",
            suggestion=f"Use {listed([f'`{each}`' for each in WEEK_DAYS], last='or')}.",
        )
        for at, day in enumerate(recurrence.week_days)
        if day not in WEEK_DAYS
    ]
    if recurrence.week_days and recurrence.frequency in FREQUENCIES and recurrence.frequency != "Week":
        faults.append(_misplaced("week_days", recurrence.frequency, "`Week`"))
    return faults


def cron_faults(cron: CronRecurrence) -> list[Fault]:
    """What the form of a cron expression shows; whether its fields can be read is the parser's business."""
    count = len(cron.expression.split())
    if count == _CRON_FIELDS:
        return []
    return [
        Fault(
            pointer="/expression",
            message=f"A cron expression has five fields; this one has {count}.",
            suggestion="Write minute, hour, day of the month, month and day of the week, such as `30 6 * * 1-5`.",
        )
    ]


def _interval_faults(recurrence: Recurrence) -> list[Fault]:
    faults = []
    if recurrence.frequency not in FREQUENCIES:
        known = listed([f"`{each}`" for each in FREQUENCIES], last="or")
        message = f"There is no frequency {quoted(recurrence.frequency)}."
        faults.append(Fault(pointer="/frequency", message=message, suggestion=f"Use {known}."))
    if not 1 <= recurrence.interval <= LONGEST_INTERVAL:
        message = f"The interval is {recurrence.interval}; it counts frequencies, from 1 to {LONGEST_INTERVAL:,}."
        faults.append(Fault(pointer="/interval", message=message))
    return faults


def _start_faults(recurrence: Recurrence) -> list[Fault]:
    try:
        start = recurrence.start
    except ValueError:
        message = f"{quoted(recurrence.start_time or '')} is not a time."
        return [Fault(pointer="/start_time", message=message, suggestion="Write it like `2027-01-31T09:30:00`.")]
    if start is not None and start.year not in START_YEARS:
        message = f"`start_time` lies in the year {start.year}, not between {START_YEARS[0]} and {START_YEARS[-1]}."
        return [Fault(pointer="/start_time", message=message)]
    if start is not None and start.tzinfo is not None:
        return [
            Fault(
                pointer="/start_time",
                message="`start_time` has an offset of its own.",
                suggestion="Leave the offset out and name the zone in `time_zone`.",
            )
        ]
    return []


def _time_of_day_faults(recurrence: Recurrence) -> list[Fault]:
    if recurrence.time_of_day is None:
        return []
    faults = []
    if not _TIME_OF_DAY.fullmatch(recurrence.time_of_day):
        message = f"{quoted(recurrence.time_of_day)} is not a time of the day."
        faults.append(Fault(pointer="/time_of_day", message=message, suggestion="Write it like `06:30`."))
    if recurrence.hours or recurrence.minutes:
        message = "`time_of_day` stands in for `hours` and `minutes`; give one or the other."
        faults.append(Fault(pointer="/time_of_day", message=message))
    if recurrence.frequency in FREQUENCIES and recurrence.frequency not in {"Day", "Week"}:
        faults.append(_misplaced("time_of_day", recurrence.frequency, "`Day` and `Week`"))
    return faults


def _misplaced(field: str, frequency: str, right: str) -> Fault:
    message = f"`{field}` does not go with the frequency `{frequency}`, only with {right}."
    return Fault(pointer=f"/{field}", message=message)
