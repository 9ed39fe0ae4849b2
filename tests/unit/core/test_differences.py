import copy
import itertools
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.definition import StepDefinition
from shared.core.differences import compare
from shared.core.explain import sentence
from shared.core.reuse import build_key_document

from .builders import OTHER_SHA, SHA, data, json_values, scalars, texts
from .test_reuse import CONTEXT, STEP


def document(**changes: Any) -> dict[str, Any]:
    step = {**STEP, **{name: value for name, value in changes.items() if name in STEP}}
    context = {**CONTEXT, **{name: value for name, value in changes.items() if name in CONTEXT}}
    return build_key_document(StepDefinition(**step), **context)


BASE = document()


def differences(**changes):
    files = changes.pop("files", (None, None))
    return [(d.kind, d.name, d.before, d.after) for d in compare(BASE, document(**changes), *files)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"type": "command"}, [("step_type", "step_type", '"python_script"', '"command"')]),
        ({"type_version": 2}, [("step_type_version", "step_type_version", "1", "2")]),
        ({"version": None}, [("version", "version", '"1"', None)]),
        ({"compute_kind": "databricks"}, [("compute", "compute_kind", '"local"', '"databricks"')]),
        ({"settings": {"script_name": "b.py"}}, [("settings", "script_name", '"train.py"', '"b.py"')]),
        (
            {"settings": {"script": "b.py"}},
            [("settings", "script", None, '"b.py"'), ("settings", "script_name", '"train.py"', None)],
        ),
        ({"snapshot": OTHER_SHA}, [("snapshot", "snapshot", "abababab", "cdcdcdcd")]),
        ({"snapshot": None}, [("snapshot", "snapshot", "abababab", None)]),
        ({"parameters": {"alpha": 0.2, "beta": 2}}, [("parameter", "alpha", "0.1", "0.2")]),
        ({"parameters": {"alpha": 0.1, "beta": 2.0}}, [("parameter", "beta", "2", "2.0")]),
        ({"parameters": {"alpha": 0.1, "beta": "2"}}, [("parameter", "beta", "2", '"2"')]),
        (
            {"parameters": {"alpha": True, "beta": 3}},
            [("parameter", "alpha", "0.1", "true"), ("parameter", "beta", "2", "3")],
        ),
        ({"input_digests": {"data": "f" * 64, "raw": "d2"}}, [("input", "data", "content d1", "content ffffffff")]),
        (
            {"inputs": {**STEP["inputs"], "rate": {"kind": "literal", "value": 7}}},
            [("input", "rate", "parameter `beta`", "7")],
        ),
        (
            {"inputs": {**STEP["inputs"], "rate": {"kind": "parameter", "parameter": "alpha"}}},
            [("input", "rate", "parameter `beta`", "parameter `alpha`")],
        ),
        ({"inputs": {**STEP["inputs"], "more": data("x")}, "input_digests": {**CONTEXT["input_digests"], "more": "d3"}},
         [("input", "more", None, "content d3")]),
        ({"inputs": {k: v for k, v in STEP["inputs"].items() if k != "fixed"}}, [("input", "fixed", '"x"', None)]),
        ({"outputs": {"model": {"datastore": "lake"}}}, [("output", "model", "the default", "lake")]),
        ({"outputs": {}}, [("output", "model", "the default", None)]),
        ({"arguments": ["--data", {"input": "data"}, {"output": "model"}, {"parameter": "alpha"}, 2]},
         [("argument", "5", "1", "2")]),
        ({"arguments": ["--new", *STEP["arguments"]]}, [("argument", "1", None, '"--new"')]),
        ({"arguments": STEP["arguments"][1:]}, [("argument", "1", '"--data"', None)]),
        ({"arguments": ["--data", {"input": "raw"}, {"output": "model"}, {"parameter": "beta"}, 1]},
         [("argument", "2", "input `data`", "input `raw`"),
          ("argument", "4", "parameter `alpha`", "parameter `beta`")]),
        ({"arguments": ["--data", {"input": "data"}, 3, {"parameter": "alpha"}, 1]},
         [("argument", "3", "output `model`", "3")]),
        ({"environment": {**STEP["environment"], "image": None}}, [("environment", "image", '"python:3.13"', None)]),
        ({"environment": {**STEP["environment"], "pip_packages": ["a", "b"]}},
         [("environment", "pip_packages", None, '["a", "b"]')]),
        ({"environment": {**STEP["environment"], "variables": {"A": "s3cret"}}},
         [("environment_variable", "A", "set", "changed")]),
        ({"environment_variables": {"B": "2", "C": "s3cret"}}, [("environment_variable", "C", None, "set")]),
        ({"environment_variables": {}}, [("environment_variable", "B", "set", None)]),
    ],
)  # fmt: skip
def test_each_ingredient_is_named_in_the_users_terms(changes, expected):
    assert differences(**changes) == expected


def test_packages_show_what_came_and_went():
    before = document(environment={"pip_packages": ["a==1", "b==1", "c"]})
    after = document(environment={"pip_packages": ["c", "a==2", "b==1"]})
    reordered = document(environment={"pip_packages": ["c", "a==1", "b==1"]})
    (difference,) = compare(before, after, None, None)
    assert (difference.before, difference.after) == ('["a==1"]', '["a==2"]')
    (difference,) = compare(before, reordered, None, None)
    assert (difference.before, difference.after) == ('["a==1", "b==1", "c"]', '["c", "a==1", "b==1"]')


