"""Schedules in v1's words."""

import pytest

from api.v1.schedule_entities import RecurrenceEntity, TriggerInfo, recurrence_of, trigger_of


@pytest.mark.parametrize(
    ("frequency", "name"), [("Month", "Month"), ("0", "Month"), (1, "Week"), ("2", "Day"), ("3", "Hour"), (4, "Minute")]
)
def test_frequencies_have_codes(frequency: str | int, name: str):
    sent = RecurrenceEntity.model_validate({"Frequency": frequency, "Interval": 2})
    assert recurrence_of(sent) == {"frequency": name, "interval": 2, "week_days": []}


def test_week_days_have_codes():
    sent = RecurrenceEntity.model_validate({"Frequency": "Week", "Schedule": {"WeekDays": [0, "6", "Friday"]}})
    assert recurrence_of(sent)["week_days"] == ["Monday", "Sunday", "Friday"]


def test_only_what_is_sent_is_set():
    assert trigger_of(TriggerInfo(data_store_name="d")) == {"datastore": "d", "path": ""}
    sent = TriggerInfo(
        data_store_name="d", polling_interval=0, path_on_data_store="/a/b/", data_path_parameter_name="p"
    )
    assert trigger_of(sent) == {
        "datastore": "d",
        "path": "a/b",
        "polling_interval_minutes": 1,
        "data_path_parameter": "p",
    }
