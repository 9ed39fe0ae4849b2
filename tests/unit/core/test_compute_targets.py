import pytest
from pydantic import ValidationError

from shared.core.compute_targets import ComputeTarget, job_limit


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


def test_a_cluster_without_a_size_is_none():
    with pytest.raises(ValidationError, match="max_nodes"):
        job_limit(ComputeTarget(name="target", type="AmlCompute"))


def test_the_case_of_a_name_does_not_count():
    assert ComputeTarget(name="Cpu-Cluster", type="AmlCompute").key == "cpu-cluster"
