"""Schedules by time, over HTTP: made, looked at, fired by their timer, and `kill -9` right at a tick."""

import contextlib
import threading
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from tests.e2e.scheduling import Scheduling
from tests.e2e.workspace import Api, Flow, Server, problem
from tests.waiting import until

HOURLY = {"frequency": "Hour", "interval": 1}


@pytest.fixture
def scheduling(flow: Flow) -> Scheduling:
    return Scheduling(flow)


def test_a_schedule_starts_a_run_at_its_time_and_only_once(scheduling: Scheduling) -> None:
    schedule_id = scheduling.create(recurrence=HOURLY, parameters={"files": "[1]"})
    assert scheduling.api.http.get(f"/api/schedules/{schedule_id}/last-run").status_code == 204
    scheduling.tick()
    scheduling.tick()
    (run,) = scheduling.runs(schedule_id)
    assert (run["schedule_id"], run["run_source"]) == (schedule_id, "Schedule")
    assert run["published_pipeline_id"] == scheduling.pipeline
    assert run["parameters"]["files"] == "[1]"
    scheduling.api.wait(run["run_id"]).finished()
    (line,) = scheduling.history(schedule_id)
    assert (line["outcome"], line["run_id"]) == ("started", run["run_id"])
    schedule = scheduling.api.get(f"/api/schedules/{schedule_id}")
    assert schedule["last_fired_at"] == line["instant"] == schedule["created_at"]
    assert scheduling.api.get(f"/api/schedules/{schedule_id}/last-run")["run_id"] == run["run_id"]


def test_preview_and_next_times(scheduling: Scheduling) -> None:
    document = scheduling.document(cron={"expression": "30 6 * * 1-5", "time_zone": "W. Europe Standard Time"})
    shown = scheduling.api.post("/api/schedules/preview", document)["next_fire_times"]
    times = [datetime.fromisoformat(each) for each in shown]
    assert len(times) == 10
    assert times == sorted(times)
    assert {each.weekday() for each in times} <= {0, 1, 2, 3, 4}
    created = scheduling.api.post("/api/schedules", document, status=201)
    assert created["next_fire_times"] == shown
    assert created["recurrence"] is None


def test_faults_come_all_at_once(scheduling: Scheduling) -> None:
    document = scheduling.document(recurrence={"frequency": "hour", "interval": 0}, parameters={"nobody": 1})
    for path in ("/api/schedules", "/api/schedules/preview"):
        pointers = {fault["pointer"] for fault in scheduling.api.refuse(path, document, 422)["faults"]}
        assert pointers == {"/recurrence/frequency", "/recurrence/interval", "/parameters/nobody"}


def test_disabled_schedules_rest_and_deleted_ones_are_gone(scheduling: Scheduling) -> None:
    api = scheduling.api
    schedule_id = scheduling.create(recurrence=HOURLY, status="Disabled")
    scheduling.tick()
    assert scheduling.runs(schedule_id) == []
    assert api.get(f"/api/schedules/{schedule_id}")["next_fire_times"] == []
    listed = {"published_pipeline_id": scheduling.pipeline}
    assert api.get("/api/schedules", **listed)["value"] == []
    assert [each["id"] for each in api.get("/api/schedules", **listed, active_only=False)["value"]] == [schedule_id]
    changed = api.http.patch(f"/api/schedules/{schedule_id}", json={"status": "Active", "name": "again"}).json()
    assert (changed["status"], changed["name"]) == ("Active", "again")
    assert len(changed["next_fire_times"]) == 10
    assert api.http.delete(f"/api/schedules/{schedule_id}").status_code == 204
    problem(api.http.get(f"/api/schedules/{schedule_id}"), 404)
    problem(api.http.get(f"/api/schedules/{schedule_id}/history"), 404)


def test_an_endpoint_runs_the_version_that_is_default_at_the_time(scheduling: Scheduling, flow: Flow) -> None:
    api = scheduling.api
    second = Scheduling(flow)
    name = f"{flow.name}_endpoint"
    endpoint = api.post(
        "/api/pipeline-endpoints", {"name": name, "published_pipeline_id": scheduling.pipeline}, status=201
    )
    document = scheduling.document(recurrence=HOURLY, published_pipeline_id=None, pipeline_endpoint_id=endpoint["id"])
    schedule_id = api.post("/api/schedules", document, status=201)["id"]
    version = {"published_pipeline_id": second.pipeline, "set_default": True}
    api.post(f"/api/pipeline-endpoints/{endpoint['id']}/versions", version)
    scheduling.tick()
    (run,) = scheduling.runs(schedule_id)
    assert run["published_pipeline_id"] == second.pipeline
    assert run["pipeline_endpoint_id"] == endpoint["id"]


def test_killed_at_a_tick_it_starts_every_run_once(own: Server, tmp_path: Path) -> None:
    """The tick of many schedules is under way when the workspace dies; the next start finishes it."""
    api = Api(own.facts["url"])
    scheduling = Scheduling(Flow(api, tmp_path))
    ids = [scheduling.create(recurrence=HOURLY) for _ in range(12)]

    def tick() -> None:
        with contextlib.suppress(httpx.HTTPError):
            scheduling.tick()

    ticking = threading.Thread(target=tick)
    ticking.start()
    until(api.newest_runs, "the tick's first run", pause=0.005)
    own.kill()
    ticking.join()
    own.start()
    for schedule_id in ids:
        (run,) = scheduling.wait_for_runs(schedule_id)
        until(lambda each=schedule_id: scheduling.history(each), "the line in the history")  # type: ignore[misc]
        assert [line["run_id"] for line in scheduling.history(schedule_id)] == [run["run_id"]]
        api.wait(run["run_id"], limit=60).finished()
    scheduling.tick()
    assert [len(scheduling.runs(schedule_id)) for schedule_id in ids] == [1] * 12
    assert scheduling.flow.starts() == {"only": 1}, "eleven runs reused the first one's result"
    api.close()
