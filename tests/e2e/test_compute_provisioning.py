"""Clusters of Azure ML, emulated by a service of its own: made, resized, looked after, refused, deleted."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pipeyard.core import Workspace
from pipeyard.core.compute import AmlCompute, ComputeTarget, ComputeTargetException

from tests.e2e.workspace import Api, Flow, Json, Server, problem
from tests.waiting import until

SIZE = {"vm_size": "STANDARD_D2_V2", "min_nodes": 0, "max_nodes": 2, "idle_seconds_before_scaledown": 120}
SCALE = {"vmSize": "STANDARD_D2_V2", "scaleSettings": {"maxNodeCount": 1}}
EMULATED = {"emulated": True}
WORKSPACE = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local"
    "/providers/Microsoft.MachineLearningServices/workspaces/local"
)
API = {"api-version": "2025-12-01"}
TOKEN = {"Authorization": "Bearer test"}


def emulator_of(server: Server, service: str = "azure_ml") -> str:
    """Address of an emulator."""
    return str(server.facts["emulators"][service])


@pytest.fixture
def name(api: Api, flow: Flow) -> Iterator[str]:
    """Name of a target that is gone after the test."""
    yield f"c-{flow.token}"
    api.http.delete(f"/api/compute-targets/c-{flow.token}")


@pytest.fixture
def faults(server: Server, name: str) -> Iterator[Callable[..., None]]:
    """Sets the emulator's switches until the target is to be deleted."""
    switches = f"{emulator_of(server)}/_emulator/faults"

    def set_faults(**values: Any) -> None:
        assert httpx.put(switches, json=values, timeout=30).status_code == 200

    yield set_faults
    set_faults()


def put(api: Api, name: str, *, attach: bool = False, **properties: Any) -> httpx.Response:
    size = {} if attach else SIZE
    body = {"type": "AmlCompute", "attach": attach, "properties": {**size, **EMULATED, **properties}}
    return api.http.put(f"/api/compute-targets/{name}", json=body)


def target(api: Api, name: str) -> Json:
    return api.get(f"/api/compute-targets/{name}")


def settled(api: Api, name: str) -> Json:
    until(lambda: target(api, name)["provisioning_state"] in {"Succeeded", "Failed"}, "the cluster")
    return target(api, name)


def test_a_cluster_is_made_resized_and_deleted_with_its_record(api: Api, name: str):
    made = put(api, name)
    assert made.status_code == 201, made.text
    assert made.json()["runs_on"] == "azure_ml"
    found = settled(api, name)
    assert (found["provisioning_state"], found["provisioning_errors"]) == ("Succeeded", [])
    scale = found["status"]["scaleSettings"]
    assert (scale["minNodeCount"], scale["maxNodeCount"]) == (0, 2)
    assert (found["status"]["vmSize"], found["status"]["vmPriority"]) == ("STANDARD_D2_V2", "Dedicated")
    assert api.get(f"/api/compute-targets/{name}/nodes")["value"] == []
    changed = api.http.patch(f"/api/compute-targets/{name}", json={"properties": {"min_nodes": 1, "max_nodes": 3}})
    assert changed.status_code == 200, changed.text
    until(lambda: target(api, name)["status"]["nodeStateCounts"]["idleNodeCount"] == 1, "a node that waits")
    assert [node["nodeState"] for node in api.get(f"/api/compute-targets/{name}/nodes")["value"]] == ["idle"]
    assert target(api, name)["status"]["scaleSettings"]["maxNodeCount"] == 3
    again = put(api, "adopting", attach=True, cluster_name=name)
    assert again.status_code == 201, again.text
    assert api.http.delete("/api/compute-targets/adopting").status_code == 204
    assert target(api, name)["status"]["currentNodeCount"] == 1, "detaching leaves the cluster alone"
    assert api.http.delete(f"/api/compute-targets/{name}").status_code == 204
    problem(api.http.get(f"/api/compute-targets/{name}"), 404)
    refused = problem(put(api, "adopting", attach=True, cluster_name=name), 422)
    assert f"has no cluster `{name}`" in refused["faults"][0]["message"], "the service has none any more"


def test_what_the_service_refuses_is_told_in_its_words(api: Api, name: str, faults: Callable[..., None]):
    faults(quota_nodes=1)
    assert put(api, name).status_code == 201
    found = settled(api, name)
    assert found["provisioning_state"] == "Failed"
    [sentence] = found["provisioning_errors"]
    assert "ClusterCoreQuotaReached: Operation could not be completed" in sentence
    assert "Ask for more quota" in sentence
    faults()
    assert put(api, name, max_nodes=1).status_code == 200, "what failed can be made again"
    assert settled(api, name)["provisioning_errors"] == []
    fixed = problem(put(api, name, vm_size="STANDARD_D4_V2", location="mars"), 422)["faults"]
    assert [each["pointer"] for each in fixed] == ["/properties/location", "/properties/vm_size"]
    moved = api.http.patch(f"/api/compute-targets/{name}", json={"properties": {"cluster_name": "other"}})
    assert "delete it and create it again" in problem(moved, 409)["detail"]
    invalid = problem(put(api, f"{name[:8]}-"), 422)["faults"]
    assert "answered 400" in invalid[0]["message"]
    assert "is invalid" in invalid[0]["message"]
    problem(api.http.get(f"/api/compute-targets/{name[:8]}-"), 404)


