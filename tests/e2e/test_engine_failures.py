"""What happens when a step fails: retries, timeouts, skips, always-run steps, and resuming."""

from datetime import datetime
from pathlib import Path

import httpx

from tests.e2e.test_engine import BUSY
from tests.e2e.workspace import DATASTORE, Api, Flow, is_alive, problem

FAIL = "note(); sys.exit(7)"
SUCCEED_ON = "note(); n = tries(); print('try', n); out(str(n)) if n >= {} else sys.exit(3)"


def test_a_step_that_fails_twice_is_tried_again_until_it_succeeds(flow: Flow, api: Api) -> None:
    retry = {"max_attempts": 5, "delay_seconds": 0.1, "backoff": 5}
    ended = flow.run(flow.step("flaky", SUCCEED_ON.format(3), retry=retry), flow.step("next", data=["flaky"]))
    ended.finished()
    flaky = ended.steps["flaky"]
    assert flaky["attempt"] == 3
    assert [(each["attempt"], each["outcome"], each["exit_code"]) for each in flaky["attempts"]] == [
        (1, "failed", 3),
        (2, "failed", 3),
        (3, "completed", 0),
    ]
    ends = [datetime.fromisoformat(each["ended_at"]).timestamp() for each in flaky["attempts"]]
    starts = [line["time"] for line in flow.notes("start", "flaky")]
    assert starts[1] - ends[0] >= 0.1
    assert starts[2] - ends[1] >= 0.5
    for attempt in (1, 2, 3):
        assert api.log(ended.run_id, "flaky", attempt=attempt) == f"try {attempt}\n"
    refused = problem(api.http.get(f"/api/runs/{ended.run_id}/steps/flaky/logs", params={"attempt": 4}), 404)
    assert "has no try 4: it has had 3 tries until now" in refused["detail"]
    assert api.log(ended.run_id, "flaky") == "try 3\n"
    assert api.read_output(ended.run_id, "flaky") == b"3"
    assert flaky["error"] is None


def test_the_last_try_decides(flow: Flow) -> None:
    ended = flow.run(flow.step("bad", FAIL, retry={"max_attempts": 2, "delay_seconds": 0.1}))
    bad = ended.steps["bad"]
    assert ended.status == "Failed"
    assert bad["status"] == "Failed"
    assert [each["outcome"] for each in bad["attempts"]] == ["failed", "failed"]
    assert bad["exit_code"] == 7
    assert "step.py ended with exit code 7" in bad["error"]
    assert "try 2" in bad["error"]
    assert ".." not in bad["error"], "one sentence ends before the next begins"
    assert ". (" not in bad["error"]
    assert "`bad`" in ended.run["error"]
    assert flow.starts() == {"bad": 2}


def test_without_a_policy_there_is_one_try(flow: Flow) -> None:
    ended = flow.run(flow.step("bad", FAIL))
    assert ended.status == "Failed"
    assert len(ended.steps["bad"]["attempts"]) == 1


def test_a_failed_step_is_not_reused(flow: Flow) -> None:
    step = flow.step("flaky", "note(); n = len(open(os.environ['NOTES']).readlines()); out() if n > 1 else sys.exit(1)")
    assert flow.run(step).status == "Failed"
    assert flow.run(step).finished().ran == {"flaky"}


def test_a_timeout_ends_the_whole_process_tree(flow: Flow, api: Api) -> None:
    ended = flow.run(flow.step("busy", BUSY, timeout_seconds=2))
    pids = flow.notes("start", "busy")[0]["pids"]
    assert len(pids) == 3
    assert not any(map(is_alive, pids))
    assert ended.status == "Failed"
    attempt = ended.steps["busy"]["attempts"][0]
    assert attempt["outcome"] == "timed_out"
    assert "2 s" in ended.steps["busy"]["error"]
    assert 2 <= attempt["wall_seconds"] < 12


def test_a_timeout_counts_as_a_try(flow: Flow) -> None:
    script = "note(); n = tries(); out() if n > 1 else time.sleep(60)"
    ended = flow.run(
        flow.step("slow", script, timeout_seconds=1, retry={"max_attempts": 2, "delay_seconds": 0})
    ).finished()
    assert [each["outcome"] for each in ended.steps["slow"]["attempts"]] == ["timed_out", "completed"]


