"""When steps start and end: order, parallelism, one execution of identical work, cancelling."""

import time
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from tests.e2e.workspace import Api, Flow, Json, is_alive, problem
from tests.waiting import until

BUSY = """
import subprocess
child = subprocess.Popen(
    [sys.executable, "-c", "import subprocess; p = subprocess.Popen(['sleep', '60'], start_new_session=True);"
     "print(p.pid, flush=True); p.wait()"], stdout=subprocess.PIPE, text=True)
note(pids=[os.getpid(), child.pid, int(child.stdout.readline())])
time.sleep(60)
"""
"""A script with a child and a grandchild in a session of its own."""

TIMED = "note(); time.sleep({}); out(); note('end')"

MEETING = """
note()
end = time.time() + 60
while sum('"start"' in line for line in open(os.environ["NOTES"])) < {0} and time.time() < end:
    time.sleep(0.02)
time.sleep(0.2); out(); note('end')
"""
"""A script that waits for others to have begun, and then for those that should not."""


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def most_at_once(notes: list[Json]) -> int:
    """The largest number of scripts between their `start` and their `end`."""
    running = most = 0
    for line in sorted(notes, key=lambda each: (each["time"], each["event"] == "start")):
        running += 1 if line["event"] == "start" else -1
        most = max(most, running)
    return most


def test_steps_run_in_the_order_of_their_data(flow: Flow, api: Api) -> None:
    join = flow.step("join", "note(); out(read('left') + read('right'))", data=["left", "right"])
    left = flow.step("left", "note(); out(read('top') + 'l')", data=["top"])
    right = flow.step("right", "note(); out(read('top') + 'r')", data=["top"])
    ended = flow.run(join, left, right, flow.step("top", "note(); out('t')")).finished()
    order = [line["step"] for line in flow.notes("start")]
    assert order[0] == "top"
    assert order[-1] == "join"
    assert sorted(order) == ["join", "left", "right", "top"]
    assert api.read_output(ended.run_id, "join") == b"tltr"
    assert list(ended.steps) == ["join", "left", "right", "top"], "the order of the definition"
    assert sorted(ended.steps["join"]["depends_on"]) == ["left", "right"]
    assert ended.run["step_counts"] == {"Finished": 4}


def test_a_step_starts_the_moment_its_own_inputs_are_ready(flow: Flow, tmp_path: Path) -> None:
    run_id = flow.submit(
        flow.step("slow", "note(); gate(); out(); note('end')", env={"GATE": str(tmp_path / "gate")}),
        flow.step("slow_next", data=["slow"]),
        flow.step("fast", TIMED.format(0)),
        flow.step("fast_next", data=["fast"]),
    )
    flow.api.wait_for_step(run_id, "fast_next", {"Finished"})
    (tmp_path / "gate").touch()
    ended = flow.api.wait(run_id).finished()
    started = flow.notes("start", "fast_next")[0]["time"]
    assert started < flow.notes("end", "slow")[0]["time"]
    assert at(ended.steps["fast_next"]["started_at"]) < at(ended.steps["slow"]["ended_at"])
    assert at(ended.steps["fast_next"]["ended_at"]) < at(ended.steps["slow"]["ended_at"])
    assert flow.notes("start", "slow_next")[0]["time"] >= flow.notes("end", "slow")[0]["time"]


@pytest.mark.parametrize(("definition_limit", "request_limit", "expected"), [(2, None, 2), (4, 1, 1), (1, 3, 3)])
def test_parallel_steps_stay_below_the_limit(
    flow: Flow, api: Api, definition_limit: int, request_limit: int | None, expected: int
) -> None:
    steps = [flow.step(f"s{number}", MEETING.format(expected)) for number in range(5)]
    definition = flow.definition(*steps, max_parallel_steps=definition_limit)
    api.wait(api.submit(definition, max_parallel_steps=request_limit)).finished()
    assert most_at_once(flow.notes()) == expected


def test_order_without_data(flow: Flow) -> None:
    ended = flow.run(
        flow.step("second", run_after=["first"], outputs={}, script="note()"),
        flow.step("first", "note(); time.sleep(0.2); note('end')", outputs={}),
    ).finished()
    assert flow.notes("start", "second")[0]["time"] >= flow.notes("end", "first")[0]["time"]
    assert ended.steps["second"]["depends_on"] == ["first"]


