"""More runs than are allowed: by one caller in a minute, and by all at the same time."""

import time
from pathlib import Path

from tests.e2e.guarded import ACTIVE_RUNS, RUNS_PER_MINUTE, Guarded
from tests.e2e.workspace import Flow, problem


def test_a_caller_may_start_only_so_many_runs_in_a_minute(guarded: Guarded, tmp_path: Path) -> None:
    for number in range(5):  # a minute that ends in the middle counts afresh: then somebody else is hasty
        minute, hasty = time.time() // 60, guarded.caller(f"hasty-{number}")
        flow = Flow(hasty, tmp_path)
        body = {"definition": flow.definition(flow.step("only"))}
        for _ in range(RUNS_PER_MINUTE):
            hasty.wait(hasty.post("/api/runs", body, status=201)["run_id"]).finished()
        answer = hasty.http.post("/api/runs", json=body)
        if time.time() // 60 == minute:
            break
    refused = problem(answer, 429)
    assert refused["code"] == "too_many_requests"
    assert "hasty" in refused["detail"]
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    other = guarded.caller("patient")
    other.wait(other.post("/api/runs", body, status=201)["run_id"]).finished()


def test_only_so_many_runs_are_under_way(guarded: Guarded, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    flow = Flow(guarded.caller("crowd-0"), tmp_path)
    steps = [
        flow.step("wait", "gate(); out()", env={"GATE": str(gate), "NUMBER": str(number)})
        for number in range(ACTIVE_RUNS + 1)
    ]
    runs = [
        guarded.caller(f"crowd-{number}").submit(flow.definition(steps[number]), regenerate_outputs=True)
        for number in range(ACTIVE_RUNS)
    ]
    body = {"definition": flow.definition(steps[ACTIVE_RUNS])}
    answer = guarded.caller("crowd-late").http.post("/api/runs", json=body)
    refused = problem(answer, 429)
    assert f"at most {ACTIVE_RUNS} at a time" in refused["detail"]
    assert int(answer.headers["retry-after"]) > 0
    gate.touch()
    for run_id in runs:
        flow.api.wait(run_id).finished()
    late = guarded.caller("crowd-late")
    flow.api.wait(late.post("/api/runs", body, status=201)["run_id"]).finished()
