"""Clusters of the Azure ML emulator: long-running operations, quota, nodes that come and go."""

import pytest

from tests.waiting import until


def test_creation_is_a_long_running_operation(azure_ml, faulty):
    faulty.faults(provisioning_seconds=600)
    waiting = azure_ml.cluster("waits", 1).headers["azure-asyncoperation"]
    assert azure_ml.follow(waiting).json()["status"] == "InProgress"
    faulty.faults(provisioning_seconds=0.2)
    reply = azure_ml.cluster("lro", 2)
    assert reply.status_code == 201
    assert reply.json()["properties"]["provisioningState"] == "Creating"
    operation = reply.headers["azure-asyncoperation"]
    until(lambda: azure_ml.follow(operation).json()["status"] == "Succeeded")
    shown = azure_ml.get("/computes/LRO")["properties"]
    assert shown["provisioningState"] == "Succeeded"
    assert shown["properties"]["allocationState"] == "Steady"
    assert shown["properties"]["currentNodeCount"] == 0
    assert "lro" in [one["name"] for one in azure_ml.get("/computes")["value"]]


def test_even_a_quick_creation_first_says_that_it_is_under_way(azure_ml):
    reply = azure_ml.cluster("quick", 1)
    assert (reply.status_code, reply.json()["properties"]["provisioningState"]) == (201, "Creating")
    assert azure_ml.get("/computes/quick")["properties"]["provisioningState"] == "Succeeded"


def test_a_cluster_beyond_the_quota_fails_with_the_service_s_words(azure_ml, faulty):
    faulty.faults(quota_nodes=2)
    operation = azure_ml.cluster("toomuch", 3).headers["azure-asyncoperation"]
    told = azure_ml.follow(operation).json()
    assert (told["status"], told["error"]["code"]) == ("Failed", "ClusterCoreQuotaReached")
    shown = azure_ml.get("/computes/toomuch")["properties"]
    assert shown["provisioningState"] == "Failed"
    assert "3 nodes were asked for, the limit is 2" in shown["provisioningErrors"][0]["error"]["message"]
    assert azure_ml.cluster("toomuch", 2).status_code == 201
    assert azure_ml.get("/computes/toomuch")["properties"]["provisioningState"] == "Succeeded"


def test_nodes_come_with_jobs_and_leave_when_idle(azure_ml):
    azure_ml.cluster("elastic", 1, idle="PT0.2S")
    azure_ml.submit("first", "sleep 300", cluster="elastic")
    azure_ml.submit("second", "true", cluster="elastic")
    azure_ml.reached("first", "Running")
    (node,) = nodes(azure_ml, "elastic")
    assert (node["nodeState"], node["runId"]) == ("running", "first")
    assert azure_ml.status("second") == "Queued"
    azure_ml.call("POST", "/jobs/first/cancel")
    assert azure_ml.ended("second") == "Completed"
    until(lambda: nodes(azure_ml, "elastic") == [])
    assert azure_ml.get("/computes/elastic")["properties"]["properties"]["nodeStateCounts"]["idleNodeCount"] == 0


def test_nodes_can_take_their_time(azure_ml, faulty):
    azure_ml.cluster("tardy", 1)
    faulty.faults(provisioning_seconds=300)
    azure_ml.submit("patient", "true", cluster="tardy")
    (node,) = until(lambda: nodes(azure_ml, "tardy"))
    assert (node["nodeState"], node["runId"]) == ("preparing", None)
    assert azure_ml.get("/computes/tardy")["properties"]["properties"]["allocationState"] == "Resizing"
    assert azure_ml.status("patient") == "Queued"
    azure_ml.call("POST", "/jobs/patient/cancel")
    assert azure_ml.ended("patient") == "Canceled"


def nodes(azure_ml, cluster):
    return azure_ml.call("POST", f"/computes/{cluster}/listNodes").json()["nodes"]


def test_a_patch_resizes(azure_ml):
    azure_ml.cluster("resized", 2, least=1)
    until(lambda: azure_ml.get("/computes/resized")["properties"]["properties"]["currentNodeCount"] == 1)
    change = {"properties": {"properties": {"scaleSettings": {"minNodeCount": 2}}}}
    assert azure_ml.call("PATCH", "/computes/resized", change).status_code == 200
    until(lambda: azure_ml.get("/computes/resized")["properties"]["properties"]["currentNodeCount"] == 2)
    change["properties"]["properties"]["scaleSettings"]["minNodeCount"] = 3
    assert azure_ml.call("PATCH", "/computes/resized", change).status_code == 400


def test_removal_ends_what_runs_there(azure_ml):
    azure_ml.cluster("removed", 1)
    azure_ml.submit("evicted", "sleep 300", cluster="removed")
    azure_ml.reached("evicted", "Running")
    assert azure_ml.call("DELETE", "/computes/removed").status_code == 400
    reply = azure_ml.call("DELETE", "/computes/removed", underlyingResourceAction="Delete")
    assert reply.status_code == 202
    assert azure_ml.follow(reply.headers["azure-asyncoperation"]).json()["status"] == "Succeeded"
    assert azure_ml.ended("evicted") == "Canceled"
    assert azure_ml.call("GET", "/computes/removed").status_code == 404
    assert azure_ml.call("DELETE", "/computes/removed", underlyingResourceAction="Delete").status_code == 204


@pytest.mark.parametrize(
    ("name", "properties", "said"),
    [
        ("x", {"scaleSettings": {"maxNodeCount": 1}}, "3 to 32"),
        ("sized", {}, "scaleSettings"),
        ("sized", {"scaleSettings": {"minNodeCount": 1}}, "maxNodeCount"),
        ("sized", {"scaleSettings": {"minNodeCount": 2, "maxNodeCount": 1}}, "minNodeCount"),
        ("cpu", {"vmSize": "STANDARD_OTHER", "scaleSettings": {"maxNodeCount": 1}}, "vmSize"),
    ],
)
def test_refuses_clusters_that_cannot_be(azure_ml, name, properties, said):
    body = {"location": "local", "properties": {"computeType": "AmlCompute", "properties": properties}}
    reply = azure_ml.call("PUT", f"/computes/{name}", body)
    assert reply.status_code == 400
    assert said in reply.json()["error"]["message"]