def test_a_snapshot_is_broken_into_files():
    old = {"a.py": SHA, "b.py": SHA, "c.py": SHA}
    new = {"a.py": SHA, "b.py": OTHER_SHA, "d.py": SHA}
    assert differences(snapshot=OTHER_SHA, files=(old, new)) == [
        ("file", "b.py", "abababab", "cdcdcdcd"),
        ("file", "c.py", "abababab", None),
        ("file", "d.py", None, "abababab"),
    ]
    assert differences(files=(old, new)) == []


@pytest.mark.parametrize("files", [({"a": SHA}, None), (None, {"a": SHA}), ({"a": SHA}, {"a": SHA})])
def test_a_snapshot_without_both_lists_is_named_as_a_whole(files):
    assert differences(snapshot=OTHER_SHA, files=files) == [("snapshot", "snapshot", "abababab", "cdcdcdcd")]


def test_a_parameter_used_twice_is_named_once():
    arguments = [{"parameter": "beta"}, {"parameter": "beta"}]
    before = document(arguments=arguments)
    after = document(arguments=arguments, parameters={"alpha": 0.1, "beta": 3})
    assert [(d.kind, d.name) for d in compare(before, after, None, None)] == [("parameter", "beta")]


def test_other_rules_cannot_be_compared():
    after = {**document(version="2"), "key_version": 2}
    assert [(d.kind, d.before, d.after) for d in compare(BASE, after, None, None)] == [("key_version", "1", "2")]


def test_an_ingredient_that_is_not_known_is_not_kept_silent():
    assert [d.kind for d in compare(BASE, {**BASE, "new": 1}, None, None)] == ["key_version"]


def test_long_values_are_cut_around_the_change():
    before, after = document(settings={"x": "a" * 500}), document(settings={"x": "a" * 300 + "b" + "a" * 199})
    (difference,) = compare(before, after, None, None)
    assert difference.before == "…" + "a" * 58 + "…"
    assert difference.after == "…" + "a" * 15 + "b" + "a" * 42 + "…"
    assert len(difference.before) == len(difference.after) == 60


def test_credentials_in_urls_are_not_shown():
    after = document(
        environment={**STEP["environment"], "pip_packages": ["git+https://me:t0ken@host/x", "https://h/@a"]}
    )
    (difference,) = compare(BASE, after, None, None)
    assert difference.after == '["git+https://…@host/x", "https://h/@a"]'


def test_differences_of_long_lists_are_found_in_time():
    before = document(arguments=["a", "b"] * 500)
    after = document(arguments=["b", "a", "b", "b"] * 250)
    start = time.process_time()
    assert len(compare(before, after, None, None)) == 750
    assert time.process_time() - start < 1


ports = st.fixed_dictionaries(
    {},
    optional={
        "p": st.sampled_from(["alpha", "beta"]).map(lambda name: {"kind": "parameter", "parameter": name}),
        "l": scalars.map(lambda value: {"kind": "literal", "value": value}),
        "d": st.just(data("prepare")),
    },
)
arguments = scalars | st.sampled_from([{"parameter": "alpha"}, {"parameter": "beta"}, {"input": "d"}, {"output": "o"}])
variables = st.dictionaries(st.sampled_from(["A", "B"]), texts(3))
documents = st.builds(
    document,
    type=st.sampled_from(["python_script", "command"]),
    settings=st.dictionaries(st.sampled_from(["a", "b"]), json_values, max_size=2),
    snapshot=st.sampled_from([None, SHA, OTHER_SHA]),
    arguments=st.lists(arguments, max_size=5),
    inputs=ports,
    outputs=st.dictionaries(st.just("o"), st.sampled_from([{}, {"datastore": "x"}])),
    environment=st.builds(dict, variables=variables, pip_packages=st.lists(st.sampled_from("abc"), max_size=3)),
    environment_variables=variables,
    version=st.sampled_from([None, "1"]),
    type_version=st.integers(1, 2),
    parameters=st.fixed_dictionaries({"alpha": scalars, "beta": scalars}),
    input_digests=st.fixed_dictionaries({"d": st.sampled_from([SHA, OTHER_SHA])}),
    compute_kind=st.sampled_from([None, "local"]),
)


@given(documents, documents)
def test_there_are_differences_exactly_when_documents_differ(one, other):
    assert compare(one, copy.deepcopy(one), {}, {}) == ()
    found = compare(one, other, {"a": SHA}, {"b": SHA})
    assert bool(found) == (repr(one) != repr(other))
    assert len(set(found)) == len(found)
    assert sentence(found)


@given(documents, st.sampled_from(["version", "settings", "arguments", "snapshot", "environment", "compute_kind"]))
def test_one_change_gives_differences_of_its_own_kind_only(one, name):
    changed = {
        "version": "other",
        "settings": {"other": 1},
        "arguments": [*one["arguments"], {"literal": "x"}],
        "snapshot": "ef" * 32,
        "environment": {**one["environment"], "image": "other"},
        "compute_kind": "other",
    }
    kinds = {d.kind for d in compare(one, {**one, name: changed[name]}, None, None)}
    assert kinds == {{"arguments": "argument", "compute_kind": "compute"}.get(name, name)}


def test_values_of_environment_variables_are_never_shown():
    secrets = ["hunter2", "hunter3", None]
    for old, new, place in itertools.product(secrets, secrets, ["variables", "environment_variables"]):
        pair = [{} if value is None else {"TOKEN": value} for value in (old, new)]
        one, other = (
            document(environment={"variables": v}) if place == "variables" else document(environment_variables=v)
            for v in pair
        )
        found = compare(one, other, None, None)
        assert "hunter" not in repr(found) + sentence(found)
        assert bool(found) == (old != new)