def test_contradictions_are_told_all_at_once(api: Api):
    wrong: Json = {
        "workspace_resource_id": "/subscriptions/x",
        "min_nodes": 5,
        "identity_type": "UserAssigned",
        "subnet_id": "mine",
        "idle_seconds_before_scaledown": "long",
    }
    faults = problem(put(api, "wrong", **wrong), 422)["faults"]
    assert sorted(fault["pointer"].removeprefix("/properties/") for fault in faults) == [
        "identity_ids",
        "idle_seconds_before_scaledown",
        "min_nodes",
        "subnet_id",
        "workspace_resource_id",
    ]
    unknown = problem(put(api, "wrong", emulated=None, attach=True), 422)["faults"]
    assert "No Azure ML workspace is known" in unknown[0]["message"]


def test_a_cluster_of_somebody_else_is_not_taken_over(api: Api, server: Server, name: str):
    assert put(api, name).status_code == 201
    cluster = f"{emulator_of(server)}{WORKSPACE}/computes/{name}"
    found = httpx.get(cluster, params=API, headers=TOKEN).json()
    document = {"location": "local", "properties": {"computeType": "AmlCompute", "properties": SCALE}}
    assert httpx.put(f"{cluster}2", params=API, headers=TOKEN, json=document).status_code == 201
    taken = put(api, f"{name}2")
    assert "was not created here. Attach it" in problem(taken, 409)["detail"]
    assert found["tags"] == {"pipeyard.compute_target": name}
    missing = [each["name"] for each in api.get("/api/compute-targets")["value"]]
    assert f"{name}2" not in missing


def test_a_slow_service_that_throttles_is_waited_for(api: Api, name: str, faults: Callable[..., None]):
    faults(provisioning_seconds=4, throttle_every=3, retry_after_seconds=0, error_every=7)
    assert put(api, name, min_nodes=1).json()["provisioning_state"] == "Creating"
    busy = problem(put(api, name, vm_size="OTHER"), 422)
    assert "/properties/vm_size" in str(busy)
    found = settled(api, name)
    assert found["provisioning_state"] == "Succeeded"
    until(lambda: target(api, name)["status"]["currentNodeCount"] == 1, "the node")


def test_a_lost_answer_is_found_out_about(api: Api, server: Server, name: str, faults: Callable[..., None]):
    faults(lose_replies=[{"method": "PUT", "path_contains": name, "count": 1}])
    assert put(api, name).status_code == 201
    assert settled(api, name)["provisioning_state"] == "Succeeded"
    faults(lose_replies=[{"method": "DELETE", "path_contains": name, "count": 1}])
    assert api.http.delete(f"/api/compute-targets/{name}").status_code == 204
    gone = httpx.get(f"{emulator_of(server)}{WORKSPACE}/computes/{name}", params=API, headers=TOKEN)
    assert gone.status_code == 404


def test_a_cluster_that_vanished_is_reported(api: Api, server: Server, name: str):
    assert put(api, name).status_code == 201
    assert settled(api, name)["provisioning_state"] == "Succeeded"
    cluster = f"{emulator_of(server)}{WORKSPACE}/computes/{name}"
    gone = httpx.delete(cluster, params={**API, "underlyingResourceAction": "Delete"}, headers=TOKEN)
    assert gone.status_code == 202
    found = until(lambda: (seen := target(api, name))["provisioning_state"] == "Failed" and seen, "the loss")
    assert f"has no cluster `{name}`" in found["provisioning_errors"][0]


def test_a_target_with_steps_on_it_stays(api: Api, flow: Flow, name: str, tmp_path: Path):
    gate = tmp_path / "gate"
    assert put(api, name).status_code == 201
    script = "note(); gate(); out()"
    run_id = flow.submit(flow.step("busy", script, env={"GATE": str(gate)}, compute_target=name))
    until(lambda: flow.notes("start"), "the start", limit=60)
    refused = problem(api.http.delete(f"/api/compute-targets/{name.upper()}"), 409)
    assert f"{run_id}-00000" in refused["detail"]
    running = api.get(f"/api/compute-targets/{name}/nodes")["value"]
    assert [node["runId"] for node in running if node["nodeState"] == "running"] == [f"{run_id}-00000"]
    gate.touch()
    api.wait(run_id, limit=60).finished()
    assert api.http.delete(f"/api/compute-targets/{name}").status_code == 204


