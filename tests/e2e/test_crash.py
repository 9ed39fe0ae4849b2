"""`kill -9` at any point of a run: after the next start it finishes, and no step runs twice without need.

The tests share one data folder, whose workspace each of them kills and starts again.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.test_engine import BUSY
from tests.e2e.workspace import Api, Ended, Flow, Json, Server, is_alive, processes_of
from tests.waiting import until

FAN = 5
GATED = "note(); gate(); out(); note('end')"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("crash"))
    yield made
    made.close()


@pytest.fixture
def own(shared: Server) -> Server:
    """A running workspace that may be killed."""
    if not shared.is_running:
        shared.start()
    return shared


@pytest.fixture
def own_flow(own: Server, tmp_path: Path) -> Iterator[Flow]:
    api = Api(own.facts["url"])
    yield Flow(api, tmp_path)
    api.close()


def diamond(flow: Flow) -> list[Json]:
    sleep = "note(); time.sleep({}); out(); note('end')"
    fan = [flow.step(f"f{number}", sleep.format(0.8), data=["root"]) for number in range(FAN)]
    join = flow.step("join", sleep.format(0.3), data=[f"f{number}" for number in range(FAN)])
    return [flow.step("root", sleep.format(0.4)), *fan, join]


def check_attempts(flow: Flow, ended: Ended) -> None:
    """Every start of a script belongs to exactly one recorded try."""
    starts = [line["run"] for line in flow.notes("start")]
    for name, step in ended.steps.items():
        assert starts.count(step["step_run_id"]) == len(step["attempts"]) == step["attempt"], name


POINTS: dict[str, Callable[[Flow], object]] = {
    "right after the submit": lambda flow: None,
    "between two steps": lambda flow: flow.wait_for_note("end", "root"),
    "in the middle of the fan-out": lambda flow: until(lambda: len(flow.notes("start")) > 3, "the fan-out"),
}


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS.keys())
def test_a_run_survives_the_death_of_the_workspace(
    point: Callable[[Flow], object], own: Server, own_flow: Flow
) -> None:
    run_id = own_flow.submit(*diamond(own_flow))
    point(own_flow)
    before = own_flow.api.steps(run_id)
    own.kill()
    own.start()
    ended = own_flow.api.wait(run_id).finished()
    assert own_flow.starts() == dict.fromkeys(["root", *(f"f{number}" for number in range(FAN)), "join"], 1)
    check_attempts(own_flow, ended)
    for name, step in before.items():
        if step["status"] == "Finished":
            assert ended.steps[name] == step, "what had finished stays as it was"
    assert ended.run["step_counts"] == {"Finished": FAN + 2}


def test_killed_in_the_first_step_and_again_in_the_last(own: Server, own_flow: Flow) -> None:
    run_id = own_flow.submit(*diamond(own_flow))
    for count in (1, FAN + 2):
        until(lambda count=count: len(own_flow.notes("start")) >= count, f"{count} steps")  # type: ignore[misc]
        own.kill()
        own.start()
    ended = own_flow.api.wait(run_id).finished()
    assert set(own_flow.starts().values()) == {1}
    check_attempts(own_flow, ended)


def test_what_becomes_of_the_jobs(own: Server, own_flow: Flow, tmp_path: Path) -> None:
    """A living job is found again, one that ended meanwhile is picked up, and one that died is tried again.

    As after a power cut, a lost try is not the script's failure and costs none of its tries.
    """
    gate, early = tmp_path / "gate", tmp_path / "early"
    run_id = own_flow.submit(
        own_flow.step("alive", GATED, env={"GATE": str(gate)}),
        own_flow.step("stored", GATED, env={"GATE": str(early)}),
        own_flow.step("silent", "note(); gate(); note('end')", env={"GATE": str(early)}, outputs={}),
        own_flow.step("killed", "note(); n = tries(); time.sleep(60 if n == 1 else 0); out()"),
        own_flow.step("unlucky", "note(); gate(); sys.exit(4)", env={"GATE": str(early)}),
    )
    first = {name: own_flow.wait_for_note("start", name) for name in ("alive", "stored", "silent", "killed", "unlucky")}
    own.kill()
    early.touch()
    os.kill(first["killed"]["parent"], signal.SIGKILL)
    for name in ("stored", "silent", "killed", "unlucky"):
        until(lambda name=name: not is_alive(first[name]["pid"]), f"the end of {name}")  # type: ignore[misc]
    assert is_alive(first["alive"]["pid"]), "jobs do not die with the workspace"
    own.start()
    api = own_flow.api
    for name in ("stored", "silent", "killed", "unlucky"):
        api.wait_for_step(run_id, name, {"Finished", "Failed"})
    assert api.step(run_id, "alive")["status"] == "Running"
    assert is_alive(first["alive"]["pid"])
    gate.touch()
    ended = api.wait(run_id)
    assert {name: [each["outcome"] for each in step["attempts"]] for name, step in ended.steps.items()} == {
        "alive": ["completed"],
        "stored": ["completed"],
        "silent": ["completed"],
        "killed": ["lost", "completed"],
        "unlucky": ["failed"],
    }
    check_attempts(own_flow, ended)
    assert api.read_output(run_id, "stored") == b"x"
    assert ended.steps["unlucky"]["exit_code"] == 4


def test_workspace_and_storage_killed_together(own: Server, own_flow: Flow, tmp_path: Path) -> None:
    """Everything that is older than a second and a half has reached the disk."""
    gate = tmp_path / "gate"
    first = own_flow.run(own_flow.step("before")).finished()
    run_id = own_flow.submit(
        own_flow.step("root"), own_flow.step("work", GATED, data=["root"], env={"GATE": str(gate)})
    )
    own_flow.wait_for_note("start", "work")
    time.sleep(1.5)
    root = own_flow.api.step(run_id, "root")
    assert root["status"] == "Finished"
    own.kill(storage=True)
    own.start()
    assert own_flow.api.run(first.run_id) == first.run
    assert own_flow.api.read_output(first.run_id, "before") == b"x"
    gate.touch()
    ended = own_flow.api.wait(run_id).finished()
    assert ended.steps["root"] == root
    assert own_flow.starts() == {"before": 1, "root": 1, "work": 1}
    check_attempts(own_flow, ended)
    assert own_flow.api.wait(own_flow.api.submit(own_flow.definition(own_flow.step("before")))).finished().reused == {
        "before"
    }


def test_a_cancel_survives_the_death_of_the_workspace(own: Server, own_flow: Flow) -> None:
    run_id = own_flow.submit(own_flow.step("busy", BUSY), own_flow.step("later", data=["busy"]))
    pids = own_flow.wait_for_note("start", "busy")["pids"]
    own_flow.api.post(f"/api/runs/{run_id}/cancel", status=202)
    own.kill()
    own.start()
    ended = own_flow.api.wait(run_id)
    assert ended.status == "Canceled"
    assert ended.statuses() == {"busy": "Canceled", "later": "Canceled"}
    assert not any(map(is_alive, pids))
    assert own_flow.starts() == {"busy": 1}


def test_a_step_that_waits_for_an_identical_one_still_waits_after_the_death_of_the_workspace(
    own: Server, own_flow: Flow, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    step = own_flow.step("work", GATED, env={"GATE": str(gate)})
    ids = [own_flow.submit(step)]
    own_flow.wait_for_note("start", "work")
    ids.append(own_flow.submit(step))
    own_flow.api.wait_for_step(ids[1], "work", {"Queued"})
    own.kill()
    own.start()
    gate.touch()
    runs = [own_flow.api.wait(run_id).finished() for run_id in ids]
    assert (runs[0].ran, runs[1].reused) == ({"work"}, {"work"})
    assert own_flow.starts() == {"work": 1}


def test_a_clean_stop_in_the_middle_of_a_run(own: Server, own_flow: Flow) -> None:
    script = BUSY.replace("time.sleep(60)", "time.sleep(60) if tries() == 1 else child.kill(); out()")
    run_id = own_flow.submit(
        own_flow.step("root"),
        own_flow.step("busy", script, data=["root"]),
        own_flow.step("next", data=["busy"]),
    )
    pids = own_flow.wait_for_note("start", "busy")["pids"]
    began = time.monotonic()
    assert own.stop() == 0
    assert time.monotonic() - began < 40
    assert not any(map(is_alive, pids))
    assert processes_of(own.data) == [], "no job and no node process is left"
    assert not (own.data / "workspace.json").exists()
    own.start()
    ended = own_flow.api.wait(run_id).finished()
    attempts = ended.steps["busy"]["attempts"]
    assert [each["outcome"] for each in attempts] == ["interrupted", "completed"], "although there is one try only"
    assert own_flow.starts() == {"root": 1, "busy": 2, "next": 1}
    check_attempts(own_flow, ended)


def test_two_workspaces_side_by_side(own: Server, own_flow: Flow, server: Server, api: Api, tmp_path: Path) -> None:
    """The death and the end of one are nothing to the other."""
    facts = own.facts, server.facts
    ports = [each[name] for each in facts for name in ("url", "blob_port", "queue_port", "table_port")]
    assert len(set(ports)) == len(ports)
    (tmp_path / "other").mkdir()
    other_flow = Flow(api, tmp_path / "other")
    other_flow.name, other_flow.token = own_flow.name, own_flow.token
    ids = [each.submit(*diamond(each)) for each in (own_flow, other_flow)]
    other_flow.wait_for_note("start", "root")
    own.kill()
    other_ended = api.wait(ids[1]).finished()
    own.start()
    ended = own_flow.api.wait(ids[0]).finished()
    for flow, each in ((own_flow, ended), (other_flow, other_ended)):
        assert set(flow.starts().values()) == {1}
        assert len(each.ran) == FAN + 2
        assert [run["run_id"] for run in flow.api.get("/api/runs", experiment=flow.name)["value"]] == [each.run_id]
    assert own.stop() == 0
    assert processes_of(own.data) == []
    assert api.get("/health")["status"] == "ok"
    assert processes_of(server.data) != []
