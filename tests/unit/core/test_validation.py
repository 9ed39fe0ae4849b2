import copy
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.bindings import ParameterDefinition
from shared.core.definition import PipelineDefinition
from shared.core.errors import Fault, InvalidDocument
from shared.core.validation import bind_parameters, parse_definition
from shared.steps import STEP_TYPES

from .builders import SHA, dags, data, definition_of, json_values, pipeline, script

FULL = pipeline(
    script(
        "prepare",
        inputs={
            "raw": {"kind": "data_reference", "datastore": "blobs", "path": "raw/data.csv"},
            "rate": {"kind": "parameter", "parameter": "alpha"},
            "fixed": {"kind": "literal", "value": 3},
        },
        outputs={"out": {"datastore": "blobs"}},
        arguments=["--in", {"input": "raw"}, {"output": "out"}, {"parameter": "alpha"}, 1, 1.0, True, "1"],
        retry={"max_attempts": 3, "delay_seconds": 1.5},
        environment={"image": "python:3.13", "variables": {"A": "b"}, "pip_packages": ["numpy"]},
        labels={"a/b": "c~d"},
    ),
    {
        "name": "train",
        "type": "command",
        "settings": {"command": ["ls", "-l"]},
        "inputs": {"data": data("prepare")},
        "run_after": ["prepare"],
        "timeout_seconds": 60,
    },
    parameters={"alpha": {"type": "float", "default": 1}, "name": {"type": "string"}},
)

KINDS = "`data_reference`, `data_path`, `dataset`, `pipeline_data`, `parameter` or `literal`"


def faults(document) -> dict[str, str]:
    with pytest.raises(InvalidDocument) as caught:
        parse_definition(document, STEP_TYPES)
    found = {fault.pointer: f"{fault.message} {fault.suggestion or ''}".strip() for fault in caught.value.faults}
    assert len(found) == len(caught.value.faults), "one fault for each place"
    return found


def test_a_good_document_is_parsed():
    definition = parse_definition(FULL, STEP_TYPES)
    assert [repr(argument) for argument in definition.steps[0].arguments[4:]] == ["1", "1.0", "True", "'1'"]
    assert parse_definition(definition, STEP_TYPES) == definition
    assert parse_definition(definition.model_dump(mode="json"), STEP_TYPES) == definition


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "Must be an object, not a list."),
        (None, "Must be an object, not null."),
        ("x", "Must be an object, not a string."),
        ({1, 2}, "Must be an object, not a Python set."),
    ],
)
def test_something_else_is_refused(document, message):
    assert faults(document) == {"": message}


