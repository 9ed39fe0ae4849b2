"""Compute targets: which there are, how many jobs they take at once, and what happens without a back-end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.workspace import Api, Flow, Json, Server, problem
from tests.waiting import until

CLUSTER = {"vm_size": "STANDARD_D2_V2", "min_nodes": 0, "max_nodes": 1, "idle_seconds_before_scaledown": 120}
GATED = "note(); gate(); note('end'); out()"


def create(api: Api, name: str, **properties: object) -> Json:
    body = {"type": "AmlCompute", "properties": {**CLUSTER, **properties}}
    answer = api.http.put(f"/api/compute-targets/{name}", json=body)
    assert answer.status_code in {200, 201}, answer.text
    return dict(answer.json())


@pytest.fixture
def cluster(api: Api, flow: Flow) -> Iterator[str]:
    """A cluster of one node."""
    name = f"c-{flow.token}"
    create(api, name)
    yield name
    api.http.delete(f"/api/compute-targets/{name}")


def node_counts(api: Api, name: str) -> Json:
    return dict(api.get(f"/api/compute-targets/{name}")["status"]["nodeStateCounts"])


def test_a_cluster_is_there_at_once_in_v1s_shape(api: Api, cluster: str) -> None:
    target = api.get(f"/api/compute-targets/{cluster}")
    assert (target["type"], target["provisioning_state"], target["runs_on"]) == (
        "AmlCompute",
        "Succeeded",
        "local_process",
    )
    assert target["properties"] == {**CLUSTER, "vm_priority": "dedicated"}
    status = target["status"]
    assert (status["currentNodeCount"], status["targetNodeCount"], status["allocationState"]) == (0, 0, "Steady")
    assert status["scaleSettings"] == {
        "minNodeCount": 0,
        "maxNodeCount": 1,
        "nodeIdleTimeBeforeScaleDown": "PT120S",
    }
    assert (status["vmSize"], status["vmPriority"]) == ("STANDARD_D2_V2", "Dedicated")
    assert set(status["nodeStateCounts"].values()) == {0}
    again = api.http.put(f"/api/compute-targets/{cluster}", json={"type": "AmlCompute", "properties": CLUSTER})
    assert again.status_code == 200
    assert {"local", cluster} <= {each["name"] for each in api.get("/api/compute-targets")["value"]}
    changed = api.http.patch(f"/api/compute-targets/{cluster.upper()}", json={"properties": {"max_nodes": 3}}).json()
    assert (changed["name"], changed["properties"]["max_nodes"], changed["properties"]["vm_size"]) == (
        cluster,
        3,
        "STANDARD_D2_V2",
    )


def test_names_and_properties_are_checked(api: Api, cluster: str) -> None:
    def refuse(name: str, body: Json, status: int) -> Json:
        return problem(api.http.put(f"/api/compute-targets/{name}", json=body), status)

    body = {"type": "AmlCompute", "properties": CLUSTER}
    for name in ("amlcompute", "ContainerInstance", "1abc", "a", "a_b", "x" * 25):
        refuse(name, body, 422)
    assert "built in" in refuse("local", body, 409)["detail"]
    assert "built in" in problem(api.http.delete("/api/compute-targets/local"), 409)["detail"]
    faults = refuse("fine", {**body, "properties": {"min_nodes": -1}}, 422)["faults"]
    assert {fault["pointer"] for fault in faults} == {"/properties/min_nodes", "/properties/max_nodes"}
    [misspelled] = refuse("fine", {"type": "Databrick", "attach": True}, 422)["faults"]
    assert (misspelled["pointer"], misspelled["suggestion"]) == ("/type", "Did you mean `Databricks`?")
    assert "`AmlCompute`" in refuse(cluster, {"type": "Databricks", "attach": True}, 409)["detail"]
    assert "cannot be created" in refuse("bricks", {"type": "Databricks"}, 409)["detail"]
    problem(api.http.get("/api/compute-targets/fine"), 404)


def test_what_nothing_can_run_is_refused_with_what_is_missing(api: Api, flow: Flow) -> None:
    name = f"b-{flow.token}"
    body = {"type": "Databricks", "attach": True, "properties": {"access_token": "hunter2", "workspace_name": "w"}}
    target = api.http.put(f"/api/compute-targets/{name}", json=body).json()
    assert target["properties"] == {"workspace_name": "w"}, "secrets are in no record"
    assert (target["secret_properties"], target["runs_on"], target["is_attached"]) == (["access_token"], None, True)
    hidden = {**body, "properties": {"auth": [{"password": "hunter2"}], "access_token": {"a": "b"}}}
    refused = problem(api.http.put(f"/api/compute-targets/{name}", json=hidden), 422)
    assert [fault["pointer"] for fault in refused["faults"]] == ["/properties/access_token", "/properties/auth"]
    assert "hunter2" not in str(refused)
    settings = {"existing_cluster_id": "1", "notebook_path": "/n"}
    bricks = {"name": "bricks", "type": "databricks", "settings": settings, "compute_target": name}
    script = flow.step("script", compute_target=name)
    wide = {**flow.step("wide"), "resources": {"node_count": 2, "communicator": "mpi"}}
    definition = flow.definition(bricks, script, wide)
    faults = api.refuse("/api/runs", {"definition": definition}, 422)["faults"]
    assert [fault["pointer"] for fault in faults] == [
        "/definition/steps/0/compute_target",
        "/definition/steps/1/compute_target",
        "/definition/steps/2/resources/node_count",
    ]
    assert "Give it the property `workspace_url`" in faults[0]["suggestion"]
    assert "no back-end for targets of type `Databricks`" in faults[1]["message"]
    assert "2 nodes" in faults[2]["message"]
    checked = api.post("/api/validate", definition)
    assert checked["valid"], "it can be written and published"
    assert [fault["message"] in warning for fault, warning in zip(faults, checked["warnings"], strict=True)] == [
        True
    ] * 3
    refused = api.refuse("/api/runs", {"definition": flow.definition({**bricks, "compute_target": "local"})}, 422)
    assert [fault["pointer"] for fault in refused["faults"]] == ["/definition/steps/0/compute_target"]
    wrong = {**bricks, "settings": {"notebook_path": "/n", "python_script_path": "/p"}}
    refused = api.refuse("/api/runs", {"definition": flow.definition(wrong)}, 422)
    assert "Exactly one of" in refused["faults"][0]["message"]
    assert api.http.delete(f"/api/compute-targets/{name}").status_code == 204


def test_a_token_is_kept_as_a_secret_and_nowhere_else(api: Api, server: Server, flow: Flow) -> None:
    name, first, second = f"t-{flow.token}", f"dapi-first-{flow.token}", f"dapi-second-{flow.token}"
    path = f"/api/compute-targets/{name}"

    def files_with(token: str) -> set[str]:
        folders = (path for path in server.data.rglob("*") if path.is_file())
        return {str(path.relative_to(server.data).parts[0]) for path in folders if token.encode() in _bytes_of(path)}

    body = {"type": "Databricks", "attach": True, "properties": {"workspace_name": "w", "access_token": first}}
    answers = [api.http.put(path, json=body).text, api.http.get(path).text, api.http.get("/api/compute-targets").text]
    changed = api.http.patch(path, json={"properties": {"access_token": second, "workspace_name": None}})
    assert (changed.json()["properties"], changed.json()["secret_properties"]) == ({}, ["access_token"])
    until(lambda: b"compute_target" in b"".join(map(_bytes_of, server.data.glob("azurite/*table*"))), "the saved row")
    assert files_with(first) == set(), "a token that was replaced is forgotten"
    assert files_with(second) == {"secrets"}
    answers += [changed.text, api.http.get("/api/audit").text, server.output.read_text(encoding="utf-8")]
    assert first not in "".join(answers)
    assert second not in "".join(answers)
    assert api.http.delete(path).status_code == 204
    assert files_with(second) == set()


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # the workspace is at work
        return b""


def test_a_target_with_a_step_on_it_is_not_deleted(api: Api, flow: Flow, cluster: str, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    run_id = flow.submit(flow.step("busy", GATED, env={"GATE": str(gate)}, compute_target=cluster))
    until(lambda: flow.notes("start"), "the start")
    assert f"`{run_id}-00000`" in problem(api.http.delete(f"/api/compute-targets/{cluster}"), 409)["detail"]
    emulated = {"properties": {"emulated": True}}
    moved = problem(api.http.patch(f"/api/compute-targets/{cluster}", json=emulated), 409)
    assert "cannot be reached otherwise (`emulated`) while steps run on it" in moved["detail"]
    nodes = api.get(f"/api/compute-targets/{cluster}/nodes")["value"]
    assert nodes == [{"nodeId": "node-0", "nodeState": "running", "runId": f"{run_id}-00000"}]
    gate.touch()
    api.wait(run_id).finished()
    until(lambda: api.http.delete(f"/api/compute-targets/{cluster}").status_code == 204, "the end of the step")


def test_an_unknown_target_is_named_once(api: Api, flow: Flow) -> None:
    pipeline = flow.definition(flow.step("a"), flow.step("b"), default_compute_target="nowhere")
    refused = api.refuse("/api/runs", {"definition": pipeline}, 422)
    assert [fault["pointer"] for fault in refused["faults"]] == ["/definition/default_compute_target"]
    assert "`local`" in refused["faults"][0]["suggestion"]


def test_two_runs_never_overlap_on_a_target_of_one_node(api: Api, flow: Flow, cluster: str, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    env = {"GATE": str(gate)}
    first = flow.submit(flow.step("first", GATED, env=env, compute_target=cluster))
    until(lambda: flow.notes("start"), "the start")
    assert node_counts(api, cluster)["runningNodeCount"] == 1
    second = flow.submit(flow.step("second", GATED, env=env, compute_target=cluster))
    waiting = api.wait_for_step(second, "second", ["Queued"])
    assert waiting["explanation"]["code"] == "target_full"
    assert (
        f"compute target `{cluster}`: its one job is under way and no step is ahead"
        in waiting["explanation"]["sentence"]
    )
    third = flow.submit(flow.step("third", GATED, env=env, compute_target=cluster))
    waiting = api.wait_for_step(third, "third", ["Queued"])
    assert "one step is ahead of this one" in waiting["explanation"]["sentence"]
    gate.touch()
    for run_id in (first, second, third):
        api.wait(run_id, limit=40).finished()
    assert [(note["event"], note["step"]) for note in flow.notes()] == [
        (event, step) for step in ("first", "second", "third") for event in ("start", "end")
    ]
    until(lambda: node_counts(api, cluster)["runningNodeCount"] == 0, "the node to be free")


def test_a_canceled_step_leaves_its_place(api: Api, flow: Flow, cluster: str, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    running = flow.submit(flow.step("running", GATED, env={"GATE": str(gate)}, compute_target=cluster))
    until(lambda: flow.notes("start"), "the start")
    waiting = flow.submit(flow.step("waiting", compute_target=cluster))
    api.wait_for_step(waiting, "waiting", ["Queued"])
    last = flow.submit(flow.step("last", compute_target=cluster))
    api.wait_for_step(last, "last", ["Queued"])
    for run_id in (waiting, running):
        api.post(f"/api/runs/{run_id}/cancel", status=202)
    assert api.wait(waiting).status == "Canceled"
    assert api.wait(running).status == "Canceled"
    api.wait(last).finished()
    assert [note["step"] for note in flow.notes("start")] == ["running", "last"]


def test_a_failed_try_gives_its_slot_back_and_takes_one_again(api: Api, flow: Flow, cluster: str) -> None:
    script = "note(); sys.exit(1 if tries() < 2 else 0)"
    retry = {"max_attempts": 2, "delay_seconds": 0.1}
    ended = flow.run(flow.step("again", script, retry=retry, compute_target=cluster)).finished()
    assert ended.steps["again"]["attempt"] == 2
    until(lambda: node_counts(api, cluster)["runningNodeCount"] == 0, "the node to be free")


def test_a_killed_workspace_leaks_no_slot(own: Server, tmp_path: Path) -> None:
    api = Api(own.facts["url"])
    flow, gate, name = Flow(api, tmp_path), tmp_path / "gate", "one-node"
    create(api, name)
    env = {"GATE": str(gate)}
    first = flow.submit(flow.step("first", GATED, env=env, compute_target=name))
    until(lambda: flow.notes("start"), "the start")
    second = flow.submit(flow.step("second", GATED, env=env, compute_target=name))
    api.wait_for_step(second, "second", ["Queued"])
    own.kill()
    own.start()
    assert api.step(second, "second")["status"] == "Queued"
    gate.touch()
    for run_id in (first, second):
        api.wait(run_id, limit=60).finished()
    assert [(note["event"], note["step"]) for note in flow.notes()] == [
        (event, step) for step in ("first", "second") for event in ("start", "end")
    ]
    until(lambda: node_counts(api, name)["runningNodeCount"] == 0, "the node to be free")
    api.close()
