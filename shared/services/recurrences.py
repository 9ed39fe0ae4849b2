"""The instants of recurrences and cron expressions (docs/schedules.md has the policies).

Here rather than in the core because the rules of time zones are files.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from dateutil import rrule
from tzlocal.windows_tz import win_tz

from shared.core.errors import Fault
from shared.core.recurrence import WEEK_DAYS, CronRecurrence, Recurrence, cron_faults, recurrence_faults
from shared.core.wording import Suggester, quoted

SHOWN_FIRE_TIMES = 10
_RETIRED_ZONES = {"Kamchatka Standard Time": "Asia/Kamchatka", "Mid-Atlantic Standard Time": "Etc/GMT+2"}
"""Windows names that v1 knows and the present table has dropped."""
_FIXED_STEPS = {"Minute": timedelta(minutes=1), "Hour": timedelta(hours=1)}
_CALENDAR: dict[str, tuple[Literal[1, 2, 3], int]] = {
    "Day": (rrule.DAILY, 1),
    "Week": (rrule.WEEKLY, 7),
    "Month": (rrule.MONTHLY, 0),
}
"""Frequency of the calendar, and days of an interval where they are always the same."""
_SECOND = timedelta(seconds=1)
_SPANS = (timedelta(hours=2), timedelta(days=2), timedelta(days=70), timedelta(days=800))


def zone_named(name: str) -> ZoneInfo | None:
    """The zone behind a Windows or IANA name; None if nobody knows it."""
    try:
        return ZoneInfo(_RETIRED_ZONES.get(name) or win_tz.get(name, name))
    except (OSError, ValueError, KeyError):  # `ZoneInfoNotFoundError` is a KeyError; a folder's name is an OSError
        return None


def time_faults(trigger: Recurrence | CronRecurrence) -> list[Fault]:
    """Everything that is wrong with a trigger by time; pointers are relative to it."""
    faults = recurrence_faults(trigger) if isinstance(trigger, Recurrence) else cron_faults(trigger)
    name = trigger.time_zone
    if name is not None and zone_named(name) is None:
        suggestion = Suggester().suggest(name, win_tz) or "Use a Windows name, or an IANA one such as `Europe/Berlin`."
        faults.append(
            Fault(pointer="/time_zone", message=f"There is no time zone {quoted(name)}.", suggestion=suggestion)
        )
    if isinstance(trigger, CronRecurrence) and not faults:
        faults += _unreadable(trigger.expression)
    return faults


def _unreadable(expression: str) -> list[Fault]:
    try:
        next(CronSim(expression, datetime(2024, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        return [Fault(pointer="/expression", message=f"{quoted(expression)} cannot be read: {error}.")]
    except StopIteration:
        return [Fault(pointer="/expression", message=f"{quoted(expression)} never comes true.")]
    return []


def fire_times(
    trigger: Recurrence | CronRecurrence, *, anchor: datetime, after: datetime, until: datetime | None = None
) -> Iterator[datetime]:
    """Instants in UTC, strictly after `after` and not after `until`, strictly increasing.

    Args:
        trigger: Without faults and normalized.
        anchor: When the trigger was set: where a recurrence without a start begins to count.
        after: Aware.
        until: Aware; None: as long as the calendar goes.
    """
    times = _cron_times(trigger, after) if isinstance(trigger, CronRecurrence) else _times(trigger, anchor, after)
    last = after
    try:
        for instant in times:
            if until is not None and instant > until:
                return
            if instant > last:  # Several local times that do not exist are the same instant.
                last = instant
                yield instant
    except OverflowError:
        return  # The calendar's last year.


def next_fire_times(
    trigger: Recurrence | CronRecurrence, *, anchor: datetime, after: datetime, count: int = SHOWN_FIRE_TIMES
) -> list[datetime]:
    """The first instants after `after`."""
    return list(islice(fire_times(trigger, anchor=anchor, after=after), count))


def last_fire_time(
    trigger: Recurrence | CronRecurrence, *, anchor: datetime, after: datetime, until: datetime
) -> datetime | None:
    """The last instant in (after, until], found without walking through all of a long time."""
    for span in _SPANS:
        begin = max(after, until - span)
        found = list(fire_times(trigger, anchor=anchor, after=begin, until=until))
        if found or begin == after:
            return found[-1] if found else None
    found = list(fire_times(trigger, anchor=anchor, after=after, until=until))
    return found[-1] if found else None


def _cron_times(cron: CronRecurrence, after: datetime) -> Iterator[datetime]:
    zone = zone_named(cron.time_zone) or UTC
    for local in CronSim(cron.expression, after.astimezone(zone)):
        yield local.astimezone(UTC)


def _times(recurrence: Recurrence, anchor: datetime, after: datetime) -> Iterator[datetime]:
    zone = zone_named(recurrence.time_zone or "UTC") or ZoneInfo("UTC")
    start = recurrence.start or anchor.astimezone(zone).replace(tzinfo=None, microsecond=0)
    step = _FIXED_STEPS.get(recurrence.frequency)
    if step is not None:
        yield from _every(_instant(start, zone), step * recurrence.interval, after)
        return
    for local in _local_times(recurrence, start, after.astimezone(zone).replace(tzinfo=None)):
        yield _instant(local, zone)


def _every(start: datetime, step: timedelta, after: datetime) -> Iterator[datetime]:
    """Minutes and hours are lengths of time: the clock's changes do not touch them."""
    instant = start + max(0, (after - start) // step) * step
    while True:
        yield instant
        instant += step


def _local_times(recurrence: Recurrence, start: datetime, after: datetime) -> Iterator[datetime]:
    """Days, weeks and months are counted on the wall's calendar."""
    named = bool(recurrence.hours or recurrence.minutes)
    # Unnamed parts of the time of day are those of a start that the user gave, else zero.
    hour, minute = (start.hour, start.minute) if recurrence.start_time or not named else (0, 0)
    frequency, days = _CALENDAR[recurrence.frequency]
    begin = start
    if days:
        # Walking from a start long ago would take long; whole intervals later the pattern is the same.
        step = timedelta(days=days * recurrence.interval)
        begin += max(0, (after - start) // step - 1) * step
    yield from rrule.rrule(
        frequency,
        dtstart=begin,
        interval=recurrence.interval,
        wkst=rrule.MO,
        byweekday=[WEEK_DAYS.index(day) for day in recurrence.week_days] or None,
        byhour=list(recurrence.hours) or [hour],
        byminute=list(recurrence.minutes) or [minute],
        bysecond=[0] if named else [start.second],
    )


@lru_cache(maxsize=4096)
def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which a clock on the wall shows `local`.

    The first one where it is shown twice, and the first valid one after it where it is not shown at all.
    """
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local:
        return instant
    before = local.replace(tzinfo=zone, fold=1).astimezone(UTC)  # This side of the gap, and `instant` is beyond it.
    offset = instant.astimezone(zone).utcoffset()
    while instant - before > _SECOND:
        middle = before + (instant - before) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            instant = middle
        else:
            before = middle
    return instant
