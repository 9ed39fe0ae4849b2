"""`parallel_run` steps in a real workspace."""

from tests.e2e.workspace import Api, Flow

ENTRY = """
import argparse, os
from azureml_user.parallel_run import EntryScript
from lib import note

def init():
    global args
    parser = argparse.ArgumentParser()
    parser.add_argument("--suffix")
    parser.add_argument("--side")
    args, _ = parser.parse_known_args()
    note()
    EntryScript().logger.info("worker ready")

def run(mini_batch, context):
    side = open(args.side).read() if args.side else ""
    return [f"{os.path.basename(path)} {context.minibatch_index} {args.suffix}{side}" for path in mini_batch]
"""


def parallel_step(flow: Flow, entry: str = ENTRY, **fields):
    settings = {
        "entry_script": "entry.py",
        "inputs": ["images"],
        "output": "out",
        "mini_batch_size": "2",
        "process_count_per_node": 2,
        **fields.pop("settings", {}),
    }
    inputs = {"images": {"kind": "data_reference", "datastore": "workspaceblobstore", "path": flow.name}}
    inputs |= fields.pop("inputs", {})
    step = flow.step("score", files={"entry.py": entry}, inputs=inputs, **fields)
    return {**step, "type": "parallel_run", "settings": settings}


def upload(api: Api, flow: Flow, count: int) -> None:
    for number in range(count):
        api.upload(f"{flow.name}/image{number}.png", f"{number}".encode())


def test_rows_of_all_mini_batches_in_order_with_arguments_and_side_inputs(api: Api, flow: Flow):
    upload(api, flow, 5)
    api.upload(f"side_{flow.name}.txt", b"!")
    side = {"kind": "data_reference", "datastore": "workspaceblobstore", "path": f"side_{flow.name}.txt"}
    arguments = ["--suffix", {"parameter": "suffix"}, "--side", {"input": "side"}]
    step = parallel_step(flow, arguments=arguments, inputs={"side": side})
    definition = flow.definition(step, parameters={"suffix": {"type": "string", "default": "x"}})
    ended = api.wait(api.submit(definition, parameters={"suffix": "y"})).finished()
    rows = api.read_output(ended.run_id, "score", path="parallel_run_step.txt").decode().splitlines()
    assert rows == [f"image{number}.png {number // 2} y!" for number in range(5)]
    assert 1 <= len(flow.notes("start")) <= 2  # a fast worker may leave nothing for the other one
    log = api.log(ended.run_id, "score")
    assert "3 mini-batches of images for 2 workers" in log
    assert "processed 3/3 mini-batches, 5 items, 0 items failed" in log
    metrics = {
        each["name"]: each["value"] for each in api.get(f"/api/runs/{ended.run_id}/steps/score/metrics")["value"]
    }
    assert (metrics["total_mini_batches"], metrics["processed_items"], metrics["failed_items"]) == (3, 5, 0)


def test_settings_from_parameters_are_bound_and_count_in_the_key(api: Api, flow: Flow):
    upload(api, flow, 4)
    step = parallel_step(flow, settings={"mini_batch_size": {"parameter": "size"}, "node_count": 3})
    definition = flow.definition(step, parameters={"size": {"type": "string", "default": "4"}})
    first = api.wait(api.submit(definition)).finished()
    assert "1 mini-batches" in api.log(first.run_id, "score")
    assert "one node does all the work" in api.log(first.run_id, "score")
    again = api.wait(api.submit(definition)).finished()
    assert again.reused == {"score"}
    other = api.wait(api.submit(definition, parameters={"size": "1"})).finished()
    assert other.ran == {"score"}
    assert "4 mini-batches" in api.log(other.run_id, "score")
    refused = api.refuse("/api/runs", {"definition": definition, "parameters": {"size": "many"}}, 422)
    assert refused["faults"][0]["message"].startswith("Must be a number of files such as `10`")


def test_too_many_failed_items_fail_the_step(api: Api, flow: Flow):
    upload(api, flow, 4)
    entry = "def run(mini_batch):\n    raise ValueError('cannot score')\n"
    step = parallel_step(flow, entry, settings={"error_threshold": 1, "run_max_try": 1})
    ended = flow.run(step)
    assert ended.status == "Failed"
    log = api.log(ended.run_id, "score")
    assert "ValueError: cannot score" in log
    assert "2 items failed, more than the error_threshold of 1." in log


def test_a_wrong_step_is_refused_with_every_fault(api: Api, flow: Flow):
    wrong = {"inputs": ["other"], "append_row_file_name": "a/b", "error_threshold": -2, "run_max_try": 0}
    step = parallel_step(flow, settings=wrong, arguments=["model.pkl"])
    problem = api.refuse("/api/validate", flow.definition(step), 422)
    assert {fault["pointer"] for fault in problem["faults"]} == {
        "/steps/0/settings/error_threshold",
        "/steps/0/settings/run_max_try",
        "/steps/0/settings/append_row_file_name",
        "/steps/0/settings/inputs/0",
        "/steps/0/arguments/0",
    }


def test_rows_of_a_tabular_dataset(api: Api, flow: Flow):
    text = "x,kind\n" + "".join(f"{number},{'ab'[number % 2]}\n" for number in range(10))
    api.upload(f"{flow.name}/table.csv", text.encode())
    definition = {
        "sources": [{"datastore": "workspaceblobstore", "path": f"{flow.name}/table.csv"}],
        "view": {"format": {"kind": "delimited"}},
    }
    answer = api.http.post("/api/datasets", json={"definition": definition})
    assert answer.is_success, answer.text
    dataset = {"kind": "dataset", "dataset_id": answer.json()["dataset_id"], "mode": "direct"}
    entry = """
def run(frame, context):
    frame["double"] = frame["x"] * 2
    frame["key"] = str(context.partition_key_value)
    return frame
"""
    keyed = {"partition_keys": ["kind"], "mini_batch_size": None}
    ended = flow.run(parallel_step(flow, entry, inputs={"images": dataset}, settings=keyed))
    assert ended.status == "Finished", api.log(ended.run_id, "score")
    rows = api.read_output(ended.run_id, "score", path="parallel_run_step.txt").decode().splitlines()
    assert rows[:2] == ["0 a 0 \"{'kind': 'a'}\"", "2 a 4 \"{'kind': 'a'}\""]
    assert len(rows) == 10
    assert "2 mini-batches" in api.log(ended.run_id, "score")
