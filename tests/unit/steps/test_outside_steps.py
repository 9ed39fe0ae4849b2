"""The step types that need an outside service: what their settings must look like."""

from typing import Any

import pytest

from shared.core.definition import StepDefinition
from shared.steps import STEP_TYPES

SHA = "ab" * 32
SPARK = {"driver_memory": "2g", "driver_cores": 1, "executor_memory": "2g", "executor_cores": 1, "num_executors": 2}
GOOD: dict[str, list[dict[str, Any]]] = {
    "synapse_spark": [{"file": "a.py", **SPARK}],
    "kusto": [{"database_name": "d", "parameter_dict": {"a": 1}}],
    "azure_batch": [{"executable": "a.exe", "create_pool": True}, {"executable": "a.exe", "pool_id": "p"}],
    "automl": [{"automl_config": {"task": "classification"}}],
}
BAD: list[tuple[str, dict[str, Any], str]] = [
    ("synapse_spark", {**SPARK, "file": "a.py", "num_executors": 0}, "at least 1"),
    ("kusto", {}, "`database_name` is required."),
    ("azure_batch", {"executable": "a.exe"}, "`pool_id`"),
    ("automl", {}, "`automl_config` is required."),
]


def step(type_: str, settings: dict[str, Any]) -> StepDefinition:
    return StepDefinition(name="a", type=type_, settings=settings, snapshot=SHA)


@pytest.mark.parametrize(("name", "settings"), [(name, each) for name, many in GOOD.items() for each in many])
def test_good_settings(name: str, settings: dict[str, Any]):
    assert STEP_TYPES[name].check(step(name, settings)) == []
    assert STEP_TYPES[name].missing_backend


@pytest.mark.parametrize(("name", "settings", "words"), BAD)
def test_bad_settings(name: str, settings: dict[str, Any], words: str):
    faults = STEP_TYPES[name].check(step(name, settings))
    assert any(words in fault.message for fault in faults), faults
    assert all(fault.pointer.startswith("/settings") for fault in faults)


def test_all_types_without_a_backend_are_here():
    assert {name for name, step_type in STEP_TYPES.items() if step_type.missing_backend} == GOOD.keys()