def test_two_identical_steps_of_one_run_execute_once(flow: Flow, api: Api) -> None:
    same = {"STEP": "same"}
    steps = [flow.step(name, "note(); time.sleep(0.3); out(str(time.time()))", env=same) for name in ("one", "two")]
    ended = flow.run(*steps).finished()
    assert flow.starts() == {"same": 1}
    assert len(ended.ran) == 1
    (reused,) = ended.reused
    (ran,) = ended.ran
    assert ended.steps[reused]["source"] == ended.steps[ran]["step_run_id"]
    assert ended.steps[reused]["explanation"]["code"] == "reused"
    assert api.read_output(ended.run_id, "one") == api.read_output(ended.run_id, "two")
    assert ended.run["step_counts"] == {"Finished": 1, "Reused": 1}


def test_two_runs_of_a_pipeline_at_once_execute_each_step_once(flow: Flow, api: Api) -> None:
    definition = flow.definition(
        flow.step("first", TIMED.format(0.5)), flow.step("second", TIMED.format(0.1), data=["first"])
    )
    ids = [api.submit(definition) for _ in range(2)]
    runs = [api.wait(run_id).finished() for run_id in ids]
    assert flow.starts() == {"first": 1, "second": 1}
    assert runs[0].ran | runs[1].ran == {"first", "second"}
    assert runs[0].reused | runs[1].reused == {"first", "second"}
    assert not runs[0].ran & runs[1].ran


def test_a_step_that_waits_for_an_identical_one_says_so_and_takes_over_when_that_is_canceled(
    flow: Flow, api: Api, tmp_path: Path
) -> None:
    step = flow.step("work", "note(); gate(); out()", env={"GATE": str(tmp_path / "gate")})
    first = flow.submit(step)
    flow.wait_for_note("start", "work")
    second = flow.submit(step)
    waiting = api.wait_for_step(second, "work", {"Queued"})
    assert waiting["explanation"]["code"] == "waiting"
    assert first[:8] in waiting["explanation"]["sentence"]
    api.post(f"/api/runs/{first}/cancel", status=202)
    assert api.wait(first).status == "Canceled"
    flow.wait_for_note("start", "work", count=2)
    (tmp_path / "gate").touch()
    ended = api.wait(second).finished()
    assert ended.steps["work"]["attempt"] == 1
    assert not ended.reused


def test_canceling_a_waiting_step_leaves_the_other_run_alone(flow: Flow, api: Api, tmp_path: Path) -> None:
    step = flow.step("work", "note(); gate(); out()", env={"GATE": str(tmp_path / "gate")})
    first = flow.submit(step)
    flow.wait_for_note("start", "work")
    second = flow.submit(step)
    api.wait_for_step(second, "work", {"Queued"})
    api.post(f"/api/runs/{second}/cancel", status=202)
    canceled = api.wait(second)
    assert canceled.status == "Canceled"
    assert canceled.statuses() == {"work": "Canceled"}
    (tmp_path / "gate").touch()
    api.wait(first).finished()
    assert flow.starts() == {"work": 1}


def test_canceling_ends_every_process_and_starts_no_more_steps(flow: Flow, api: Api) -> None:
    run_id = flow.submit(
        flow.step("done"),
        flow.step("busy", BUSY, data=["done"]),
        flow.step("later", data=["busy"]),
        flow.step("cleanup", run_after=["busy"], always_run=True),
    )
    pids = flow.wait_for_note("start", "busy")["pids"]
    assert all(map(is_alive, pids))
    assert api.post(f"/api/runs/{run_id}/cancel", status=202)["status"] == "CancelRequested"
    ended = api.wait(run_id)
    assert not any(map(is_alive, pids)), "a run is canceled once its processes are gone, not before"
    assert ended.status == "Canceled"
    assert ended.statuses() == {"done": "Finished", "busy": "Canceled", "later": "Canceled", "cleanup": "Canceled"}
    assert ended.run["step_counts"] == {"Canceled": 3, "Finished": 1}
    assert [each["outcome"] for each in ended.steps["busy"]["attempts"]] == ["canceled"]
    assert "canceled" in ended.steps["later"]["explanation"]["sentence"]
    assert flow.starts() == {"done": 1, "busy": 1}
    refused = problem(httpx.post(f"{api.url}/api/runs/{run_id}/cancel"), 409)
    assert "Canceled" in refused["detail"]


