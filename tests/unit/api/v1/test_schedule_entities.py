"""Schedules in v1's words."""

import pytest

from api.v1.schedule_entities import RecurrenceEntity, TriggerInfo, recurrence_of, trigger_of
from shared.core.schedules import DatastoreTrigger


@pytest.mark.parametrize(
    ("frequency", "name"), [("Month", "Month"), ("0", "Month"), (1, "Week"), ("2", "Day"), ("3", "Hour"), (4, "Minute")]
)
def test_frequencies_have_codes(frequency: str | int, name: str):
    sent = RecurrenceEntity.model_validate({"Frequency": frequency, "Interval": 2})
    assert recurrence_of(sent) == {"frequency": name, "interval": 2, "week_days": []}


@pytest.mark.parametrize(
    ("zone", "read"), [(None, "2030-01-01T10:00:00"), ("Tokyo Standard Time", "2030-01-01T10:00:00Z")]
)
def test_a_start_in_utc_may_say_so(zone: str | None, read: str):
    sent = RecurrenceEntity(frequency="Day", interval=1, start_time="2030-01-01T10:00:00Z", time_zone=zone)
    assert recurrence_of(sent)["start_time"] == read


def test_week_days_have_codes():
    sent = RecurrenceEntity.model_validate({"Frequency": "Week", "Schedule": {"WeekDays": [0, "6", "Friday"]}})
    assert recurrence_of(sent)["week_days"] == ["Monday", "Sunday", "Friday"]


def test_only_what_is_sent_is_set():
    assert trigger_of(TriggerInfo(data_store_name="d")) == {"datastore": "d"}
    sent = TriggerInfo(
        data_store_name="d", polling_interval=0, path_on_data_store="/a/b/", data_path_parameter_name="p"
    )
    assert trigger_of(sent) == {
        "datastore": "d",
        "path": "a/b",
        "polling_interval_minutes": 1,
        "data_path_parameter": "p",
    }


def test_what_v1_has_no_words_for_stays():
    old = DatastoreTrigger(datastore="d", path="in", pattern="*.csv", include_subfolders=True, debounce_seconds=3)
    assert trigger_of(TriggerInfo(data_store_name="e"), old) == {**old.model_dump(), "datastore": "e"}


@pytest.mark.parametrize(("chosen", "then"), [(10, 0), (20, 20)])
def test_a_window_that_nobody_chose_follows_v1s_way(chosen: int, then: int):
    old = DatastoreTrigger(datastore="d", path="in", debounce_seconds=chosen)
    sent = TriggerInfo(data_store_name="d", data_path_parameter_name="place")
    assert DatastoreTrigger(**trigger_of(sent, old)).quiet_seconds == then
