import re
from importlib import import_module
from pathlib import Path

import pytest

import shared.steps
from shared.core.definition import MAX_STEPS, StepDefinition
from shared.core.document import Document
from shared.core.validation import parse_definition
from shared.steps import STEP_TYPES
from shared.steps.base import StepType

SHA = "ab" * 32


def test_types_are_found_by_their_own_names():
    assert {name: step_type.name for name, step_type in STEP_TYPES.items()} == {name: name for name in STEP_TYPES}
    assert STEP_TYPES.keys() >= {"python_script", "command"}


def test_every_module_of_a_type_is_in_the_catalogue():
    folder = Path(shared.steps.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "base"}
    assert modules == STEP_TYPES.keys()
    for name, step_type in STEP_TYPES.items():
        assert type(step_type).__module__ == f"shared.steps.{name}"


@pytest.mark.parametrize("step_type", STEP_TYPES.values(), ids=STEP_TYPES)
def test_every_type_keeps_the_contract(step_type: StepType):
    assert re.fullmatch("[a-z_]+", step_type.name)
    assert step_type.version >= 1
    assert step_type.compute_kinds is None or step_type.compute_kinds
    faults = step_type.check(StepDefinition(name="a", type=step_type.name, settings={"no such": 1}))
    assert any(fault.pointer == "/settings/no such" for fault in faults)
    assert step_type.needs_snapshot == any(fault.pointer == "/snapshot" for fault in faults)
    module = import_module(f"shared.steps.{step_type.name}")
    assert any(isinstance(item, type) and issubclass(item, Document) for item in vars(module).values())


def test_the_catalogue_serves_validation():
    step = {"name": "a", "snapshot": SHA, "settings": {"script_name": "a.py"}}
    assert parse_definition({"name": "p", "steps": [step]}, STEP_TYPES).steps[0].type == "python_script"
    assert MAX_STEPS == 5000