def test_canceling_right_after_the_submit(flow: Flow, api: Api) -> None:
    run_id = flow.submit(flow.step("first", BUSY), flow.step("second", data=["first"]))
    api.post(f"/api/runs/{run_id}/cancel", status=202)
    ended = api.wait(run_id)
    assert ended.status == "Canceled"
    assert set(ended.statuses().values()) == {"Canceled"}
    assert not any(is_alive(pid) for line in flow.notes("start") for pid in line["pids"])


def test_canceling_twice_is_canceling_once(flow: Flow, api: Api) -> None:
    # It takes its time to end, so that the second cancel does not come too late.
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    run_id = flow.submit(flow.step("busy", f"{stubborn}\n{BUSY}"))
    flow.wait_for_note("start", "busy")
    for _ in range(2):
        assert api.post(f"/api/runs/{run_id}/cancel", status=202)["status"] == "CancelRequested"
    assert api.wait(run_id).status == "Canceled"


def test_canceling_while_a_retry_is_awaited(flow: Flow, api: Api) -> None:
    retry = {"max_attempts": 3, "delay_seconds": 60}
    run_id = flow.submit(flow.step("bad", "note(); sys.exit(1)", retry=retry))
    api.wait_for_step(run_id, "bad", {"Queued"})
    api.post(f"/api/runs/{run_id}/cancel", status=202)
    ended = api.wait(run_id)
    assert ended.status == "Canceled"
    assert ended.statuses() == {"bad": "Canceled"}
    assert flow.starts() == {"bad": 1}


def test_a_finished_run_cannot_be_canceled(flow: Flow, api: Api) -> None:
    ended = flow.run(flow.step("only")).finished()
    refused = problem(httpx.post(f"{api.url}/api/runs/{ended.run_id}/cancel"), 409)
    assert "Finished" in refused["detail"]
    assert api.run(ended.run_id) == ended.run


def test_a_false_hint_that_a_job_has_ended_does_no_harm(flow: Flow, api: Api, tmp_path: Path) -> None:
    run_id = flow.submit(flow.step("work", "note(); gate(); out()", env={"GATE": str(tmp_path / "gate")}))
    flow.wait_for_note("start", "work")
    step_run_id = api.step(run_id, "work")["step_run_id"]
    for hinted in (step_run_id, step_run_id, run_id, f"{run_id}-00009", "nobody", "%00", "%ff", "x" * 2000):
        assert api.http.post(f"/api/step-runs/{hinted}/ended").status_code < 500
    time.sleep(0.3)
    assert api.step(run_id, "work")["status"] == "Running"
    (tmp_path / "gate").touch()
    ended = api.wait(run_id).finished()
    assert flow.starts() == {"work": 1}
    assert len(ended.steps["work"]["attempts"]) == 1


def test_the_state_of_a_run_can_be_followed(flow: Flow, api: Api, tmp_path: Path) -> None:
    run_id = flow.submit(
        flow.step("work", "note(); gate(); out()", env={"GATE": str(tmp_path / "gate")}),
        flow.step("next", data=["work"]),
    )
    flow.wait_for_note("start", "work")
    until(lambda: api.run(run_id)["status"] == "Running", "the run to be running")
    steps = api.steps(run_id)
    assert steps["work"]["status"] == "Running"
    assert steps["work"]["started_at"] is not None
    assert steps["work"]["ended_at"] is None
    assert steps["next"]["status"] == "NotStarted"
    assert steps["next"]["started_at"] is None
    assert run_id in api.newest_runs()
    assert [run["run_id"] for run in api.get("/api/runs", experiment=flow.name)["value"]] == [run_id]
    assert [run["run_id"] for run in api.get("/api/runs", experiment=flow.name, status="Running")["value"]] == [run_id]
    assert api.get("/api/runs", experiment=flow.name, status="Failed")["value"] == []
    (tmp_path / "gate").touch()
    ended = api.wait(run_id).finished()
    assert at(ended.run["created_at"]) <= at(ended.run["started_at"]) <= at(ended.run["ended_at"])
    assert [run["run_id"] for run in api.get("/api/runs", pipeline=flow.name, status="Finished")["value"]] == [run_id]
