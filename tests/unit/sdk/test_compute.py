"""Compute targets as scripts meet them: configurations, waiting, and what is refused."""

from typing import Any

import pytest
from pipeyard.core import Workspace
from pipeyard.core.compute import (
    AdlaCompute,
    AmlCompute,
    ComputeTarget,
    ComputeTargetException,
    DatabricksCompute,
    DataFactoryCompute,
)
from pipeyard.exceptions import UserErrorException

CLUSTER_ID = (
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/ml/computes/cpu-cluster"
)


@pytest.fixture
def target(fake, client):
    """A target about which the workspace answers one document after the other."""

    def look_up(*documents: dict[str, Any]) -> ComputeTarget:
        fake.targets["cpu"] = list(documents)
        return ComputeTarget(Workspace.from_config(client=client), "cpu")

    return look_up


def document(state: str, nodes: int = 0, errors: tuple[str, ...] = (), **status: Any) -> dict[str, Any]:
    scale = {"minNodeCount": 1, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT1H2M3S"}
    return {
        "name": "cpu",
        "type": "AmlCompute",
        "provisioning_state": state,
        "provisioning_errors": list(errors),
        "properties": {},
        "status": {"currentNodeCount": nodes, "scaleSettings": scale, **status},
    }


def test_waiting_shows_states_and_dots_as_v1_did(target, capsys):
    creating, made = document("Creating"), document("Succeeded")
    target(creating, creating, made, {**made, "status": {**made["status"], "currentNodeCount": 1}}).wait_for_completion(
        show_output=True, min_node_count=None, timeout_in_minutes=1
    )
    assert capsys.readouterr().out == (
        "Creating.\nSucceeded.\nAmlCompute wait for completion finished\n\n"
        "Minimum number of nodes requested have been provisioned\n"
    )


def test_nobody_waits_for_nodes_that_the_cluster_does_not_keep(target, capsys):
    target(document("Succeeded", 1)).wait_for_completion(min_node_count=4)
    target(document("Succeeded", 0)).wait_for_completion(min_node_count=0)
    assert capsys.readouterr().out == ""


def test_a_time_out_is_said_and_no_error(target, capsys):
    target(document("Creating", 0)).wait_for_completion(timeout_in_minutes=0)
    assert capsys.readouterr().out == (
        "Wait timeout has been reached\n"
        'Current provisioning state of AmlCompute is "Creating" and current node count is "0"\n'
    )


def test_failures_come_in_the_words_of_the_service(target):
    with pytest.raises(ComputeTargetException, match="could not be made: QuotaReached: 9 of 8 cores"):
        target(document("Failed", errors=("QuotaReached: 9 of 8 cores",))).wait_for_completion()
    with pytest.raises(ComputeTargetException, match="reports errors: AllocationFailed: no such nodes today"):
        target(document("Succeeded", errors=("AllocationFailed: no such nodes today",))).wait_for_completion()


def test_a_status_has_everything_under_v1s_names(target):
    status = target(document("Succeeded", 1, errors=("a",), errors_=None)).status
    assert (status.current_node_count, status.scale_settings.minimum_node_count) == (1, 1)
    assert status.serialize()["errors"] == ["a"]
    out_of_a_list = {**document("Succeeded"), "status": {}}
    assert target(out_of_a_list, document("Succeeded", 2)).status.current_node_count == 2
    settings = target(document("Succeeded")).scale_settings
    assert (settings.minimum_node_count, settings.maximum_node_count, settings.idle_seconds_before_scaledown) == (
        1,
        4,
        3723,
    )


def test_a_cluster_is_configured_with_v1s_arguments():
    configuration = AmlCompute.provisioning_configuration(
        "STANDARD_D2_V2",
        "lowpriority",
        1,
        4,
        60,
        tags={"team": "a"},
        description="d",
        identity_type="UserAssigned",
        identity_id=["/subscriptions/i"],
        location="westeurope",
        enable_node_public_ip=False,
        emulated=True,
    )
    assert configuration.properties == {
        "vm_size": "STANDARD_D2_V2",
        "vm_priority": "lowpriority",
        "min_nodes": 1,
        "max_nodes": 4,
        "idle_seconds_before_scaledown": 60,
        "identity_type": "UserAssigned",
        "identity_ids": ["/subscriptions/i"],
        "location": "westeurope",
        "node_public_ip": False,
        "emulated": True,
    }
    assert (configuration.tags, configuration.description) == ({"team": "a"}, "d")


@pytest.mark.parametrize(
    ("arguments", "instead"),
    [
        ({"admin_username": "me", "admin_user_password": "p"}, "kept with their runs"),
        ({"remote_login_port_public_access": "Enabled"}, "kept with their runs"),
        ({"vnet_name": "v", "vnet_resourcegroup_name": "g", "subnet_name": "s"}, "subnet_id"),
    ],
)
def test_what_a_cluster_does_not_offer_says_what_to_do(arguments, instead):
    with pytest.raises(UserErrorException, match=instead):
        AmlCompute.provisioning_configuration("STANDARD_D2_V2", max_nodes=1, **arguments)


def test_clusters_are_attached_by_their_resource_id():
    assert AmlCompute.attach_configuration(CLUSTER_ID).properties == {
        "workspace_resource_id": CLUSTER_ID.removesuffix("/computes/cpu-cluster"),
        "cluster_name": "cpu-cluster",
    }
    assert AmlCompute.attach_configuration(cluster_name="cpu", emulated=True).properties == {
        "cluster_name": "cpu",
        "emulated": True,
    }
    with pytest.raises(ComputeTargetException, match="is no resource id of a cluster"):
        AmlCompute.attach_configuration("cpu-cluster")


def test_other_services_are_attached_with_what_reaches_them():
    bricks = DatabricksCompute.attach_configuration("g", "w", access_token="t", workspace_url="https://adb-1.2.x.net")
    assert bricks.properties == {
        "resource_group": "g",
        "workspace_name": "w",
        "access_token": "t",
        "workspace_url": "https://adb-1.2.x.net",
    }
    assert DatabricksCompute.attach_configuration(emulated=True).properties == {"emulated": True}
    assert AdlaCompute.attach_configuration("g", "a", engine="duckdb").properties["engine"] == "duckdb"
    assert AdlaCompute.attach_configuration(emulated=True).properties == {"emulated": True}
    assert DataFactoryCompute.attach_configuration("g", "f").type == "DataFactory"


def test_tokens_are_not_handed_out(target):
    with pytest.raises(UserErrorException, match="Make a token of your own"):
        target({**document("Succeeded"), "type": "Databricks"}).get_credentials()


def test_a_cluster_that_was_created_is_not_detached(target):
    with pytest.raises(ComputeTargetException, match=r"Use delete\(\)"):
        target(document("Succeeded")).detach()
