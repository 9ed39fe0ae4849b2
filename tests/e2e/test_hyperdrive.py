"""`hyperdrive` steps in a real workspace."""

import json
import os
import signal

import psutil

from tests.e2e.workspace import Api, Flow
from tests.waiting import until

TRAIN = """
import argparse
from lib import note, gate
from pipeyard.core.run import Run

parser = argparse.ArgumentParser()
parser.add_argument("--base", type=int, default=0)
parser.add_argument("--x", type=int)
parser.add_argument("--data")
args = parser.parse_args()
if args.data:
    assert open(args.data).read() == "seven"
note(x=args.x)
run = Run.get_context()
if args.x != 3:
    run.log("score", args.base + args.x)
import os
if args.x == 1 and "GATE" in os.environ:
    gate()
if args.x == 4:
    raise SystemExit(5)
os.makedirs("outputs/model", exist_ok=True)
open("outputs/model/weights.txt", "w").write(str(args.x))
open(os.environ["AZUREML_DATAREFERENCE_out"], "w").write(f"out {args.x}")
"""
SPACE = {"--x": ["choice", [[0, 1, 2, 3, 4]]]}


def sweep(flow: Flow, *, script: str = TRAIN, kind: str = "grid", **fields):
    settings = {
        "script_name": "train.py",
        "sampling": {"kind": kind, "space": SPACE},
        "primary_metric_name": "score",
        "primary_metric_goal": "MAXIMIZE",
        "max_total_runs": 5,
        "max_concurrent_runs": 2,
        **fields.pop("settings", {}),
    }
    step = flow.step("search", files={"train.py": script}, **fields)
    return {**step, "type": "hyperdrive", "settings": settings}


def children(api: Api, run_id: str):
    runs = api.get("/api/runs", parent_step_run_id=f"{run_id}-00000", page_size=100)["value"]
    return {int(run["labels"]["trial"]): run for run in runs}


def test_the_best_trial_gives_the_outputs(api: Api, flow: Flow):
    maker = flow.step("maker", "out('seven')")
    outputs: dict[str, dict[str, str]] = {"out": {}, "model": {}, "metrics": {}}
    arguments = ["--base", {"parameter": "base"}, "--data", {"input": "maker"}]
    named = {"metrics_output": "metrics", "model_outputs": {"model": {"model_file": "outputs/model/weights.txt"}}}
    step = sweep(flow, data=["maker"], outputs=outputs, arguments=arguments, settings=named)
    definition = flow.definition(maker, step, parameters={"base": {"type": "int", "default": 1}})
    run_id = api.submit(definition, parameters={"base": 10})
    ended = api.wait(run_id, limit=60)
    log = api.log(run_id, "search")
    assert ended.status == "Finished", log
    assert api.read_output(run_id, "search", "model") == b"2"
    assert api.read_output(run_id, "search", "out") == b"out 2"
    runs = api.get("/api/runs", parent_step_run_id=ended.steps["search"]["step_run_id"])["value"]
    assert {run["labels"]["hyperparameter:--x"]: run["status"] for run in runs} == {
        "0": "Finished",
        "1": "Finished",
        "2": "Finished",
        "3": "Finished",
        "4": "Failed",
    }
    assert {run["experiment"] for run in runs} == {flow.name}
    metrics = json.loads(api.read_output(run_id, "search", "metrics"))
    assert sorted(each.get("score", []) for each in metrics.values()) == [[], [10], [11], [12], [14]]
    assert "the best is trial 2" in log
    again = api.wait(api.submit(definition, parameters={"base": 10}))
    assert again.reused == {"maker", "search"}


def test_trials_are_reused_by_a_changed_search(api: Api, flow: Flow):
    two = {"--x": ["choice", [[0, 1]]]}
    first = flow.run(sweep(flow, settings={"sampling": {"kind": "grid", "space": two}}), limit=60).finished()
    three = {"--x": ["choice", [[0, 1, 2]]]}
    second = flow.run(sweep(flow, settings={"sampling": {"kind": "grid", "space": three}}), limit=60).finished()
    assert first.ran == second.ran == {"search"}
    assert sorted(note["x"] for note in flow.notes("start")) == [0, 1, 2]


def test_a_driver_that_is_killed_finds_its_trials_again(api: Api, flow: Flow, tmp_path):
    gate = tmp_path / "gate"
    step = sweep(flow, env={"GATE": str(gate)}, settings={"max_total_runs": 3, "max_concurrent_runs": 1})
    run_id = flow.submit({**step, "retry": {"max_attempts": 2, "delay_seconds": 0}})
    until(lambda: len(flow.notes("start")) == 2, "the second trial", limit=40)
    driver = next(
        process
        for process in psutil.process_iter()
        if "pipeyard.jobs.hyperdrive" in _words(process) and run_id in _environment(process).get("AZUREML_RUN_ID", "")
    )
    os.kill(driver.pid, signal.SIGKILL)
    until(lambda: api.step(run_id, "search")["attempt"] == 2, "the second try")
    gate.touch()
    ended = api.wait(run_id, limit=60).finished()
    assert "found trial 1" in api.log(run_id, "search")
    assert sorted(note["x"] for note in flow.notes("start")) == [0, 1, 2]
    assert sorted(children(api, run_id)) == [0, 1, 2]
    assert ended.steps["search"]["attempt"] == 2


