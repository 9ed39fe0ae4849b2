from typing import Any

import pytest

from shared.core.target_properties import property_faults

GROUP = "/subscriptions/s/resourceGroups/g/providers"
MACHINE_LEARNING = f"{GROUP}/Microsoft.MachineLearningServices/workspaces/ml"
DATABRICKS = f"{GROUP}/Microsoft.Databricks/workspaces/dbx"


def pointers(type_: str, attached: object, properties: dict[str, Any]) -> list[str]:
    return sorted(fault.pointer for fault in property_faults(type_, properties, attached=bool(attached)))


@pytest.mark.parametrize(
    ("type_", "attached", "properties"),
    [
        ("AmlCompute", False, {"max_nodes": 1}),
        ("AmlCompute", False, {"max_nodes": 1, "emulated": True, "cluster_name": "cpu"}),
        ("AmlCompute", True, {"workspace_resource_id": MACHINE_LEARNING, "cluster_name": "cpu-1"}),
        ("AmlCompute", False, {"max_nodes": 1, "identity_type": "UserAssigned", "identity_ids": ["/subscriptions/i"]}),
        ("Databricks", True, {"workspace_url": "https://adb-1.2.azuredatabricks.net/", "uri_scheme": "wasbs"}),
        ("Databricks", True, {"resource_id": DATABRICKS}),
        ("Databricks", True, {"workspace_name": "known by name only", "resource_group": "g"}),
        ("DataLakeAnalytics", True, {"engine": "duckdb", "account_name": "old"}),
        ("DataLakeAnalytics", True, {"emulated": True}),
        ("DataFactory", False, {}),
        ("Kusto", True, {"whatever": ["it", "wants"]}),
    ],
)
def test_properties_that_fit(type_: str, attached: object, properties: dict[str, Any]):
    assert pointers(type_, attached, properties) == []


@pytest.mark.parametrize(
    ("type_", "attached", "properties", "wrong"),
    [
        ("AmlCompute", False, {}, ["/max_nodes"]),
        ("AmlCompute", False, {"max_nodes": 2, "min_nodes": 3}, ["/min_nodes"]),
        ("AmlCompute", False, {"max_nodes": 0, "min_nodes": 3}, ["/max_nodes", "/min_nodes"]),
        ("AmlCompute", True, {"resource_id": f"{MACHINE_LEARNING}/computes/cpu"}, ["/resource_id"]),
        (
            "AmlCompute",
            True,
            {"workspace_resource_id": DATABRICKS, "cluster_name": "-"},
            ["/cluster_name", "/workspace_resource_id"],
        ),
        ("AmlCompute", True, {"emulated": True, "workspace_resource_id": MACHINE_LEARNING}, ["/workspace_resource_id"]),
        ("AmlCompute", False, {"max_nodes": 1, "identity_ids": ["i"]}, ["/identity_ids"]),
        (
            "Databricks",
            True,
            {"emulated": True, "workspace_url": "https://x", "resource_id": DATABRICKS},
            ["/resource_id", "/workspace_url"],
        ),
        ("Databricks", True, {"workspace_url": "http://adb-1.2.azuredatabricks.net"}, ["/workspace_url"]),
        ("Databricks", True, {"workspace_url": "https://me:secret@host"}, ["/workspace_url"]),
        (
            "Databricks",
            True,
            {"workspace_url": "https://host/?o=1", "uri_scheme": "s3"},
            ["/uri_scheme", "/workspace_url"],
        ),
        ("Databricks", True, {"workspace_url": "https://[", "resource_id": "dbx"}, ["/resource_id", "/workspace_url"]),
        ("DataLakeAnalytics", True, {"engine": "duckdb", "emulated": True}, ["/engine"]),
        ("DataLakeAnalytics", True, {"engine": "sqlite"}, ["/engine"]),
        ("DataLakeAnalytics", True, {"account_name": "old"}, ["/engine"]),
        ("Kusto", True, {"max_concurrent_jobs": 0}, ["/max_concurrent_jobs"]),
        ("AmlCompute", False, {"max_nodes": 1, "min_node": 1, "resource_id": "x"}, ["/min_node", "/resource_id"]),
    ],
)
def test_everything_that_is_wrong_is_told_at_once(
    type_: str, attached: object, properties: dict[str, Any], wrong: list[str]
):
    assert pointers(type_, attached, properties) == wrong


def test_a_resource_id_is_shown_as_it_should_be():
    [fault] = property_faults("Databricks", {"resource_id": "dbx"}, attached=True)
    assert "`/subscriptions/.../resourceGroups/.../providers/Microsoft.Databricks/workspaces/...`" in fault.message


def test_a_misspelled_property_is_told_what_it_should_be():
    [fault] = property_faults("Databricks", {"workspace_ulr": "https://adb-1.2.azuredatabricks.net"}, attached=True)
    assert fault.message == "Targets of type `Databricks` have no property `workspace_ulr`."
    assert fault.suggestion == "Did you mean `workspace_url`?"