def test_every_fault_of_shape_is_reported_at_its_place():
    document = pipeline(
        script(
            "a",
            arguments=[
                [2],
                None,
                {"input": 3},
                {"inputs": "c"},
                math.inf,
                {"input": "a", "output": "b"},
                "x" * 30_001,
                {},
            ],
            inputs={
                "a": {"kind": "zz"},
                "b": {"step": "q"},
                "c": {"kind": "literal", "value": [1]},
                "d d": {"kind": "literal", "value": 1},
                "e": "text",
                "f": {"kind": "literal"},
                "g": {"kind": "literal", "value": 1, "vale": 2},
                "h": {"kind": "pipelin_data"},
            },
            outputs={"o": None, "p": {"datastor": "x"}},
            timeout_seconds="soon",
            retry={"max_attempts": 1.5, "delay_seconds": -1, "backoff": 11.5, "max_delay_seconds": math.nan},
            environment={"images": "x", "variables": {"1": "a", "B": 2}},
            labels={"": "x", "a/b": 3},
            snapshot="abc",
            run_after="b",
        )
        | {"settings": []},
        schema_version=2,
        parameters={
            "a": {"type": "flaot"},
            "b": {"type": "int", "default": []},
            "c": 3,
            "d": {"type": "int", "dflt": 1},
        },
        default_datastore="-",
        max_parallel_steps=0,
        stepz=[],
    )
    argument = "Must be a string, a number, true or false, or an object with `input`, `output` or `parameter`"
    assert faults(document) == {
        "/schema_version": "Must be 1.",
        "/stepz": "Unknown key `stepz`. Did you mean `steps`?",
        "/default_datastore": "Must have 1 to 128 letters, digits, `_`, `.`, `-` or spaces, and start with a letter, "
        "digit or `_`.",
        "/max_parallel_steps": "Must be at least 1.",
        "/parameters/a/type": "Must be `string`, `int`, `float`, `bool`, `data_path` or `dataset`. "
        "Did you mean `float`?",
        "/parameters/b/default": "Must be a string, a number, true or false, not a list.",
        "/parameters/c": "Must be an object, not a number.",
        "/parameters/d/dflt": "Unknown key `dflt`. Did you mean `default`?",
        "/steps/0/arguments/0": f"{argument}, not a list.",
        "/steps/0/arguments/1": f"{argument}, not null.",
        "/steps/0/arguments/2/input": "Must be a string, not a number.",
        "/steps/0/arguments/3": f"{argument}, not an object. Did you mean `input`?",
        "/steps/0/arguments/4": "Must be a finite number.",
        "/steps/0/arguments/5/output": "Unknown key `output`. Known here: `input`.",
        "/steps/0/arguments/6": "Must have at most 30000 characters.",
        "/steps/0/arguments/7": f"{argument}, not an object.",
        "/steps/0/inputs/a/kind": f"Must be {KINDS}, not `zz`.",
        "/steps/0/inputs/b/kind": f"`kind` is required: {KINDS}.",
        "/steps/0/inputs/c/value": "Must be a string, a number, true or false, not a list.",
        "/steps/0/inputs/d d": "`d d` is not a good name. Must have 1 to 128 letters, digits or `_`.",
        "/steps/0/inputs/e": "Must be an object, not a string.",
        "/steps/0/inputs/f/value": "`value` is required.",
        "/steps/0/inputs/g/vale": "Unknown key `vale`. Did you mean `value`?",
        "/steps/0/inputs/h/kind": f"Must be {KINDS}, not `pipelin_data`. Did you mean `pipeline_data`?",
        "/steps/0/outputs/o": "Must be an object, not null.",
        "/steps/0/outputs/p/datastor": "Unknown key `datastor`. Did you mean `datastore`?",
        "/steps/0/timeout_seconds": "Must be a number, not a string.",
        "/steps/0/retry/max_attempts": "Must be a whole number, not a number with a fraction.",
        "/steps/0/retry/delay_seconds": "Must be at least 0.",
        "/steps/0/retry/backoff": "Must be at most 10.",
        "/steps/0/retry/max_delay_seconds": "Must be a finite number.",
        "/steps/0/environment/images": "Unknown key `images`. Did you mean `image`?",
        "/steps/0/environment/variables/1": "`1` is not a good name. Must have 1 to 256 letters, digits or `_`, "
        "and not start with a digit.",
        "/steps/0/environment/variables/B": "Must be a string, not a number.",
        "/steps/0/labels/": "`` is not a good name. Must not be empty.",
        "/steps/0/labels/a~1b": "Must be a string, not a number.",
        "/steps/0/snapshot": "Must be a SHA-256 digest: 64 of the characters 0-9 and a-f.",
        "/steps/0/run_after": "Must be a list, not a string.",
        "/steps/0/settings": "Must be an object, not a list.",
    }


@pytest.mark.parametrize(
    ("change", "pointer", "message"),
    [
        ({"steps": []}, "/steps", "Must not be empty."),
        ({"steps": {}}, "/steps", "Must be a list, not an object."),
        ({"steps": [script("a")] * 5001}, "/steps", "Must have at most 5000 items, not 5001."),
        ({"parameters": []}, "/parameters", "Must be an object, not a list."),
        ({"name": "\ud800"}, "/name", "Must be valid Unicode text."),
        ({"max_parallel_steps": "x"}, "/max_parallel_steps", "Must be a whole number, not a string."),
        ({"unlike": 1}, "/unlike", "Unknown key `unlike`. Known here: `schema_version`, `name`, `description`,"),
        ({"labels": {"[key]": 3}}, "/labels/[key]", "Must be a string, not a number."),
        ({"labels": {"[key]": "x" * 1001}}, "/labels/[key]", "Must have at most 1000 characters."),
        ({"steps": [{**script("a"), "timeout_seconds": 0}]}, "/steps/0/timeout_seconds", "Must be more than 0."),
        (
            {"steps": [{**script("a"), "allow_reuse": "maybe"}]},
            "/steps/0/allow_reuse",
            "Must be true or false, not a st",
        ),
        ({3: 4}, "/3", "Keys must be strings."),
    ],
)
def test_single_faults(change, pointer, message):
    found = faults({**pipeline(script("a")), **change})
    assert list(found) == [pointer]
    assert found[pointer].startswith(message)


