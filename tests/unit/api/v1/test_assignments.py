"""Values as v1's clients send them, read as the parameters' types have them."""

from typing import Any

import pytest

from api.v1.assignments import read_scalar, wire_values
from api.v1.submissions import SubmissionInfo
from shared.core.bindings import DataPathValue, DatasetValue, ParameterDefinition, ParameterValue
from shared.core.parameters import fit_parameter


@pytest.mark.parametrize(
    ("kind", "given", "read"),
    [
        ("int", "45", 45),
        ("int", " -7 ", -7),
        ("int", "+3", 3),
        ("int", 45, 45),
        ("int", 45.0, 45),
        ("int", "45.0", 45),
        ("float", "0.5", 0.5),
        ("float", ".5", 0.5),
        ("float", "1e-3", 0.001),
        ("float", "3", 3.0),
        ("float", 3, 3),
        ("bool", "True", True),
        ("bool", "false", False),
        ("bool", "1", True),
        ("bool", 0, False),
        ("bool", True, True),
        ("string", "x ", "x "),
        ("string", 5, "5"),
        ("string", 0.5, "0.5"),
        ("string", True, "True"),
    ],
)
def test_values_are_read_as_their_type_has_them(kind: Any, given: Any, read: Any):
    value = read_scalar(kind, given)
    assert (value, type(value)) == (read, type(read))
    _, faults = fit_parameter(ParameterDefinition(type=kind), value)
    assert faults == []


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("int", "4.5"),
        ("int", 4.5),
        ("int", True),
        ("int", "four"),
        ("int", ""),
        ("int", "4" * 400),
        ("float", "nan"),
        ("float", "inf"),
        ("float", "1_000"),
        ("float", True),
        ("bool", "maybe"),
        ("bool", 0.0),
        ("bool", 2),
        ("string", [1]),
        ("string", {"a": 1}),
        ("data_path", "datastore/path"),
        ("dataset", 5),
    ],
)
def test_what_does_not_fit_is_left_for_the_check_of_all_values(kind: Any, given: Any):
    value = read_scalar(kind, given)
    _, faults = fit_parameter(ParameterDefinition(type=kind), value)
    assert faults


def test_values_are_written_in_v1s_three_kinds():
    place = DataPathValue(datastore="d", path="a/b")
    values: dict[str, ParameterValue | None] = {
        "n": 1,
        "flag": True,
        "where": place,
        "what": DatasetValue(dataset_id="7"),
        "needed": None,
    }
    info = SubmissionInfo(**wire_values(values)).model_dump(by_alias=True, exclude_none=True)
    assert info == {
        "ParameterAssignments": {"n": "1", "flag": "True"},
        "DataPathAssignments": {"where": {"DataStoreName": "d", "RelativePath": "a/b"}},
        "DataSetDefinitionValueAssignments": {
            "where": {"LiteralValue": {"DataStoreName": "d", "RelativePath": "a/b"}},
            "what": {"SavedDataSetReference": {"Id": "7"}},
        },
    }


def test_keys_that_v1_does_not_know_are_ignored():
    info = SubmissionInfo.model_validate({"ExperimentName": "e", "StepTags": {}, "AzDevOpsCallBackInfo": 3, "tags": {}})
    assert info.experiment_name == "e"
    assert info.tags == {}
