"""v1's `Schedule` and `pipeyard schedule` against a real workspace."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pipeyard.core import Workspace
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core import CronRecurrence, Schedule, ScheduleRecurrence, TimeZone

from tests.e2e.scheduling import Scheduling
from tests.e2e.workspace import DATASTORE, Flow


@pytest.fixture
def scheduling(flow: Flow) -> Scheduling:
    return Scheduling(flow)


@pytest.fixture
def workspace(scheduling: Scheduling) -> Iterator[Workspace]:
    opened = Workspace(scheduling.api.url)
    yield opened
    opened.client.close()


def test_the_life_of_a_schedule(scheduling: Scheduling, workspace: Workspace) -> None:
    recurrence = ScheduleRecurrence(frequency="Hour", interval=2)
    schedule = Schedule.create(
        workspace, "nightly", scheduling.pipeline, scheduling.flow.name, recurrence, "text", {"files": "[2]"},
        wait_for_provisioning=True,
    )  # fmt: skip
    assert (schedule.status, schedule.pipeline_id, schedule.description) == ("Active", scheduling.pipeline, "text")
    assert schedule.get_last_pipeline_run() is None
    scheduling.tick()
    run = schedule.get_last_pipeline_run()
    assert run is not None
    assert run.wait_for_completion(show_output=False) == "Finished"
    assert [each.id for each in schedule.get_pipeline_runs()] == [run.id]
    schedule.update(name="other", recurrence=ScheduleRecurrence("Day", 1, time_of_day="06:30"), status="Active")
    fetched = Schedule.get(workspace, schedule.id)
    assert fetched.name == "other"
    assert fetched.recurrence is not None
    assert (fetched.recurrence.hours, fetched.recurrence.minutes) == ([6], [30])
    assert all("T06:30" in each for each in fetched.next_fire_times)
    schedule.disable(wait_for_provisioning=True)
    assert Schedule.list(workspace, pipeline_id=scheduling.pipeline) == []
    assert [each.id for each in Schedule.get_schedules_for_pipeline_id(workspace, scheduling.pipeline)] == [schedule.id]
    schedule.enable()
    assert [each.id for each in Schedule.list(workspace, pipeline_id=scheduling.pipeline)] == [schedule.id]
    schedule.delete()
    with pytest.raises(UserErrorException):
        Schedule.get(workspace, schedule.id)


def test_v1s_datastore_schedule(scheduling: Scheduling, workspace: Workspace) -> None:
    schedule = Schedule.create(
        workspace, "files", scheduling.pipeline, scheduling.flow.name, datastore=workspace.datastores[DATASTORE],
        polling_interval=7, data_path_parameter_name="data", path_on_datastore=scheduling.folder,
    )  # fmt: skip
    assert (schedule.datastore_name, schedule.polling_interval) == (DATASTORE, 7)
    assert (schedule.path_on_datastore, schedule.data_path_parameter_name) == (scheduling.folder, "data")
    schedule.update(polling_interval=9, pattern="*.csv")
    assert schedule.document["datastore_trigger"]["pattern"] == "*.csv"
    assert (schedule.polling_interval, schedule.path_on_datastore) == (9, scheduling.folder)
    with pytest.raises(UserErrorException, match="waits for files"):
        schedule.update(recurrence=ScheduleRecurrence("Day", 1))


def test_cron_and_preview(scheduling: Scheduling, workspace: Workspace) -> None:
    cron = CronRecurrence("0 6 L * *", TimeZone.WEuropeStandardTime)
    times = Schedule.preview(workspace, scheduling.pipeline, cron)
    assert len(times) == 10
    with pytest.raises(UserErrorException) as caught:
        Schedule.preview(workspace, scheduling.pipeline, CronRecurrence("0 6 * *"))
    assert [fault.pointer for fault in caught.value.faults] == ["/cron/expression"]


def test_yaml(tmp_path: Path, workspace: Workspace, scheduling: Scheduling) -> None:
    file = tmp_path / "schedule.yml"
    file.write_text(
        "Schedule:\n  description: from a file\n  recurrence:\n    frequency: Week\n    interval: 1\n"
        "    week_days: [Monday]\n    time_of_day: '06:30'\n",
        encoding="utf-8",
    )
    arguments: dict[str, Any] = Schedule.load_yaml(workspace, file)
    schedule = Schedule.create(workspace, "yaml", scheduling.pipeline, scheduling.flow.name, **arguments)
    assert schedule.recurrence is not None
    assert schedule.recurrence.week_days == ["Monday"]
    assert schedule.description == "from a file"
    file.write_text("Schedule:\n  recurence: {}\n", encoding="utf-8")
    with pytest.raises(UserErrorException, match="recurrence"):
        Schedule.load_yaml(workspace, file)


def test_the_command_line(scheduling: Scheduling, tmp_path: Path) -> None:
    def pipeyard(*words: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "pipeyard", "schedule", *words],
            env={**os.environ, "PIPEYARD_URL": scheduling.api.url},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    file = tmp_path / "schedule.json"
    document = scheduling.document(cron={"expression": "0 6 * * *"})
    file.write_text(json.dumps({**document, "published_pipeline_id": None}), encoding="utf-8")
    assert pipeyard("preview", str(file), "--pipeline", scheduling.pipeline).count("06:00 UTC") == 10
    made = json.loads(pipeyard("create", str(file), "--pipeline", scheduling.pipeline, "--json"))
    assert "Next: " in pipeyard("show", made["id"])
    assert "Disabled" in pipeyard("disable", made["id"])
    assert made["id"] in pipeyard("list", "--all", "--pipeline", scheduling.pipeline)
    assert "cron 0 6 * * * (UTC)" in pipeyard("enable", made["id"])
    assert json.loads(pipeyard("history", made["id"], "--json")) == {"value": []}
    assert "has started no run yet" in pipeyard("last-run", made["id"])
    changes = tmp_path / "changes.json"
    changes.write_text(json.dumps({"cron": {"expression": "30 5 * * *"}, "catch_up": "last"}), encoding="utf-8")
    assert pipeyard("update", made["id"], str(changes)).count("05:30 UTC") == 10
    assert json.loads(pipeyard("show", made["id"], "--json"))["catch_up"] == "last"
    at_once = scheduling.create(recurrence={"frequency": "Month", "interval": 1})
    scheduling.tick()
    (run,) = scheduling.runs(at_once)
    assert json.loads(pipeyard("last-run", at_once, "--json"))["run"]["run_id"] == run["run_id"]
    pipeyard("delete", made["id"])
    file.write_text(json.dumps({**document, "cron": {"expression": "0 6"}}), encoding="utf-8")
    assert "/cron/expression" in pipeyard("create", str(file), code=1)
