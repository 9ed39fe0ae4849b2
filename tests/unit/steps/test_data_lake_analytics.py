"""Steps of type `data_lake_analytics`: their settings, and scripts that are wrong before they run."""

from typing import Any

import pytest

from shared.core.definition import StepDefinition
from shared.steps import STEP_TYPES

TYPE = STEP_TYPES["data_lake_analytics"]
SCRIPT = """\
@rows = EXTRACT Name string, Size int FROM "@@raw@@/a.csv" USING Extractors.Csv();
@big  = SELECT Name FROM @rows WHERE Size > @@least@@;
OUTPUT @big TO "@@out@@/big.csv" USING Outputters.Csv();
"""


def faults(settings: dict[str, Any]) -> list[str]:
    step = StepDefinition(name="a", type="data_lake_analytics", settings=settings, snapshot="ab" * 32)
    return [f"{fault.pointer}: {fault.message}" for fault in TYPE.check(step)]


def told(script: bytes, **values: str) -> list[str]:
    step = StepDefinition.model_validate(
        {
            "name": "a",
            "type": "data_lake_analytics",
            "settings": {"script_name": "a.usql"},
            "inputs": {
                "raw": {"kind": "data_reference", "datastore": "workspaceblobstore", "path": "in"},
                "value": {"kind": "literal", "value": 3},
            },
            "outputs": {"out": {}},
        }
    )
    variables = {"OTHER": "x", **{f"AML_PARAMETER_{name}": text for name, text in values.items()}}
    assert TYPE.code_files(step) == {"/settings/script_name": "a.usql"}
    found = TYPE.code_faults(step, variables, {"a.usql": script})
    assert {fault.pointer for fault in found} <= {"/settings/script_name"}
    return [fault.message for fault in found]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "/settings/script_name: `script_name` is required."),
        ({"script_name": "../a.usql"}, "/settings/script_name"),
        ({"script_name": "a.usql", "degree_of_parallelism": 0}, "/settings/degree_of_parallelism"),
        ({"script_name": "a.usql", "priority": 0}, "/settings/priority"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], words: str):
    assert any(words in fault for fault in faults(settings)), faults(settings)


def test_good_settings():
    assert faults({"script_name": "a.usql", "degree_of_parallelism": 2, "priority": 1, "runtime_version": "v"}) == []


def test_a_right_script_has_no_faults():
    assert told(SCRIPT.encode(), least="3") == []


def test_every_fault_of_a_script_has_its_line_and_column():
    script = SCRIPT.replace("Size > ", "Sise > ").replace("@big TO", "@bog TO")
    assert told(script.encode(), least="3") == [
        "a.usql(2,38): error: There is no column `Sise` here. Did you mean `Size`?",
        "a.usql(3,1): error: The rowset `@bog` is not known. Did you mean `@big`?",
    ]


def test_values_that_do_not_fit_are_faults():
    [fault] = told(SCRIPT.encode(), least='3; OUTPUT @rows TO "x"')
    assert fault.startswith("a.usql(2,45): error: The value of `least` is a text")
    [fault] = told(SCRIPT.encode(), least="3", out="x")
    assert "`out` is the name of an input or output and of a param" in fault
    [fault] = told(SCRIPT.encode())
    assert "no input, output or parameter called `least`" in fault


def test_a_script_that_is_no_text():
    [fault] = told(b"\xff\xfe\x00")
    assert "not in UTF-8" in fault
    [fault] = told(b"x" * (3 * 1024 * 1024 + 1))
    assert "larger than 3 MB" in fault