def test_one_wrong_step_is_not_also_an_empty_list():
    assert list(faults(pipeline({"nam": "a"}))) == ["/steps/0/name", "/steps/0/nam"]


def test_every_fault_of_meaning_is_reported_at_its_place():
    document = pipeline(
        script("prepare", outputs={"out": {}}),
        {"name": "train", "type": "python", "run_after": ["prepare", "prepar", "train"]},
        script(
            "train",
            inputs={
                "a": {"kind": "parameter", "parameter": "alpa"},
                "b": data("prepare", "oot"),
                "c": data("nobody"),
                "d": {"kind": "data_reference", "datastore": "x", "path": "a/../b"},
                "e": data("train"),
                "f": data("train2"),
            },
            outputs={"a": {}},
            arguments=[{"input": "A"}, {"output": "aa"}, {"parameter": "alhpa"}, {"input": "a"}, {"output": "a"}],
        ),
        {"name": "last", "settings": {"script": "a.py"}},
        script("train2", settings={"script_name": "/a.py"}),
        parameters={"alpha": {"type": "int", "default": 1.0}, "beta": {"type": "float", "default": "0.5"}},
    )
    assert faults(document) == {
        "/parameters/alpha/default": "Must be a whole number, not a number with a fraction.",
        "/parameters/beta/default": "Must be a number, not a string. Write 0.5 without quotes.",
        "/steps/1/type": "There is no step type called `python`. Did you mean `python_script`?",
        "/steps/1/run_after/1": "There is no step called `prepar`. Did you mean `prepare`?",
        "/steps/1/run_after/2": "The step waits for itself.",
        "/steps/2/name": "Step 1 (counted from 0) is called `train` already. Names must be unique within a pipeline.",
        "/steps/2/inputs/a/parameter": "There is no parameter of the pipeline called `alpa`. Did you mean `alpha`?",
        "/steps/2/inputs/b/output": "There is no output of step `prepare` called `oot`. Did you mean `out`?",
        "/steps/2/inputs/c/step": "There is no step called `nobody`. Known here: `prepare`, `last`, `train2`.",
        "/steps/2/inputs/d/path": "The path contains `.` or `..`, which could leave its folder.",
        "/steps/2/inputs/e/step": "The step waits for itself.",
        "/steps/2/inputs/f/output": "There is no output of step `train2` called `out`.",
        "/steps/2/outputs/a": "The step has an input and an output called `a`; scripts could not tell them apart.",
        "/steps/2/arguments/0/input": "There is no input of this step called `A`. Did you mean `a`?",
        "/steps/2/arguments/1/output": "There is no output of this step called `aa`. Did you mean `a`?",
        "/steps/2/arguments/2/parameter": "There is no parameter of the pipeline called `alhpa`. Did you mean `alpha`?",
        "/steps/3/settings/script_name": "`script_name` is required.",
        "/steps/3/settings/script": "Unknown key `script`. Did you mean `script_name`?",
        "/steps/3/snapshot": "A step of type `python_script` needs a snapshot of its source directory. "
        "Register one with `POST /api/snapshots` and write its `snapshot_id` here.",
        "/steps/4/settings/script_name": "The path is absolute; it must be relative.",
    }


