import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.sweep_space import draw, grid, quantized, space_faults

NUMBERS = st.floats(-50, 50, allow_nan=False)
STEPS = st.sampled_from([1, 2, 5, 0.5, 0.1, 0.25])
SEEDS = st.integers(0, 2**32)


def one(expression, seed):
    return draw({"x": expression}, random.Random(seed))["x"]


@given(low=NUMBERS, width=st.floats(0, 50), q=STEPS, seed=SEEDS)
def test_quantized_values_are_multiples_near_the_range(low, width, q, seed):
    value = one(["quniform", [low, low + width, q]], seed)
    assert value / q == pytest.approx(round(value / q), abs=1e-6)
    assert low - q / 2 - 1e-6 <= value <= low + width + q / 2 + 1e-6


@given(q=STEPS, mu=NUMBERS, sigma=st.floats(0, 5), seed=SEEDS)
def test_quantized_normal_values_are_multiples(q, mu, sigma, seed):
    value = one(["qnormal", [mu, sigma, q]], seed)
    assert value / q == pytest.approx(round(value / q), abs=1e-6)


@given(low=st.floats(-5, 5), width=st.floats(0, 5), seed=SEEDS)
def test_logarithmic_values_lie_between_the_exponentials_of_the_bounds(low, width, seed):
    value = one(["loguniform", [low, low + width]], seed)
    assert math.exp(low) * (1 - 1e-9) <= value <= math.exp(low + width) * (1 + 1e-9)
    assert one(["lognormal", [low, width]], seed) > 0


@given(upper=st.integers(1, 20), seed=SEEDS)
def test_whole_numbers_stay_below_the_upper_bound(upper, seed):
    value = one(["randint", [upper]], seed)
    assert isinstance(value, int)
    assert 0 <= value < upper


@given(low=NUMBERS, width=st.floats(0, 50), seed=SEEDS)
def test_uniform_values_lie_in_the_range_and_choices_are_options(low, width, seed):
    assert low <= one(["uniform", [low, low + width]], seed) <= low + width
    assert one(["choice", [["a", 2, True]]], seed) in ["a", 2, True]


def test_every_expression_draws_what_its_name_says():
    space: dict[str, Any] = {"a": ["qloguniform", [0, 3, 2]], "b": ["qlognormal", [0, 1, 0.5]], "c": ["normal", [3, 0]]}
    point = draw(space, random.Random(1))
    assert point["a"] % 2 == 0
    assert point["b"] % 0.5 == 0
    assert point["c"] == 3


def test_multiples_carry_no_dust_and_are_whole_where_q_is():
    assert quantized(0.31, 0.1) == 0.3
    assert quantized(7.4, 5) == 5
    assert isinstance(quantized(7.4, 5), int)
    assert quantized(1e-7 * 3.2, 1e-7) == pytest.approx(3e-7, rel=1e-9)


def test_a_grid_has_every_combination_once():
    space: dict[str, Any] = {"a": ["choice", [[1, 2]]], "b": ["choice", [["x", "y", "z"]]]}
    points = list(grid(space))
    assert len(points) == 6
    assert points[:2] == [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}]


@pytest.mark.parametrize(
    ("expression", "kind", "sentence"),
    [
        ("uniform", "random", "An expression is a pair"),
        (["unifrom", [0, 1]], "random", "There is no expression `unifrom`"),
        (["uniform", [0]], "random", "`uniform` takes 2 arguments: min, max."),
        (["uniform", [1, 0]], "random", "`min` of `uniform` is more than its `max`."),
        (["uniform", [0, math.inf]], "random", "`max` of `uniform` must be a finite number."),
        (["quniform", [0, 1, 0]], "random", "`q` of `quniform` must be more than 0."),
        (["normal", [0, -1]], "random", "`sigma` of `normal` must not be negative."),
        (["randint", [0]], "random", "`upper` of `randint` must be a whole number"),
        (["loguniform", [0, 1000]], "random", "`max` of `loguniform` is the logarithm"),
        (["choice", [[]]], "random", "`choice` takes a list of at least one value."),
        (["choice", [[None]]], "random", "The values of a `choice` must be"),
        (["uniform", [0, 1]], "grid", "Grid sampling goes through every combination"),
        (["normal", [0, 1]], "bayesian", "Bayesian sampling knows `choice`"),
    ],
)
def test_wrong_expressions(expression, kind, sentence):
    (fault,) = space_faults({"--x": expression}, kind)
    assert fault.pointer == "/--x"
    assert fault.message.startswith(sentence)


def test_wrong_spaces_and_names():
    assert space_faults({}, "random")[0].pointer == ""
    assert len(space_faults({"a b": ["uniform", [0, 1]], "": ["randint", [1]]}, "random")) == 2
