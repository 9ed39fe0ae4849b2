"""Runs that a step's job started end before the step does."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.workspace import Api, Flow, Json
from tests.waiting import until

GATED = "note(); gate(); note('end'); out()"
SWEEP = {
    "script_name": "step.py",
    "sampling": {"kind": "grid", "space": {"--x": ["choice", [[1, 2]]]}},
    "primary_metric_name": "score",
    "primary_metric_goal": "MAXIMIZE",
    "max_total_runs": 2,
}
PACKAGE = "pipeyard/jobs"


def parent(flow: Flow, script: str, gate: Path, **fields: Any) -> Json:
    """A step of a type that starts runs, whose driver is the test's own: the test starts the runs itself."""
    files = {
        "pipeyard/__init__.py": "",
        f"{PACKAGE}/__init__.py": "",
        f"{PACKAGE}/hyperdrive.py": f"from lib import *\n{script}\n",
    }
    env = {"GATE": str(gate)}
    return flow.step("parent", files=files, env=env, type="hyperdrive", settings=SWEEP, **fields)


def start_children(flow: Flow, run_id: str, gate: Path, count: int = 2) -> list[str]:
    until(lambda: flow.notes("start", "parent"), "the parent's start")
    children = []
    for number in range(count):
        name = f"child{number}"
        step = flow.step(name, GATED, env={"GATE": str(gate)})
        children.append(flow.submit(step, parent_step_run_id=f"{run_id}-00000"))
    until(lambda: len(flow.notes("start")) == count + 1, "the children's start")
    return children


def test_a_cancel_reaches_the_children_and_waits_for_them(flow: Flow, api: Api, tmp_path: Path) -> None:
    gates = tmp_path / "parent", tmp_path / "child"
    run_id = flow.submit(parent(flow, GATED, gates[0]))
    children = start_children(flow, run_id, gates[1])
    assert {run["run_id"] for run in api.get("/api/runs", parent_step_run_id=f"{run_id}-00000")["value"]} == set(
        children
    )
    api.post(f"/api/runs/{run_id}/cancel", status=202)
    assert api.wait(run_id).status == "Canceled"
    ended = [api.run(child) for child in children]
    assert [run["status"] for run in ended] == ["Canceled", "Canceled"]
    assert all(run["ended_at"] <= api.step(run_id, "parent")["ended_at"] for run in ended)
    assert flow.notes("end") == []


@pytest.mark.parametrize(("code", "status"), [(0, "Finished"), (3, "Failed")])
def test_what_a_driver_leaves_behind_is_canceled(flow: Flow, api: Api, tmp_path: Path, code: int, status: str) -> None:
    gates = tmp_path / "parent", tmp_path / "child"
    run_id = flow.submit(parent(flow, f"note(); gate(); out(); sys.exit({code})", gates[0]))
    children = start_children(flow, run_id, gates[1])
    gates[0].touch()
    assert api.wait(run_id).status == status
    assert [api.run(child)["status"] for child in children] == ["Canceled", "Canceled"]


def test_a_step_that_is_tried_again_keeps_its_children(flow: Flow, api: Api, tmp_path: Path) -> None:
    gates = tmp_path / "parent", tmp_path / "child"
    script = "note(); gate(); out(); sys.exit(1 if tries() < 2 else 0)"
    run_id = flow.submit(parent(flow, script, gates[0], retry={"max_attempts": 2, "delay_seconds": 0.1}))
    children = start_children(flow, run_id, gates[1], count=1)
    gates[1].touch()
    gates[0].touch()
    ended = api.wait(run_id).finished()
    assert ended.steps["parent"]["attempt"] == 2
    assert api.wait(children[0]).status == "Finished"


def test_a_cancel_between_two_tries_reaches_the_children(flow: Flow, api: Api, tmp_path: Path) -> None:
    gates = tmp_path / "parent", tmp_path / "child"
    retry = {"max_attempts": 2, "delay_seconds": 60}
    run_id = flow.submit(parent(flow, "note(); gate(); sys.exit(1)", gates[0], retry=retry))
    children = start_children(flow, run_id, gates[1])
    gates[0].touch()
    until(lambda: api.step(run_id, "parent")["status"] == "Queued", "the pause before the next try")
    api.post(f"/api/runs/{run_id}/cancel", status=202)
    assert api.wait(run_id).status == "Canceled"
    assert [api.run(child)["status"] for child in children] == ["Canceled", "Canceled"]
    assert flow.notes("end") == []


def test_a_step_that_starts_runs_takes_no_place_from_them(flow: Flow, api: Api, tmp_path: Path) -> None:
    name, gate = f"c-{flow.token}", tmp_path / "parent"
    body = {"type": "AmlCompute", "properties": {"max_nodes": 1}}
    assert api.http.put(f"/api/compute-targets/{name}", json=body).status_code == 201
    run_id = flow.submit(parent(flow, GATED, gate, compute_target=name))
    until(lambda: flow.notes("start", "parent"), "the parent's start")
    child = flow.submit(flow.step("child", compute_target=name), parent_step_run_id=f"{run_id}-00000")
    api.wait(child).finished()
    gate.touch()
    api.wait(run_id).finished()


def test_nothing_starts_below_a_step_that_is_over(flow: Flow, api: Api) -> None:
    ended = flow.run(flow.step("parent")).finished()
    body = {"definition": flow.definition(flow.step("late")), "parent_step_run_id": f"{ended.run_id}-00000"}
    assert "is Finished already" in api.refuse("/api/runs", body, 409)["detail"]
