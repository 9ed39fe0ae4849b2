"""Files that start runs: found by the local host, gathered into bursts, and `kill -9` in the middle of one."""

import json
from pathlib import Path

import pytest

from tests.e2e.scheduling import Scheduling, fire
from tests.e2e.workspace import DATASTORE, Api, Flow, Server
from tests.waiting import until


@pytest.fixture
def scheduling(flow: Flow) -> Scheduling:
    return Scheduling(flow)


def test_a_new_file_starts_a_run_with_its_path(scheduling: Scheduling) -> None:
    scheduling.upload("old.csv")
    schedule_id = scheduling.waiting(data_path_parameter="data")
    (path,) = scheduling.upload("new.csv")
    scheduling.wait_for_runs(schedule_id)
    (run,) = scheduling.settled(schedule_id)
    assert run["parameters"]["data"] == {"datastore": DATASTORE, "path": path}
    scheduling.api.wait(run["run_id"]).finished()
    scheduling.upload("new.csv", data=b"changed")
    scheduling.wait_for_runs(schedule_id, 2)
    assert len(scheduling.settled(schedule_id)) == 2


def test_a_burst_starts_one_run_with_the_list(scheduling: Scheduling) -> None:
    schedule_id = scheduling.waiting(file_list_parameter="files", debounce_seconds=2, pattern="*.csv")
    paths = scheduling.upload(*(f"{number}.csv" for number in range(30)))
    scheduling.upload("note.txt")
    scheduling.wait_for_runs(schedule_id)
    (run,) = scheduling.settled(schedule_id)
    assert sorted(json.loads(run["parameters"]["files"])) == sorted(paths)
    lines = {line["outcome"]: line for line in scheduling.history(schedule_id)}
    assert (lines["started"]["run_id"], lines["started"]["file_count"]) == (run["run_id"], 30)
    assert "*.csv" in lines["ignored"]["reason"]


def test_an_event_that_comes_twice_starts_nothing_twice(scheduling: Scheduling) -> None:
    schedule_id = scheduling.waiting(debounce_seconds=0)
    (path,) = scheduling.upload("a")
    scheduling.wait_for_runs(schedule_id)
    for _ in range(3):
        fire(scheduling.api.url, "blob_arrived", {"input": f"azureml-blobstore/{path}"})
    assert len(scheduling.settled(schedule_id)) == 1


def test_the_outputs_of_the_run_do_not_start_another_one(scheduling: Scheduling) -> None:
    everything = {"path": "", "include_subfolders": True, "debounce_seconds": 0, "pattern": "**"}
    schedule_id = scheduling.waiting(**everything)
    scheduling.upload("a")
    (run,) = scheduling.wait_for_runs(schedule_id)
    scheduling.api.wait(run["run_id"]).finished()
    assert len(scheduling.settled(schedule_id)) == 1
    scheduling.api.http.delete(f"/api/schedules/{schedule_id}")


def test_killed_in_the_middle_of_a_burst_it_starts_one_run_with_all_files(own: Server, tmp_path: Path) -> None:
    api = Api(own.facts["url"])
    scheduling = Scheduling(Flow(api, tmp_path))
    burst = scheduling.waiting(file_list_parameter="files", debounce_seconds=20)
    every = scheduling.waiting(data_path_parameter="data")
    first = scheduling.upload(*(f"{number}" for number in range(10)))
    until(lambda: scheduling.runs(every), "the first of ten runs", pause=0.005)
    own.kill()
    own.start()
    second = scheduling.upload("late")
    (run,) = scheduling.wait_for_runs(burst)
    assert sorted(json.loads(run["parameters"]["files"])) == sorted([*first, *second])
    scheduling.wait_for_runs(every, 11)
    assert len(scheduling.settled(burst)) == 1
    found = [each["parameters"]["data"]["path"] for each in scheduling.settled(every)]
    assert sorted(found) == sorted([*first, *second])
    api.close()
