import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.definition import EnvironmentDefinition, StepDefinition
from shared.core.reuse import KEY_VERSION, build_key_document, content_digest, reuse_key

from .builders import OTHER_SHA, SHA, data, json_values

STEP: dict[str, Any] = {
    "name": "train",
    "type": "python_script",
    "settings": {"script_name": "train.py"},
    "snapshot": SHA,
    "arguments": ["--data", {"input": "data"}, {"output": "model"}, {"parameter": "alpha"}, 1],
    "inputs": {
        "data": data("prepare"),
        "raw": {"kind": "data_reference", "datastore": "blobs", "path": "a.csv"},
        "rate": {"kind": "parameter", "parameter": "beta"},
        "fixed": {"kind": "literal", "value": "x"},
    },
    "outputs": {"model": {"datastore": None}},
    "run_after": ["other"],
    "environment": {"name": "env", "image": "python:3.13", "variables": {"A": "1"}},
    "environment_variables": {"B": "2"},
    "version": "1",
    "labels": {"ticket": "ML-7"},
}
CONTEXT: dict[str, Any] = {
    "type_version": 1,
    "parameters": {"alpha": 0.1, "beta": 2, "unused": "x"},
    "input_digests": {"data": "d1", "raw": "d2"},
    "compute_kind": "local",
}


def key_of(step=(), context=()) -> str:
    merged = {**STEP, **dict(step)}
    return reuse_key(build_key_document(StepDefinition(**merged), **{**CONTEXT, **dict(context)}))


KEY = key_of()


def test_the_document_lists_its_ingredients():
    document = build_key_document(StepDefinition(**STEP), **CONTEXT)
    assert document == {
        "key_version": KEY_VERSION,
        "step_type": "python_script",
        "step_type_version": 1,
        "settings": {"script_name": "train.py"},
        "arguments": [
            {"literal": "--data"},
            {"input": "data"},
            {"output": "model"},
            {"parameter": "alpha", "value": 0.1},
            {"literal": 1},
        ],
        "inputs": {
            "data": {"digest": "d1"},
            "raw": {"digest": "d2"},
            "rate": {"parameter": "beta", "value": 2},
            "fixed": {"literal": "x"},
        },
        "outputs": {"model": {"datastore": None}},
        "environment": {
            "image": "python:3.13",
            "python_version": None,
            "interpreter": None,
            "pip_packages": [],
            "conda_packages": [],
            "variables": {"A": "1"},
        },
        "environment_variables": {"B": "2"},
        "snapshot": SHA,
        "version": "1",
        "compute_kind": "local",
    }
    assert json.loads(json.dumps(document)) == document


STEP_INGREDIENTS = {
    "type": "command",
    "settings": {"script_name": "train2.py"},
    "snapshot": OTHER_SHA,
    "arguments": STEP["arguments"][::-1],
    "inputs": {**STEP["inputs"], "fixed": {"kind": "literal", "value": "y"}},
    "outputs": {"model": {"datastore": "other"}},
    "environment": {**STEP["environment"], "image": "python:3.14"},
    "environment_variables": {"B": "3"},
    "version": "2",
    "resources": {"node_count": 2, "communicator": "mpi"},
}
STEP_OTHERS = {
    "name": "fit",
    "run_after": [],
    "allow_reuse": False,
    "always_run": True,
    "retry": {"max_attempts": 5, "delay_seconds": 1},
    "timeout_seconds": 5,
    "compute_target": "cluster-2",
    "labels": {},
}


def test_every_field_of_a_step_is_known_to_be_an_ingredient_or_not():
    assert STEP_INGREDIENTS.keys() | STEP_OTHERS.keys() == StepDefinition.model_fields.keys()
    assert not STEP_INGREDIENTS.keys() & STEP_OTHERS.keys()


@pytest.mark.parametrize(("field", "value"), STEP_INGREDIENTS.items())
def test_every_ingredient_changes_the_key(field, value):
    assert key_of({field: value}) != KEY