def test_a_databricks_workspace_is_tried_when_it_is_attached(api: Api, server: Server, name: str):
    token = f"dapi-{name}"
    body = {"type": "Databricks", "attach": True, "properties": {**EMULATED, "access_token": token}}
    answer = api.http.put(f"/api/compute-targets/{name}", json=body)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["runs_on"], answer.json()["provisioning_state"]) == ("databricks", "Succeeded")
    assert api.http.delete(f"/api/compute-targets/{name}").status_code == 204
    switches = f"{emulator_of(server, 'databricks')}/_emulator/faults"
    httpx.put(switches, json={"throttle_every": 1, "retry_after_seconds": 60})
    try:
        refused = problem(api.http.put(f"/api/compute-targets/{name}", json=body), 502)
    finally:
        httpx.put(switches, json={})
    assert "Databricks did not" in refused["detail"]
    assert "60 s" in refused["detail"]
    problem(api.http.get(f"/api/compute-targets/{name}"), 404)
    assert not [path for path in (server.data / "secrets").rglob("*") if name in path.name], "the token is forgotten"


def test_a_killed_workspace_finds_its_cluster_again(own: Server):
    api = Api(own.facts["url"])
    httpx.put(f"{emulator_of(own)}/_emulator/faults", json={"provisioning_seconds": 3}, timeout=30)
    assert put(api, "lasting", min_nodes=1).json()["provisioning_state"] == "Creating"
    own.kill()
    own.start()
    assert settled(api, "lasting")["provisioning_state"] == "Succeeded"
    assert api.http.delete("/api/compute-targets/lasting").status_code == 204
    api.close()


def test_the_services_own_queue_holds_jobs_back(api: Api, flow: Flow, name: str, tmp_path: Path):
    gate = tmp_path / "gate"
    assert put(api, name, max_nodes=1).status_code == 201
    script = "note(); gate(); out()"
    steps = [flow.step(each, script, env={"GATE": str(gate)}, compute_target=name) for each in ("a", "b")]
    run_id = flow.submit(*steps)
    until(lambda: flow.notes("start"), "the start", limit=60)
    until(lambda: "Queued" in {each["detail"] for each in api.steps(run_id).values()}, "a job in the service's queue")
    assert {each["status"] for each in api.steps(run_id).values()} == {"Running"}
    limited = api.http.patch(f"/api/compute-targets/{name}", json={"properties": {"max_concurrent_jobs": 1}})
    assert limited.json()["provisioning_state"] == "Succeeded", "that is not the service's business"
    third = flow.submit(flow.step("c", compute_target=name))
    gate.touch()
    api.wait(run_id, limit=60).finished()
    api.wait(third, limit=60).finished()


@pytest.fixture
def workspace(server: Server) -> Iterator[Workspace]:
    found = Workspace(url=server.facts["url"])
    yield found
    found.client.close()


def test_v1s_idioms(workspace: Workspace, name: str, faults: Callable[..., None], capsys: pytest.CaptureFixture[str]):
    faults(provisioning_seconds=3)
    with pytest.raises(ComputeTargetException):
        ComputeTarget(workspace, name)
    configuration = AmlCompute.provisioning_configuration("STANDARD_D2_V2", max_nodes=2, emulated=True)
    made = ComputeTarget.create(workspace, name, configuration)
    made.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=1)
    said = capsys.readouterr().out
    assert said.startswith("Creating")
    assert said.endswith(
        "Succeeded\nAmlCompute wait for completion finished\n\n"
        "Minimum number of nodes requested have been provisioned\n"
    )
    assert isinstance(made, AmlCompute)
    assert made.get_status().serialize()["scaleSettings"]["maxNodeCount"] == 2
    made.update(min_nodes=1, idle_seconds_before_scaledown=90)
    made.wait_for_completion(timeout_in_minutes=0)
    assert 'Wait timeout has been reached\nCurrent provisioning state of AmlCompute is "Updating"' in (
        capsys.readouterr().out
    )
    made.wait_for_completion(min_node_count=5, timeout_in_minutes=1)
    assert [node["nodeState"] for node in made.list_nodes()] == ["idle"]
    settings = made.scale_settings
    assert (settings.minimum_node_count, settings.idle_seconds_before_scaledown) == (1, 90)
    assert [each.name for each in ComputeTarget.list(workspace, AmlCompute) if each.name == name] == [name]
    assert name not in {each.name for each in ComputeTarget.list(workspace, "Databricks")}
    with pytest.raises(ComputeTargetException, match="Detach is not supported"):
        made.detach()
    made.delete()
    made.wait_for_completion(is_delete_operation=True, timeout_in_minutes=1)
    faults(quota_nodes=1)
    made = ComputeTarget.create(workspace, name, configuration)
    with pytest.raises(ComputeTargetException, match="ClusterCoreQuotaReached"):
        made.wait_for_completion(timeout_in_minutes=1)
