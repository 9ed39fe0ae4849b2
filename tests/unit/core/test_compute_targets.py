import pytest

from shared.core.compute_targets import ComputeTarget, changed_connection, job_limit


@pytest.mark.parametrize(
    ("type_", "properties", "limit"),
    [
        ("AmlCompute", {"max_nodes": 4}, 4),
        ("AmlCompute", {"max_nodes": 4, "max_concurrent_jobs": 2}, 2),
        ("AmlCompute", {"max_nodes": 4, "max_concurrent_jobs": 9}, 4),
        ("Databricks", {"max_concurrent_jobs": 3, "workspace_name": "w"}, 3),
        ("LocalProcess", {}, None),
    ],
)
def test_how_many_jobs_a_target_takes(type_: str, properties: dict[str, object], limit: int | None):
    assert job_limit(ComputeTarget(name="target", type=type_, properties=properties)) == limit


def test_a_service_that_queues_needs_nobody_to_hold_jobs_back():
    cluster = ComputeTarget(name="target", type="AmlCompute", properties={"max_nodes": 4})
    assert job_limit(cluster, queues=True) is None
    limited = cluster.model_copy(update={"properties": {"max_nodes": 4, "max_concurrent_jobs": 9}})
    assert job_limit(limited, queues=True) == 9


def test_what_finds_jobs_again_is_told_from_the_rest():
    old = ComputeTarget(name="a", type="Databricks", properties={"workspace_url": "https://a", "uri_scheme": "wasbs"})
    new = old.model_copy(update={"properties": {"workspace_url": "https://b", "emulated": True}})
    assert changed_connection(old, new) == ("emulated", "workspace_url")
    assert changed_connection(old, old.model_copy(update={"properties": {"workspace_url": "https://a"}})) == ()


def test_the_case_of_a_name_does_not_count():
    assert ComputeTarget(name="Cpu-Cluster", type="AmlCompute").key == "cpu-cluster"
