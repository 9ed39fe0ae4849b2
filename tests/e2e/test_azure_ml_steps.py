"""Steps on an emulated cluster of Azure ML: orchestrated, reused, logged and canceled as steps anywhere are."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.workspace import Api, Flow
from tests.waiting import until

SIZE = {"vm_size": "STANDARD_D2_V2", "min_nodes": 0, "max_nodes": 2, "emulated": True}
LIMIT = 60


@pytest.fixture(scope="module")
def cluster(api: Api) -> Iterator[str]:
    name = f"aml-{uuid.uuid4().hex[:8]}"
    made = api.http.put(f"/api/compute-targets/{name}", json={"type": "AmlCompute", "properties": SIZE})
    assert made.status_code == 201, made.text
    yield name
    api.http.delete(f"/api/compute-targets/{name}")


def test_data_flows_between_clusters_and_this_machine_and_is_reused(api: Api, flow: Flow, cluster: str):
    from_prepare = {"kind": "pipeline_data", "step": "prepare", "output": "out"}
    train = """
note()
assert not os.access(path("prepare"), os.W_OK) or os.getuid() == 0
os.makedirs(path(), exist_ok=True)
with open(path() + "/model", "w") as file:
    file.write(read("prepare") + read("copied") + sys.argv[1])
print("trained", flush=True)
from pipeyard.core import Run
Run.get_context().log("loss", 0.5)
"""
    steps = [
        flow.step("prepare", "note(); out('data-')"),
        flow.step(
            "train",
            train,
            inputs={"prepare": {**from_prepare, "mode": "mount"}, "copied": {**from_prepare, "mode": "download"}},
            outputs={"out": {"mode": "mount"}},
            arguments=["fast"],
            compute_target=cluster,
        ),
        flow.step(
            "score",
            "note(); out(open(path('train') + '/model').read().upper())",
            data=["train"],
            compute_target=cluster,
        ),
    ]
    first = flow.run(*steps, limit=LIMIT).finished()
    assert api.read_output(first.run_id, "score") == b"DATA-DATA-FAST"
    assert api.read_output(first.run_id, "train", path="model") == b"data-data-fast"
    assert api.log(first.run_id, "train") == "trained\n"
    assert [point["name"] for point in api.get(f"/api/runs/{first.run_id}/steps/train/metrics")["value"]] == ["loss"]
    again = flow.run(*steps, limit=LIMIT).finished()
    assert again.reused == {"prepare", "train", "score"}
    assert flow.starts() == {"prepare": 1, "train": 1, "score": 1}


def test_several_nodes(api: Api, flow: Flow, cluster: str):
    script = """
rank = os.environ["RANK"]
note(rank=rank)
os.makedirs(path(), exist_ok=True)
with open(path() + "/part-" + rank, "w") as file:
    file.write(rank)
"""
    resources = {"node_count": 2, "communicator": "pytorch"}
    ended = flow.run(flow.step("many", script, resources=resources, compute_target=cluster), limit=LIMIT).finished()
    assert [api.read_output(ended.run_id, "many", path=f"part-{rank}") for rank in (0, 1)] == [b"0", b"1"]
    assert {line["rank"] for line in flow.notes("start")} == {"0", "1"}


def test_a_cancel_ends_the_job_in_the_service(api: Api, flow: Flow, cluster: str, tmp_path: Path):
    script = "note(); print('begun', flush=True); gate()"
    run_id = flow.submit(flow.step("long", script, env={"GATE": str(tmp_path / "never")}, compute_target=cluster))
    until(lambda: "begun" in api.log(run_id, "long"), "the log while the job runs", limit=LIMIT)
    until(lambda: api.step(run_id, "long")["detail"] == "Running", "the service's word", limit=LIMIT)
    api.post(f"/api/runs/{run_id}/cancel", status=202)
    ended = api.wait(run_id, limit=LIMIT)
    assert (ended.status, ended.statuses()) == ("Canceled", {"long": "Canceled"})
    nodes = api.get(f"/api/compute-targets/{cluster}/nodes")["value"]
    assert not [node for node in nodes if node["nodeState"] == "running"]


def test_a_failure_is_told_and_tried_again(api: Api, flow: Flow, cluster: str):
    script = "note(); sys.exit(3) if tries() < 2 else out('second')"
    retry = {"max_attempts": 2, "delay_seconds": 0}
    ended = flow.run(flow.step("shaky", script, retry=retry, compute_target=cluster), limit=LIMIT).finished()
    assert api.read_output(ended.run_id, "shaky") == b"second"
    broken = flow.run(flow.step("broken", "sys.exit(4)", compute_target=cluster), limit=LIMIT)
    assert broken.status == "Failed"
    assert "step.py ended with exit code 4" in broken.steps["broken"]["error"]