def test_a_canceled_search_takes_its_trials_along(api: Api, flow: Flow, tmp_path):
    step = sweep(flow, env={"GATE": str(tmp_path / "never")}, settings={"max_concurrent_runs": 2})
    run_id = flow.submit(step)
    until(lambda: 1 in [note["x"] for note in flow.notes("start")], "the trial that waits", limit=40)
    api.post(f"/api/runs/{run_id}/cancel", status=202)
    ended = api.wait(run_id, limit=40)
    assert ended.status == "Canceled"
    assert children(api, run_id)[1]["status"] == "Canceled"
    assert all(run["status"] in {"Canceled", "Finished", "Failed"} for run in children(api, run_id).values())


def test_hopeless_trials_are_ended_early(api: Api, flow: Flow, tmp_path):
    script = """
import sys, os
from lib import note, gate
from pipeyard.core.run import Run
x = int(sys.argv[2])
Run.get_context().log("score", x)
note(x=x)
if x == 1:
    gate()
"""
    policy = {"kind": "bandit", "slack_amount": 2}
    space = {"--x": ["choice", [[9, 1]]]}
    settings = {"policy": policy, "sampling": {"kind": "grid", "space": space}, "max_concurrent_runs": 1}
    step = sweep(flow, script=script, env={"GATE": str(tmp_path / "never")}, settings=settings)
    ended = flow.run({**step, "outputs": {}}, limit=60).finished()
    assert {number: run["status"] for number, run in children(api, ended.run_id).items()} == {
        0: "Finished",
        1: "Canceled",
    }
    assert "trial 1 is canceled: at interval 1 its best value 1 is beyond 7" in api.log(ended.run_id, "search")


def test_a_search_without_the_metric_fails(api: Api, flow: Flow):
    step = sweep(flow, script="print('no metric')", settings={"max_total_runs": 1})
    ended = flow.run({**step, "outputs": {}}, limit=60)
    assert ended.status == "Failed"
    assert "None of 1 trials finished with the metric 'score'" in api.log(ended.run_id, "search")


def test_bayesian_sampling(api: Api, flow: Flow):
    space = {"--x": ["quniform", [5, 20, 5]], "--base": ["choice", [[1, 2]]]}
    sampling = {"kind": "bayesian", "space": space, "properties": {"seed": 7}}
    ended = flow.run(sweep(flow, settings={"sampling": sampling, "max_total_runs": 3}), limit=90)
    assert ended.status == "Finished", api.log(ended.run_id, "search")
    assert {json.loads(run["labels"]["hyperparameter:--x"]) % 5 for run in children(api, ended.run_id).values()} == {0}


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:
        return {}


def test_a_search_does_not_take_the_place_of_its_trials(api: Api, flow: Flow):
    name = f"c-{flow.token}"
    body = {"type": "AmlCompute", "properties": {"vm_size": "STANDARD_D2_V2", "max_nodes": 1}}
    assert api.http.put(f"/api/compute-targets/{name}", json=body).is_success
    step = sweep(flow, compute_target=name, settings={"max_total_runs": 2})
    flow.run(step, limit=60).finished()
    assert len(flow.notes("start")) == 2
    api.http.delete(f"/api/compute-targets/{name}")


def test_trials_get_data_paths_and_datasets_that_another_step_made(api: Api, flow: Flow):
    api.upload(f"{flow.name}/seven.txt", b"seven")
    maker = flow.step("maker", "out('x\\n1\\n2\\n')")
    script = """
import json, os, sys
from lib import note
from pipeyard.core.run import Run
run = Run.get_context()
frame = run.input_datasets["rows"].to_pandas_dataframe()
assert open(os.environ["AZUREML_DATAREFERENCE_place"]).read() == "seven"
assert os.environ["AML_PARAMETER_word"] == "w"
run.log("score", int(frame["x"].sum()) + int(sys.argv[2]))
note()
"""
    inputs = {
        "place": {"kind": "data_path", "parameter": "place"},
        "rows": {"kind": "pipeline_data", "step": "maker", "output": "out", "view": {"format": {"kind": "delimited"}}},
        "word": {"kind": "parameter", "parameter": "word"},
    }
    step = sweep(flow, script=script, inputs=inputs, outputs={}, settings={"max_total_runs": 1})
    parameters = {
        "place": {"type": "data_path", "default": {"datastore": "workspaceblobstore", "path": "nowhere"}},
        "word": {"type": "string", "default": "w"},
    }
    values = {"place": {"datastore": "workspaceblobstore", "path": f"{flow.name}/seven.txt"}}
    definition = flow.definition(maker, step, parameters=parameters)
    ended = api.wait(api.submit(definition, parameters=values), limit=60)
    child = api.get("/api/runs", parent_step_run_id=ended.steps["search"]["step_run_id"])["value"][0]["run_id"]
    (trial,) = api.steps(child)
    assert ended.status == "Finished", api.log(child, trial) + api.log(ended.run_id, "search")
    assert "score 3" in api.log(ended.run_id, "search")
