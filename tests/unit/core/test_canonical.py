import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.canonical import canonical_json, digest

from .builders import json_values


def reversed_keys(value):
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(list(value))}
    return [reversed_keys(item) for item in value] if isinstance(value, list) else value


@given(json_values)
def test_round_trips_and_ignores_the_order_of_keys(value):
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text
    assert canonical_json(reversed_keys(value)) == text


@given(json_values, json_values)
def test_equal_bytes_mean_equal_json(one, other):
    assert (canonical_json(one) == canonical_json(other)) == (
        json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    )


def test_spelling():
    value = {"b": [1, 1.0, True, None, "é\n"], "a": {"z": -0.0, "Z": 1e22}}
    assert canonical_json(value) == '{"a":{"Z":1e+22,"z":-0.0},"b":[1,1.0,true,null,"é\\n"]}'.encode()
    assert canonical_json((1, (2,))) == b"[1,[2]]"


def test_numbers_and_constants_are_different_ingredients():
    values = [1, 1.0, True, "1", [1], {"1": 1}, None]
    assert len({digest("t", value) for value in values}) == len(values)


def test_the_tag_keeps_digests_apart():
    assert digest("a", 1) != digest("b", 1)
    assert digest("a", ["b", 1]) != digest("b", ["a", 1])


@pytest.mark.parametrize("value", [{1, 2}, b"bytes", datetime(2026, 1, 1, tzinfo=UTC), object(), 1j, range(3)])
def test_foreign_types_are_errors(value):
    with pytest.raises(TypeError):
        canonical_json({"deep": [value]})


@pytest.mark.parametrize("key", [1, None, True, 1.5])
def test_foreign_keys_are_errors(key):
    with pytest.raises(TypeError):
        canonical_json([{"deep": ({key: 1},)}])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "\ud800"])
def test_values_without_a_spelling_are_errors(value):
    with pytest.raises(ValueError, match=r"."):
        canonical_json({"deep": [value]})


def test_circles_and_bottomless_nesting_are_errors():
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(ValueError, match=r"[Cc]ircular"):
        canonical_json(circle)
    deep: list[object] = []
    for _ in range(200_000):
        deep = [deep]
    with pytest.raises(ValueError, match="too deeply"):
        canonical_json(deep)


@given(st.text())
def test_digest_is_sha256_in_hex(text):
    assert len(digest("t", text)) == 64
    assert set(digest("t", text)) <= set("0123456789abcdef")