def test_steps_that_parse_are_checked_although_others_do_not():
    document = pipeline(
        {"name": "broken", "outputs": {"out": {}}, "tpye": "x"},
        {"name": "worse", "outputs": []},
        3,
        {"name": 4},
        script(
            "good",
            inputs={"a": data("broken"), "b": data("broken", "ot"), "c": data("worse"), "d": data("brken")},
            arguments=[{"parameter": "odd"}, {"parameter": "p"}, {"parameter": "q"}],
        ),
        parameters={"odd": {"type": "complex"}, "p": {"type": "int", "default": True}},
    )
    assert list(faults(document)) == [
        "/parameters/odd/type",
        "/steps/0/tpye",
        "/steps/1/outputs",
        "/steps/2",
        "/steps/3/name",
        "/parameters/p/default",
        "/steps/4/inputs/b/output",
        "/steps/4/inputs/d/step",
        "/steps/4/arguments/2/parameter",
    ]


def test_parameters_that_are_no_object_cause_no_further_faults():
    assert list(faults(pipeline(script("a", arguments=[{"parameter": "x"}]), parameters=3))) == ["/parameters"]


def test_circles_are_named_in_order():
    document = pipeline(
        script("free"),
        script("a", inputs={"x": data("c")}, outputs={"out": {}}),
        script("b", run_after=["a", "free"]),
        script("c", run_after=["b"], outputs={"out": {}}),
        script("d", run_after=["e", "c"]),
        script("e", run_after=["d"]),
    )
    assert faults(document) == {
        "/steps/1": "Steps wait for each other in a circle: `a` → `b` → `c` → `a`.",
        "/steps/4": "Steps wait for each other in a circle: `d` → `e` → `d`.",
    }


def test_a_long_circle_is_cut_and_many_circles_are_not_all_listed():
    ring = [script(f"s{i}", run_after=[f"s{(i - 1) % 30}"]) for i in range(30)]
    (message,) = faults(pipeline(*ring)).values()
    assert message.endswith("`s18` → `s19` → … → `s0`.")
    assert len(faults(pipeline(*[script(f"s{i}", run_after=[f"s{i ^ 1}"]) for i in range(100)]))) == 10


@given(dags(), st.booleans())
def test_any_dag_is_accepted(dag, from_model):
    definition = definition_of(dag[0])
    steps = tuple(step.model_copy(update=script(step.name)) for step in definition.steps)
    definition = definition.model_copy(update={"steps": steps})
    document = definition if from_model else definition.model_dump()
    assert parse_definition(document, STEP_TYPES) == definition


def faults_or_none(document) -> tuple[Fault, ...]:
    try:
        parse_definition(document, STEP_TYPES)
    except InvalidDocument as error:
        return error.faults
    return ()


def places(document, path=()):
    yield path
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        yield from places(value, (*path, key))


def resolves(document, pointer: str) -> bool:
    if not pointer:
        return True
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    for part in parts[:-1]:
        document = document[int(part)] if isinstance(document, list) else document[part]
    if isinstance(document, list):
        return int(parts[-1]) < len(document)
    return isinstance(document, dict)  # the key itself may be the one that is missing


@given(st.data(), json_values)
def test_whatever_is_wrong_every_pointer_leads_into_the_document(choice, junk):
    document = copy.deepcopy(FULL)
    *path, last = choice.draw(st.sampled_from([path for path in places(document) if path]))
    target = document
    for key in path:
        target = target[key]
    if isinstance(target, dict) and choice.draw(st.booleans()):
        target[choice.draw(st.text(max_size=3))] = junk
    else:
        target[last] = junk
    for fault in faults_or_none(document):
        assert resolves(document, fault.pointer), fault
        assert fault.message.endswith(".")


@given(json_values)
def test_any_other_json_is_refused_in_order(document):
    assert faults_or_none(document)


def test_names_that_cannot_be_printed_are_refused():
    found = faults(pipeline(script("a", arguments=[{"\ud800": 1}]), parameters={"\ud800": {"type": "int"}}))
    assert "".join(found).encode()
    assert "".join(found.values()).encode()


def big_document() -> dict[str, Any]:
    return pipeline(
        *(
            script(
                f"s{i}",
                inputs={f"i{k}": data(f"s{i - k}") for k in range(1, min(i, 4))},
                outputs={"out": {}},
                arguments=["--x", {"parameter": "p"}, {"output": "out"}],
            )
            for i in range(5000)
        ),
        parameters={"p": {"type": "int"}},
    )


