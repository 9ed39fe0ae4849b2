"""The instants of schedules: against dateutil and cronsim on UTC, and minute by minute where clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st
from tzlocal.windows_tz import win_tz

from shared.core.recurrence import WEEK_DAYS, CronRecurrence, Recurrence, normalized
from shared.services.recurrences import fire_times, last_fire_time, next_fire_times, time_faults, zone_named

MINUTE = timedelta(minutes=1)
NEW_YORK = ZoneInfo("America/New_York")
CHANGES = [
    ("Eastern Standard Time", datetime(2026, 3, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 10, 31, tzinfo=UTC)),
    ("Lord Howe Standard Time", datetime(2026, 4, 3, 12, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 2, 12, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 29, tzinfo=UTC)),
]
LOCAL_TIMES = st.datetimes(datetime.fromisoformat("2018-01-01"), datetime.fromisoformat("2030-01-01"))
MOMENTS = LOCAL_TIMES.map(lambda local: local.replace(tzinfo=UTC))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def recurrence(frequency: str = "Day", **fields: Any) -> Recurrence:
    made = Recurrence(frequency=frequency, **fields)
    assert time_faults(made) == []
    return normalized(made)


def first(trigger: Recurrence | CronRecurrence, after: str, count: int = 3, anchor: str | None = None) -> list[str]:
    found = next_fire_times(trigger, anchor=utc(anchor or after), after=utc(after), count=count)
    return [instant.strftime("%Y-%m-%dT%H:%M") for instant in found]


def local_first(trigger: Recurrence | CronRecurrence, after: datetime, count: int) -> list[str]:
    found = next_fire_times(trigger, anchor=after, after=after, count=count)
    return [instant.astimezone(NEW_YORK).strftime("%d %H:%M %Z") for instant in found]


@st.composite
def recurrences(draw: st.DrawFn, zone: str | None = None) -> Recurrence:
    frequency = draw(st.sampled_from(["Minute", "Hour", "Day", "Week", "Month"]))
    fields: dict[str, Any] = {"frequency": frequency, "time_zone": zone}
    fields["interval"] = draw(st.integers(1, 90 if frequency == "Minute" else 5))
    if draw(st.booleans()):
        start = draw(LOCAL_TIMES)
        fields["start_time"] = start.replace(second=0, microsecond=0).isoformat()
    if frequency in {"Day", "Week"}:
        fields["hours"] = draw(st.lists(st.integers(0, 23), max_size=4))
        fields["minutes"] = draw(st.lists(st.integers(0, 59), max_size=4))
    if frequency == "Week":
        fields["week_days"] = draw(st.lists(st.sampled_from(WEEK_DAYS), max_size=4))
    return normalized(Recurrence.model_validate(fields))


CRONS = st.sampled_from(
    [
        "*/7 * * * *",
        "30 2 * * *",
        "0,30 1-3 * * *",
        "15 */2 * * *",
        "5 0 1 * *",
        "0 9 * * 1-5",
        "0 6 L * *",
        "0 0 * * 1#2",
    ]
)


def in_berlin(expression: str) -> CronRecurrence:
    return CronRecurrence(expression=expression, time_zone="Europe/Berlin")


class TestAgainstOracles:
    @given(trigger=recurrences(), anchor=MOMENTS, after=MOMENTS)
    def test_on_utc_it_is_what_dateutil_says(self, trigger, anchor, after):
        names = {"Minute": "MINUTELY", "Hour": "HOURLY", "Day": "DAILY", "Week": "WEEKLY", "Month": "MONTHLY"}
        start = (trigger.start or anchor.replace(tzinfo=None)).replace(microsecond=0)
        # The oracle walks every instant from its start, so the time to walk is kept short.
        after = min(max(after.replace(tzinfo=None), start - timedelta(days=3)), start + timedelta(days=20))
        options: dict[str, Any] = {}
        if trigger.hours or trigger.minutes:
            given_start = trigger.start_time is not None
            options["byhour"] = list(trigger.hours) or [start.hour if given_start else 0]
            options["byminute"] = list(trigger.minutes) or [start.minute if given_start else 0]
            options["bysecond"] = [0]
        if trigger.week_days:
            options["byweekday"] = [WEEK_DAYS.index(day) for day in trigger.week_days]
        rule = rrule.rrule(
            getattr(rrule, names[trigger.frequency]), dtstart=start, interval=trigger.interval, **options
        )
        expected = [each.replace(tzinfo=UTC) for each in islice(rule.xafter(after), 12)]
        found = next_fire_times(trigger, anchor=start.replace(tzinfo=UTC), after=after.replace(tzinfo=UTC), count=12)
        assert found == expected

    @given(expression=CRONS, after=MOMENTS)
    def test_on_utc_it_is_what_cronsim_says(self, expression, after):
        found = next_fire_times(CronRecurrence(expression=expression), anchor=after, after=after, count=20)
        assert found == list(islice(CronSim(expression, after), 20))

    @pytest.mark.parametrize(("zone", "begin"), CHANGES)
    @given(hours=st.sets(st.integers(0, 23), min_size=1, max_size=6), minutes=st.sets(st.integers(0, 59), min_size=1))
    def test_minute_by_minute_around_changes_of_the_clock(self, zone, begin, hours, minutes):
        trigger = recurrence(
            hours=tuple(hours), minutes=tuple(minutes), time_zone=zone, start_time="2005-01-01T00:00:00"
        )
        end = begin + timedelta(days=3)
        found = list(fire_times(trigger, anchor=begin, after=begin, until=end))
        assert found == brute_force(hours, minutes, zone_named(zone), begin, end)


def brute_force(hours, minutes, zone, begin, end) -> list[datetime]:
    """Looks at the clock every minute: shown for the first time, or jumped over since the minute before."""
    expected, seen, moment = [], set(), begin - timedelta(days=1)
    before = moment.astimezone(zone).replace(tzinfo=None)
    while moment < end:
        moment += MINUTE
        shown = moment.astimezone(zone).replace(tzinfo=None)
        fires, clock = False, min(before + MINUTE, shown)
        while clock <= shown:
            if clock not in seen and clock.hour in hours and clock.minute in minutes:
                fires = True
            seen.add(clock)
            clock += MINUTE
        if fires and moment > begin:
            expected.append(moment)
        before = shown
    return expected


class TestAlways:
    @given(trigger=recurrences("Eastern Standard Time"), anchor=MOMENTS, after=MOMENTS)
    def test_strictly_increasing_and_after(self, trigger, anchor, after):
        found = next_fire_times(trigger, anchor=anchor, after=after, count=30)
        assert all(one < other for one, other in pairwise([after, *found]))
        assert all(instant.tzinfo is UTC for instant in found)

    @given(
        trigger=recurrences("Europe/Berlin") | CRONS.map(in_berlin),
        begin=MOMENTS,
        cuts=st.lists(st.integers(0, 14 * 24 * 60), max_size=4),
    )
    def test_a_time_can_be_split_anywhere(self, trigger, begin, cuts):
        end = begin + timedelta(days=14)
        whole = list(fire_times(trigger, anchor=begin, after=begin, until=end))
        at = [begin, *sorted(begin + cut * MINUTE for cut in cuts), end]
        parts = [fire_times(trigger, anchor=begin, after=one, until=other) for one, other in pairwise(at)]
        assert [instant for part in parts for instant in part] == whole

    @given(trigger=recurrences("Europe/Berlin"), anchor=MOMENTS, begin=MOMENTS, days=st.integers(0, 40))
    def test_the_last_one_is_found_without_the_walk(self, trigger, anchor, begin, days):
        end = begin + timedelta(days=days)
        walked = list(fire_times(trigger, anchor=anchor, after=begin, until=end))
        assert last_fire_time(trigger, anchor=anchor, after=begin, until=end) == (walked[-1] if walked else None)


class TestStart:
    def test_without_a_start_the_first_run_is_at_once(self):
        found = next_fire_times(
            recurrence("Hour"), anchor=utc("2026-05-01T10:17:31"), after=utc("2026-05-01T10:17:30"), count=2
        )
        assert found == [utc("2026-05-01T10:17:31"), utc("2026-05-01T11:17:31")]

    def test_a_start_in_the_past_leads_to_the_next_computed_instant(self):
        trigger = recurrence("Hour", interval=5, start_time="2020-01-01T00:30:00")
        assert first(trigger, "2020-01-02T00:00", 2) == ["2020-01-02T01:30", "2020-01-02T06:30"]

    def test_a_start_to_come_fires_itself(self):
        trigger = recurrence("Month", start_time="2027-02-03T08:00:00")
        assert first(trigger, "2026-01-01T00:00", 2) == ["2027-02-03T08:00", "2027-03-03T08:00"]

    def test_with_a_pattern_the_start_fires_only_if_it_fits(self):
        trigger = recurrence("Week", start_time="2027-01-01T10:00:00", hours=[15], minutes=[30], week_days=["Monday"])
        assert first(trigger, "2026-12-01T00:00", 2) == ["2027-01-04T15:30", "2027-01-11T15:30"]
        fitting = recurrence("Day", start_time="2027-01-01T15:30:00", hours=[15], minutes=[30])
        assert first(fitting, "2026-12-01T00:00", 1) == ["2027-01-01T15:30"]

    def test_every_hour_goes_with_every_minute(self):
        trigger = recurrence("Day", hours=[2, 14], minutes=[0, 45])
        assert first(trigger, "2026-05-01T02:10", 3) == ["2026-05-01T02:45", "2026-05-01T14:00", "2026-05-01T14:45"]

    def test_missing_parts_of_the_time_come_from_the_start_that_was_given(self):
        assert first(recurrence("Day", hours=[5]), "2026-05-01T02:10", 1) == ["2026-05-01T05:00"]
        trigger = recurrence("Day", hours=[5], start_time="2026-01-01T00:20:00")
        assert first(trigger, "2026-05-01T02:10", 1) == ["2026-05-01T05:20"]

    def test_weeks_are_counted_from_the_week_of_the_start(self):
        trigger = recurrence("Week", interval=2, start_time="2026-01-07T09:00:00", week_days=["Monday", "Friday"])
        assert first(trigger, "2026-01-07T00:00", 4) == [
            "2026-01-09T09:00", "2026-01-19T09:00", "2026-01-23T09:00", "2026-02-02T09:00",
        ]  # fmt: skip

    def test_decades_later_an_answer_takes_no_time(self):
        minutely = recurrence("Day", start_time="1990-01-01T00:00:00", hours=range(24), minutes=range(60))
        for trigger in (minutely, recurrence("Minute", start_time="1990-01-01T00:00:00")):
            assert first(trigger, "2040-06-01T12:00", 1) == ["2040-06-01T12:01"]
            last = last_fire_time(trigger, anchor=utc("1990-01-01"), after=utc("1990-01-01"), until=utc("2040-01-01"))
            assert last == utc("2040-01-01")


class TestMonths:
    def test_the_31st_skips_shorter_months(self):
        trigger = recurrence("Month", start_time="2027-01-31T06:00:00")
        assert first(trigger, "2027-01-01T00:00", 4) == [
            "2027-01-31T06:00", "2027-03-31T06:00", "2027-05-31T06:00", "2027-07-31T06:00",
        ]  # fmt: skip

    def test_cron_can_name_the_last_day(self):
        trigger = CronRecurrence(expression="0 6 L * *")
        assert first(trigger, "2027-01-01T00:00", 2) == ["2027-01-31T06:00", "2027-02-28T06:00"]


class TestChangesOfTheClock:
    SPRING = datetime(2026, 3, 7, 12, tzinfo=UTC)
    AUTUMN = datetime(2026, 10, 31, 12, tzinfo=UTC)

    @pytest.mark.parametrize(
        "trigger",
        [
            recurrence(hours=[2], minutes=[30], time_zone="Eastern Standard Time"),
            CronRecurrence(expression="30 2 * * *", time_zone="Eastern Standard Time"),
        ],
    )
    def test_a_time_that_does_not_exist_fires_at_the_next_valid_instant(self, trigger):
        assert local_first(trigger, self.SPRING, 2) == ["08 03:00 EDT", "09 02:30 EDT"]

    @pytest.mark.parametrize(
        "trigger",
        [
            recurrence(hours=[1], minutes=[30], time_zone="Eastern Standard Time"),
            CronRecurrence(expression="30 1 * * *", time_zone="Eastern Standard Time"),
        ],
    )
    def test_a_time_that_comes_twice_fires_once(self, trigger):
        assert local_first(trigger, self.AUTUMN, 2) == ["01 01:30 EDT", "02 01:30 EST"]

    def test_several_times_in_the_gap_fire_once(self):
        trigger = recurrence(hours=[2, 3], minutes=[0, 30], time_zone="America/New_York")
        assert local_first(trigger, self.SPRING, 3) == ["08 03:00 EDT", "08 03:30 EDT", "09 02:00 EDT"]
        cron = CronRecurrence(expression="0,30 2,3 * * *", time_zone="America/New_York")
        assert local_first(cron, self.SPRING, 3) == ["08 03:00 EDT", "08 03:30 EDT", "09 02:00 EDT"]

    def test_hours_are_lengths_of_time(self):
        trigger = recurrence("Hour", start_time="2026-10-31T23:30:00", time_zone="America/New_York")
        found = local_first(trigger, datetime(2026, 11, 1, 4, tzinfo=UTC), 4)
        assert found == ["01 00:30 EDT", "01 01:30 EDT", "01 01:30 EST", "01 02:30 EST"]

    def test_cron_with_a_star_goes_on_through_the_repeated_hour(self):
        cron = CronRecurrence(expression="*/30 * * * *", time_zone="America/New_York")
        found = local_first(cron, datetime(2026, 11, 1, 4, 45, tzinfo=UTC), 5)
        assert found == ["01 01:00 EDT", "01 01:30 EDT", "01 01:00 EST", "01 01:30 EST", "01 02:00 EST"]


class TestZones:
    @pytest.mark.parametrize("name", [*win_tz, "Kamchatka Standard Time", "Europe/Berlin", "UTC"])
    def test_windows_and_iana_names(self, name):
        assert zone_named(name) is not None

    @pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "America", "", "/etc/localtime", "x\0y"])
    def test_others_are_faults(self, name):
        (fault,) = time_faults(Recurrence(frequency="Day", time_zone=name))
        assert fault.pointer == "/time_zone"

    def test_faults_of_zone_and_rules_come_together(self):
        faults = time_faults(Recurrence(frequency="Dai", time_zone="Estern Standard Time"))
        assert [fault.pointer for fault in faults] == ["/frequency", "/time_zone"]
        assert "Eastern Standard Time" in str(faults[1].suggestion)

    @pytest.mark.parametrize("expression", ["61 * * * *", "* * 30 2 *", "a b c d e"])
    def test_cron_that_cannot_come_true(self, expression):
        assert [fault.pointer for fault in time_faults(CronRecurrence(expression=expression))] == ["/expression"]
