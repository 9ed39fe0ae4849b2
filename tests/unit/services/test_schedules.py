"""Making and changing schedules: every fault at once, and what counts after a change."""

from typing import Any

import pytest

from shared.core.errors import InvalidDocument, NotFound
from shared.core.publishing import EntityStatus
from shared.services.publishing import PublishRequest, publish, set_published_status
from shared.services.schedule_requests import ScheduleChange, ScheduleRequest
from shared.services.schedules import get_schedule, last_run, list_schedules, preview, upcoming, update_schedule
from tests.unit.services.scheduling import DEFINITION, MINUTE, World


def refused(world: World, **fields: Any) -> list[str]:
    with pytest.raises(InvalidDocument) as caught:
        world.schedule(**fields)
    return sorted(fault.pointer for fault in caught.value.faults)


def test_every_fault_is_told_at_once(world: World):
    found = refused(
        world,
        recurrence={"frequency": "day", "interval": 0, "time_zone": "Nowhere"},
        parameters={"alhpa": 1.0, "files": 3},
    )
    assert found == [
        "/parameters/alhpa",
        "/parameters/files",
        "/recurrence/frequency",
        "/recurrence/interval",
        "/recurrence/time_zone",
    ]


def test_exactly_one_trigger_and_one_pipeline(world: World):
    hourly = {"frequency": "Hour"}
    assert refused(world) == [""]
    assert refused(world, recurrence=hourly, cron={"expression": "0 * * * *"}) == ["/cron", "/recurrence"]
    assert refused(world, recurrence=hourly, published_pipeline_id=None) == [""]
    assert refused(world, recurrence=hourly, published_pipeline_id="nobody") == ["/published_pipeline_id"]
    both = refused(world, recurrence=hourly, pipeline_endpoint_id="e")
    assert both == ["/pipeline_endpoint_id", "/published_pipeline_id"]


@pytest.mark.parametrize(
    ("trigger", "pointers"),
    [
        ({"datastore": "nowhere"}, ["/datastore"]),
        ({"path": "../up"}, ["/path"]),
        ({"path": "/abs"}, ["/path"]),
        ({"pattern": "deep/*.csv"}, ["/pattern"]),
        ({"data_path_parameter": "alpha"}, ["/data_path_parameter"]),
        ({"file_list_parameter": "file"}, ["/file_list_parameter"]),
        ({"path": "", "data_path_parameter": "data", "debounce_seconds": 5}, ["/data_path_parameter"]),
    ],
)
def test_what_a_datastore_trigger_needs(world: World, trigger: dict[str, Any], pointers: list[str]):
    document = {"datastore": "workspaceblobstore", "path": "in", **trigger}
    assert refused(world, datastore_trigger=document) == [f"/datastore_trigger{pointer}" for pointer in pointers]


def test_the_trigger_fills_its_parameters_alone(world: World):
    trigger = {"datastore": "workspaceblobstore", "path": "in", "file_list_parameter": "files"}
    found = refused(world, datastore_trigger=trigger, parameters={"files": "[]"})
    assert found == ["/datastore_trigger/file_list_parameter"]


def test_a_disabled_pipeline_can_still_be_given_a_schedule(world: World):
    set_published_status(world.workspace, world.pipeline.published_pipeline_id, EntityStatus.DISABLED)
    assert world.every().status is EntityStatus.ACTIVE


def test_the_preview_saves_nothing(world: World):
    request = ScheduleRequest.model_validate(
        {
            "name": "n",
            "published_pipeline_id": world.pipeline.published_pipeline_id,
            "experiment_name": "e",
            "recurrence": {"frequency": "Hour", "interval": 6},
        }
    )
    found = preview(world.workspace, request)
    assert [instant.hour for instant in found] == [12, 18, 0, 6, 12, 18, 0, 6, 12, 18]
    everything = {"active_only": False, "published_pipeline_id": None, "pipeline_endpoint_id": None}
    assert list_schedules(world.workspace, **everything, page_size=50, continuation_token=None).value == []  # type: ignore[arg-type]


def test_a_new_trigger_counts_from_now_on(world: World):
    schedule = world.every("Day")
    world.tick(90 * MINUTE)
    change = ScheduleChange.model_validate({"cron": {"expression": "*/15 * * * *"}})
    changed = update_schedule(world.workspace, schedule.schedule_id, change)
    assert changed.recurrence is None
    assert upcoming(world.workspace, changed)[0].strftime("%H:%M") == "13:30"
    world.tick(MINUTE)
    assert world.instants(changed, "started")[-1] == "02 13:30"


def test_only_what_is_named_changes(world: World):
    schedule = world.every("Day", parameters={"alpha": 0.25})
    changed = update_schedule(world.workspace, schedule.schedule_id, ScheduleChange.model_validate({"name": "other"}))
    assert changed.name == "other"
    assert changed.parameters == {"alpha": 0.25}
    assert (changed.active_since, changed.anchored_at) == (schedule.active_since, schedule.anchored_at)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"datastore_trigger": {"datastore": "workspaceblobstore"}}, "/datastore_trigger"),
        ({"name": None}, "/name"),
        ({"recurrence": None}, ""),
        ({"recurrence": {"frequency": "Day", "hours": [99]}}, "/recurrence/hours/0"),
        ({"parameters": {"beta": 1}}, "/parameters/beta"),
    ],
)
def test_changes_are_checked_as_well(world: World, change: dict[str, Any], pointer: str):
    schedule = world.every("Day")
    with pytest.raises(InvalidDocument) as caught:
        update_schedule(world.workspace, schedule.schedule_id, ScheduleChange.model_validate(change))
    assert [fault.pointer for fault in caught.value.faults] == [pointer]
    assert get_schedule(world.workspace, schedule.schedule_id) == schedule


def test_a_schedule_whose_pipeline_is_gone_can_still_be_disabled(world: World):
    schedule = world.every("Day")
    world.workspace.services.catalogue.delete(type(world.pipeline), world.pipeline.published_pipeline_id)
    disabled = ScheduleChange.model_validate({"status": "Disabled"})
    assert update_schedule(world.workspace, schedule.schedule_id, disabled).status is EntityStatus.DISABLED
    assert last_run(world.workspace, schedule.schedule_id) is None
    with pytest.raises(NotFound):
        last_run(world.workspace, "nobody")


@pytest.mark.parametrize(
    ("trigger", "place", "refused"),
    [
        ({}, "inbox", True),
        ({}, "inbox/{output-name}", True),
        ({"path": "inbox/deep"}, "inbox", True),
        ({"path": "", "include_subfolders": True}, "results/{run-id}", True),
        ({"pattern": "*.csv"}, "inbox/result.csv", True),
        ({"pattern": "*.csv"}, "inbox/result.json", False),
        ({"include_subfolders": True}, "results/inbox", False),
        ({}, "inboxes/a", False),
    ],
)
def test_a_pipeline_that_would_start_itself_for_ever_is_refused(
    world: World, trigger: dict[str, Any], place: str, refused
):
    step = {**DEFINITION["steps"][0], "outputs": {"out": {"path": place}}}  # type: ignore[index]
    request = PublishRequest.model_validate({"name": "p", "definition": {**DEFINITION, "steps": [step]}})
    world.pipeline = publish(world.workspace, request)
    if not refused:
        world.waiting(**trigger)
        return
    with pytest.raises(InvalidDocument) as caught:
        world.waiting(**trigger)
    (fault,) = caught.value.faults
    assert fault.pointer == "/datastore_trigger/path"
    assert "start another one" in fault.message