def test_five_thousand_steps_are_quick():
    document = big_document()
    start = time.process_time()
    parse_definition(document, STEP_TYPES)
    assert time.process_time() - start < 1.5  # 0.4 s on an idle machine


def test_five_thousand_wrong_names_are_not_slow():
    document = big_document()
    for step in document["steps"]:
        step["run_after"] = [step["name"] + "x"]
    start = time.process_time()
    assert len(faults(document)) == 5000
    assert time.process_time() - start < 6


PARAMETERS = PipelineDefinition(
    name="p",
    parameters={
        "text": ParameterDefinition(type="string", default="x"),
        "whole": ParameterDefinition(type="int", default=2),
        "real": ParameterDefinition(type="float", default=3),
        "flag": ParameterDefinition(type="bool", default=False),
        "needed": ParameterDefinition(type="int"),
    },
    steps=(definition_of([[]]).steps[0],),
)


def test_defaults_are_bound_and_whole_numbers_become_floats():
    bound = bind_parameters(PARAMETERS, {"needed": 7})
    assert list(bound) == list(PARAMETERS.parameters)
    assert {name: repr(value) for name, value in bound.items()} == {
        "text": "'x'",
        "whole": "2",
        "real": "3.0",
        "flag": "False",
        "needed": "7",
    }
    values = {"text": "", "whole": -1, "real": 0, "flag": True, "needed": 0}
    assert bind_parameters(PARAMETERS, values) == {**values, "real": 0.0}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("text", 1, "Must be a string, not a number."),
        ("text", "x" * 30_001, "Must have at most 30000 characters."),
        ("text", "\ud800", "Must be valid Unicode text."),
        ("whole", True, "Must be a whole number, not true or false."),
        ("whole", 1.0, "Must be a whole number, not a number with a fraction."),
        ("whole", "1", "Must be a whole number, not a string. Write 1 without quotes."),
        ("whole", "one", "Must be a whole number, not a string."),
        ("whole", None, "Must be a whole number, not null."),
        ("real", True, "Must be a number, not true or false."),
        ("real", "0.1", "Must be a number, not a string. Write 0.1 without quotes."),
        ("real", math.nan, "Must be a finite number."),
        ("real", 10**400, "Must be a finite number."),
        ("flag", 1, "Must be true or false, not a number."),
        ("flag", "true", "Must be true or false, not a string. Write true without quotes."),
        ("txet", "x", "The pipeline has no parameter `txet`. Did you mean `text`?"),
        ("zzzzzz", 1, "The pipeline has no parameter `zzzzzz`. Known here: `text`, `whole`, `real`, `flag`, `needed`."),
    ],
)
def test_values_that_do_not_fit(name, value, message):
    with pytest.raises(InvalidDocument) as caught:
        bind_parameters(PARAMETERS, {"needed": 1, name: value})
    (fault,) = caught.value.faults
    assert fault.pointer == f"/parameters/{name}"
    assert f"{fault.message} {fault.suggestion or ''}".strip() == message


def test_all_wrong_values_are_listed():
    with pytest.raises(InvalidDocument) as caught:
        bind_parameters(PARAMETERS, {"a/b": 1, "flag": "no"}, pointer="/body/parameters")
    assert [fault.pointer for fault in caught.value.faults] == [
        "/body/parameters/a~1b",
        "/body/parameters/flag",
        "/body/parameters/needed",
    ]


def test_snapshot_is_a_digest():
    assert parse_definition(pipeline(script("a")), STEP_TYPES).steps[0].snapshot == SHA


def test_a_step_of_a_wrong_shape_is_checked_as_far_as_it_goes():
    document = copy.deepcopy(FULL)
    document["steps"][1] |= {
        "typ": "python_script",
        "inputs": {"data": data("prepar"), "odd": {"kind": "no such kind"}},
        "arguments": [{"input": "data"}, {"input": "odd"}, {"parameter": "alpah"}],
        "run_after": ["nobody"],
    }
    assert set(faults(document)) == {
        "/steps/1/typ",
        "/steps/1/inputs/odd/kind",
        "/steps/1/inputs/data/step",
        "/steps/1/arguments/2/parameter",
        "/steps/1/run_after/0",
    }, "`odd` is there, if wrong, and what an unknown key may have meant is not guessed at"
