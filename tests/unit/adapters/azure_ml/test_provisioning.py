"""Clusters over the wire: what is asked of the service, and what is made of its answers."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from shared.adapters.azure_ml.provisioning import OWNER_TAG, AmlComputeProvisioner
from shared.adapters.compute_connections import ComputeConnections
from shared.adapters.secrets.none import NoSecrets
from shared.core.compute_targets import ComputeTarget
from shared.core.errors import BackendError, Conflict, NotFound
from shared.ports.blobs import BlobStore
from tests.fakes.http_server import HttpServer, Reply, Request
from tests.unit.adapters.azure_ml.workspace import WORKSPACE

SCHEMA = Path(__file__).parents[5] / "shared/specs/aml-2025-12-01.schema.json"
CLUSTER = f"{WORKSPACE}/computes/cpu-1"
SIZE = {"vm_size": "STANDARD_D2_V2", "min_nodes": 1, "max_nodes": 4, "idle_seconds_before_scaledown": 60}
OWNED = {OWNER_TAG: "cpu"}
MISSING = Reply(404, {"error": {"code": "UserError", "message": "Compute cpu-1 not found."}})


def provisioner(arm: HttpServer, *, attached: bool = False, **properties: Any) -> AmlComputeProvisioner:
    known = {"emulated": True, "workspace_resource_id": WORKSPACE, "cluster_name": "cpu-1"}
    connections = ComputeConnections(
        blobs=cast("BlobStore", None),  # clusters have nothing to do with them
        secrets=NoSecrets(),
        credential=None,
        azure_ml_workspace=None,
        emulators={"azure_ml": arm.url},
    )
    size = {} if attached else SIZE
    target = ComputeTarget(
        name="cpu",
        type="AmlCompute",
        attached=attached,
        properties={**known, **size, **properties},
        tags={"team": "a"},
        description="ours",
    )
    return AmlComputeProvisioner(connections, target)


def cluster(state: str = "Succeeded", *, tags: dict[str, str] | None = None, **inner: Any) -> Reply:
    settings = {"vmSize": "Standard_d2_v2", "vmPriority": "Dedicated", **inner}
    errors = inner.pop("provisioningErrors", None)
    outer = {"computeType": "AmlCompute", "provisioningState": state, "provisioningErrors": errors}
    return Reply(200, {"name": "cpu-1", "tags": tags or {}, "properties": {**outer, "properties": settings}})


def answers(arm: HttpServer, found: Reply, **others: Reply) -> None:
    """The workspace is there; the cluster is as told."""

    def answer(sent: Request) -> Reply:
        if sent.path == WORKSPACE:
            return Reply(200, {"location": "westeurope"})
        return others.get(sent.method, Reply(200, {})) if sent.method != "GET" else found

    arm.answer = answer


def changes(arm: HttpServer) -> list[Request]:
    return [sent for sent in arm.requests if sent.method != "GET"]


def test_a_cluster_is_made_of_its_properties(arm):
    answers(arm, MISSING, PUT=Reply(201, {}))
    identity = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/me"
    subnet = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s"
    properties: dict[str, Any] = {"identity_type": "UserAssigned", "identity_ids": [identity], "subnet_id": subnet}
    provisioner(arm, **properties, node_public_ip=False, vm_priority="lowpriority").apply()
    [sent] = changes(arm)
    assert (sent.method, sent.path) == ("PUT", CLUSTER)
    assert sent.json == {
        "location": "westeurope",
        "tags": {"team": "a", OWNER_TAG: "cpu"},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
        "properties": {
            "computeType": "AmlCompute",
            "description": "ours",
            "properties": {
                "osType": "Linux",
                "vmSize": "STANDARD_D2_V2",
                "vmPriority": "LowPriority",
                "subnet": {"id": subnet},
                "enableNodePublicIp": False,
                "scaleSettings": {
                    "minNodeCount": 1,
                    "maxNodeCount": 4,
                    "nodeIdleTimeBeforeScaleDown": "PT60S",
                },
            },
        },
    }
    if not SCHEMA.exists():
        pytest.skip("The service's schema is not here.")
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator({**schema, "$ref": "#/$defs/ComputeResource"}).validate(sent.json)


def test_a_change_of_size_is_a_patch_and_nothing_else(arm):
    answers(arm, cluster(tags=OWNED))
    provisioner(arm).apply()
    [sent] = changes(arm)
    assert (sent.method, sent.path) == ("PATCH", CLUSTER)
    assert sent.json["properties"]["properties"]["scaleSettings"]["maxNodeCount"] == 4


def test_a_failed_cluster_is_made_again(arm):
    answers(arm, cluster("Failed", tags=OWNED))
    provisioner(arm).apply()
    assert [sent.method for sent in changes(arm)] == ["PUT"]


def test_what_belongs_to_others_is_neither_changed_nor_deleted(arm):
    answers(arm, cluster())
    with pytest.raises(Conflict, match=r"`ws` has a cluster `cpu-1` already.*Attach it"):
        provisioner(arm).apply()
    attached = provisioner(arm, attached=True)
    attached.check()
    attached.apply()
    attached.remove()
    assert changes(arm) == []
    provisioner(arm, attached=True, max_nodes=3).apply()
    assert [sent.method for sent in changes(arm)] == ["PATCH"]


def test_a_deletion_is_of_the_cluster_itself(arm):
    answers(arm, cluster(tags=OWNED), DELETE=Reply(202))
    provisioner(arm).remove()
    [sent] = changes(arm)
    assert (sent.method, sent.path) == ("DELETE", CLUSTER)
    assert "underlyingResourceAction=Delete" in sent.query
    answers(arm, MISSING, DELETE=MISSING)
    provisioner(arm).remove()


def test_a_missing_cluster_is_told_with_those_that_there_are(arm):
    there = {"value": [{"name": "gpu", "properties": {"computeType": "AmlCompute"}}, {"name": "me", "properties": {}}]}
    arm.answer = lambda sent: MISSING if sent.path == CLUSTER else Reply(200, there)
    with pytest.raises(NotFound, match=r"`ws` has no cluster `cpu-1`; it has `gpu`"):
        provisioner(arm, attached=True).check()
    instance = Reply(200, {"properties": {"computeType": "ComputeInstance"}})
    answers(arm, instance)
    with pytest.raises(Conflict, match="type `ComputeInstance`"):
        provisioner(arm, attached=True).check()
    arm.answer = lambda _: Reply(403, {"error": {"code": "AuthorizationFailed", "message": "The client has no right."}})
    with pytest.raises(BackendError, match=r"AuthorizationFailed.*The client has no right.*roles of this app"):
        provisioner(arm, attached=True).check()


@pytest.mark.parametrize(
    ("said", "state"),
    [("Creating", "Creating"), ("Unknown", "Updating"), ("Resizing?", "Updating"), ("Canceled", "Canceled")],
)
def test_states_are_the_services_or_on_the_way(arm, said, state):
    answers(arm, cluster(said))
    assert provisioner(arm).status().provisioning_state == state


def test_a_failure_has_the_services_words_and_advice(arm):
    quota = {"error": {"code": "ClusterCoreQuotaReached", "message": "9 cores were asked for, 8 are left."}}
    answers(arm, cluster("Failed", provisioningErrors=[quota], errors=[{"error": {"code": "X", "message": "y"}}]))
    status = provisioner(arm).status()
    [sentence] = status.errors
    assert sentence.startswith("ClusterCoreQuotaReached: 9 cores were asked for, 8 are left. Ask for more quota")
    assert status.details["errors"] == ["X: y"]
    assert not status.gone


def test_a_status_has_v1s_shape_whatever_the_service_leaves_out(arm):
    counts = {"idleNodeCount": 1, "runningNodeCount": None}
    answers(arm, cluster(nodeStateCounts=counts, currentNodeCount=1, allocationState="Steady"))
    details = provisioner(arm).status().details
    assert details["nodeStateCounts"] == {
        "preparingNodeCount": 0,
        "runningNodeCount": 0,
        "idleNodeCount": 1,
        "unusableNodeCount": 0,
        "leavingNodeCount": 0,
        "preemptedNodeCount": 0,
    }
    assert (details["currentNodeCount"], details["targetNodeCount"], details["errors"]) == (1, 0, None)


@pytest.mark.parametrize("workspace_too", [False, True])
def test_what_is_gone_is_said_to_be(arm, workspace_too):
    arm.answer = lambda sent: MISSING if workspace_too or sent.path == CLUSTER else Reply(200, {})
    status = provisioner(arm).status()
    assert status.gone
    assert status.provisioning_state == "Failed"


def test_nodes_name_the_step_runs_that_they_work_for(arm):
    step_run = "0f8fad5b-d9cb-469f-a165-70867728950e-00002"
    nodes = [
        {"nodeId": "a", "nodeState": "running", "runId": f"{step_run}-1"},
        {"nodeId": "b", "nodeState": "running", "runId": "green_door_1"},
        {"nodeId": "c", "nodeState": "idle"},
    ]
    arm.answer = lambda _: Reply(200, {"nodes": nodes})
    assert [node["runId"] for node in provisioner(arm).nodes()] == [step_run, "green_door_1", None]