@pytest.mark.parametrize(("field", "value"), STEP_OTHERS.items())
def test_nothing_else_changes_the_key(field, value):
    assert key_of({field: value}) == KEY


ENVIRONMENT = {
    "image": "x",
    "python_version": "3.12",
    "interpreter": "/usr/bin/python3",
    "pip_packages": ["numpy"],
    "conda_packages": ["numpy"],
    "variables": {"A": "2"},
}


@pytest.mark.parametrize(("field", "value"), ENVIRONMENT.items())
def test_every_part_of_the_environment_but_its_name_changes_the_key(field, value):
    assert ENVIRONMENT.keys() | {"name"} == EnvironmentDefinition.model_fields.keys()
    assert key_of({"environment": {**STEP["environment"], field: value}}) != KEY
    assert key_of({"environment": {**STEP["environment"], "name": "other"}}) == KEY


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type_version", 2),
        ("compute_kind", "databricks"),
        ("compute_kind", None),
        ("parameters", {"alpha": 0.2, "beta": 2}),
        ("parameters", {"alpha": 0.1, "beta": 2.0}),
        ("parameters", {"alpha": 0.1, "beta": True}),
        ("input_digests", {"data": "d1", "raw": "d3"}),
        ("input_digests", {"data": "d2", "raw": "d1"}),
    ],
)
def test_every_ingredient_from_outside_changes_the_key(name, value):
    assert key_of(context={name: value}) != KEY


@pytest.mark.parametrize(
    ("step", "context"),
    [
        ({}, {"parameters": {"alpha": 0.1, "beta": 2, "more": 1}}),
        ({}, {"input_digests": {"data": "d1", "raw": "d2", "more": "d3"}}),
        ({"inputs": {**STEP["inputs"], "data": data("elsewhere", "else")}}, {}),
        ({"inputs": {**STEP["inputs"], "raw": {**STEP["inputs"]["raw"], "path": "moved.csv"}}}, {}),
        ({"inputs": dict(reversed(STEP["inputs"].items()))}, {}),
    ],
)
def test_what_the_step_does_not_see_does_not_change_the_key(step, context):
    assert key_of(step, context) == KEY


@pytest.mark.parametrize(
    ("one", "other"), [(1, 1.0), (1, True), (1, "1"), ("x", {"input": "x"}), ("x", {"output": "x"}), ("a b", "a  b")]
)
def test_arguments_that_look_alike_are_different(one, other):
    ports = {"inputs": {"x": {"kind": "literal", "value": 1}}, "outputs": {}}
    assert key_of({**ports, "arguments": [one]}) != key_of({**ports, "arguments": [other]})


@given(json_values)
def test_settings_enter_the_key_whatever_they_are(value):
    document = build_key_document(
        StepDefinition(name="a", settings={"x": value}), type_version=1, parameters={}, input_digests={}
    )
    before = copy.deepcopy(document)
    assert reuse_key(document) == reuse_key(before)
    assert document["settings"] == {"x": value}


def test_the_document_shares_nothing_with_the_step():
    step = StepDefinition(name="a", settings={"words": ["x"]})
    document = build_key_document(step, type_version=1, parameters={}, input_digests={})
    document["settings"]["words"].append("y")
    assert step.settings == {"words": ["x"]}


@pytest.mark.parametrize("name", ["parameters", "input_digests"])
def test_a_missing_value_is_an_error_and_not_a_stand_in(name):
    with pytest.raises(KeyError):
        key_of(context={name: {}})


@given(st.dictionaries(st.text("abc/", min_size=1), st.text("01", max_size=3)), st.randoms())
def test_content_does_not_depend_on_the_order_of_files(files, random):
    pairs = list(files.items())
    expected = content_digest(pairs)
    random.shuffle(pairs)
    assert content_digest(iter(pairs)) == expected


def test_content_depends_on_paths_and_digests():
    assert len({content_digest(files) for files in ([], [("a", "1")], [("a", "2")], [("b", "1")], [("", "1")])}) == 5


def test_content_with_a_path_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        content_digest([("a", "1"), ("b", "1"), ("a", "2")])