def test_a_failure_stops_the_run_but_not_what_is_under_way(flow: Flow, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    run_id = flow.submit(
        flow.step("aside", "note(); gate(); out()", env={"GATE": str(gate)}),
        flow.step("aside_next", data=["aside"]),
        flow.step("bad", FAIL),
        flow.step("below", data=["bad"]),
        flow.step("far_below", data=["below"]),
    )
    flow.wait_for_note("start", "aside")
    flow.api.wait_for_step(run_id, "aside_next", {"Skipped"})
    assert flow.api.step(run_id, "aside")["status"] == "Running"
    gate.touch()
    ended = flow.api.wait(run_id)
    assert ended.status == "Failed"
    assert ended.statuses() == {
        "aside": "Finished",
        "aside_next": "Skipped",
        "bad": "Failed",
        "below": "Skipped",
        "far_below": "Skipped",
    }
    aside = ended.steps["aside_next"]["explanation"]
    assert aside["code"] == "skipped"
    assert "`bad` failed" in aside["sentence"]
    assert "depends on `bad`" in ended.steps["below"]["explanation"]["sentence"]
    assert flow.starts() == {"aside": 1, "bad": 1}
    assert ended.run["step_counts"] == {"Failed": 1, "Finished": 1, "Skipped": 3}


def test_with_continue_on_step_failure_only_what_depends_on_the_failure_is_skipped(flow: Flow, api: Api) -> None:
    steps = [
        flow.step("bad", FAIL),
        flow.step("below", data=["bad"]),
        flow.step("far_below", data=["below"]),
        flow.step("ordered", run_after=["bad"]),
        flow.step("aside", "note(); time.sleep(0.6); out()"),
        flow.step("aside_next", data=["aside"]),
        flow.step("mixed", data=["below", "aside_next"]),
    ]
    ended = flow.run(*steps, continue_on_step_failure=True)
    assert ended.status == "Failed"
    skipped = dict.fromkeys(("below", "far_below", "ordered", "mixed"), "Skipped")
    assert ended.statuses() == {"bad": "Failed", "aside": "Finished", "aside_next": "Finished", **skipped}
    assert "depends on `bad`" in ended.steps["below"]["explanation"]["sentence"]
    assert "depends on `below`" in ended.steps["far_below"]["explanation"]["sentence"]
    assert "depends on `below`" in ended.steps["mixed"]["explanation"]["sentence"]
    explained = {each["step"]: each for each in api.get(f"/api/runs/{ended.run_id}/explain")["value"]}
    assert explained["below"]["status"] == "Skipped"
    assert explained["below"]["code"] == "skipped"


def test_an_always_run_step_runs_after_a_failure(flow: Flow) -> None:
    script = "note(found=os.listdir(path('never')) if os.path.isdir(path('never')) else None); out()"
    ended = flow.run(
        flow.step("bad", FAIL),
        flow.step("never", data=["bad"]),
        flow.step("cleanup", run_after=["bad", "never"], always_run=True),
        flow.step("report", script, data=["never"], always_run=True),
        flow.step("after_cleanup", data=["cleanup"]),
    )
    assert ended.status == "Failed"
    assert ended.statuses() == {
        "bad": "Failed",
        "never": "Skipped",
        "cleanup": "Finished",
        "report": "Finished",
        "after_cleanup": "Skipped",
    }
    assert flow.notes("start", "report")[0]["found"] == [], "the output of a step that never ran is an empty folder"
    assert flow.starts() == {"bad": 1, "cleanup": 1, "report": 1}


def test_a_failing_always_run_step_fails_the_run(flow: Flow) -> None:
    ended = flow.run(flow.step("good"), flow.step("cleanup", FAIL, run_after=["good"], always_run=True))
    assert ended.status == "Failed"
    assert ended.statuses() == {"good": "Finished", "cleanup": "Failed"}


def test_a_script_that_is_killed_says_by_which_signal(flow: Flow) -> None:
    ended = flow.run(flow.step("killed", "note(); os.kill(os.getpid(), 9)"))
    assert ended.status == "Failed"
    assert ended.steps["killed"]["exit_code"] == -9
    assert "signal 9" in ended.steps["killed"]["error"]


def test_a_script_that_is_not_in_the_snapshot(flow: Flow) -> None:
    ended = flow.run(flow.step("lost", settings={"script_name": "other.py"}))
    assert ended.status == "Failed"
    assert "other.py is not in the step's source directory" in ended.steps["lost"]["error"]


def test_an_interpreter_that_does_not_exist(flow: Flow) -> None:
    ended = flow.run(flow.step("odd", environment={"interpreter": "/no/such/python"}))
    assert ended.status == "Failed"
    assert "/no/such/python could not be started" in ended.steps["odd"]["error"]


def test_an_input_is_read_only(flow: Flow) -> None:
    script = "note(); os.chmod(path('first'), 0o644); open(path('first'), 'a').write('more'); out()"
    ended = flow.run(flow.step("first"), flow.step("greedy", script, data=["first"]))
    assert ended.status == "Failed"
    assert "inputs are read-only" in ended.steps["greedy"]["error"]
    assert flow.run(flow.step("first"), flow.step("modest", "out(read('first'))", data=["first"])).finished().reused


def test_a_data_reference_to_nothing_fails_the_run_with_a_clear_error(flow: Flow) -> None:
    inputs = {"data": {"kind": "data_reference", "datastore": DATASTORE, "path": f"{flow.name}/absent.csv"}}
    ended = flow.run(flow.step("load", inputs=inputs), flow.step("next", data=["load"]))
    assert ended.status == "Failed"
    assert ended.statuses() == {"load": "Failed", "next": "Skipped"}
    for error in (ended.steps["load"]["error"], ended.run["error"]):
        assert f"`{flow.name}/absent.csv`" in error
        assert f"`{DATASTORE}`" in error
    assert flow.starts() == {}


def test_resuming_after_a_failure_reuses_what_was_finished(flow: Flow, api: Api) -> None:
    path = f"{flow.name}/late.txt"
    inputs = {"extra": {"kind": "data_reference", "datastore": DATASTORE, "path": path}}
    first = flow.run(
        flow.step("prepare"),
        flow.step("train", "note(); out(read('prepare') + read('extra'))", data=["prepare"], inputs=inputs),
        flow.step("report", "note(); out(read('train'))", data=["train"]),
        labels={"ticket": "ML-7"},
        description="tried once",
    )
    assert first.status == "Failed"
    assert first.statuses() == {"prepare": "Finished", "train": "Failed", "report": "Skipped"}
    api.upload(path, b"+late")
    resumed = api.post(f"/api/runs/{first.run_id}/resume", status=201)
    assert resumed["resumed_from"] == first.run_id
    assert resumed["run_id"] != first.run_id
    second = api.wait(resumed["run_id"]).finished()
    assert second.reused == {"prepare"}
    assert second.ran == {"train", "report"}
    assert flow.starts() == {"prepare": 1, "train": 1, "report": 1}
    assert api.read_output(second.run_id, "report") == b"x+late"
    assert second.run["labels"] == {"ticket": "ML-7"}
    assert second.run["description"] == "tried once"
    assert api.run(first.run_id) == first.run, "the first run's record stays as it was"


def test_only_a_run_that_has_ended_can_be_resumed(flow: Flow, api: Api, tmp_path: Path) -> None:
    run_id = flow.submit(flow.step("work", "note(); gate(); out()", env={"GATE": str(tmp_path / "gate")}))
    flow.wait_for_note("start", "work")
    problem(httpx.post(f"{api.url}/api/runs/{run_id}/resume"), 409)
    (tmp_path / "gate").touch()
    ended = api.wait(run_id).finished()
    resumed = api.wait(api.post(f"/api/runs/{ended.run_id}/resume", status=201)["run_id"]).finished()
    assert resumed.reused == {"work"}


def test_resuming_a_canceled_run(flow: Flow, api: Api, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    run_id = flow.submit(
        flow.step("first"), flow.step("second", "note(); gate(); out()", data=["first"], env={"GATE": str(gate)})
    )
    flow.wait_for_note("start", "second")
    api.post(f"/api/runs/{run_id}/cancel", status=202)
    assert api.wait(run_id).status == "Canceled"
    gate.touch()
    resumed = api.wait(api.post(f"/api/runs/{run_id}/resume", status=201)["run_id"]).finished()
    assert resumed.reused == {"first"}
    assert resumed.ran == {"second"}
