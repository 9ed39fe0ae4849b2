"""v1's parameter expressions: what a hyperparameter may be. Each is a pair of its name and its arguments."""

from collections.abc import Sequence
from typing import Any

type Expression = list[Any]


def choice(*options: Any) -> Expression:
    """One of several values, given one by one or as one list or range."""
    values = list(options[0]) if len(options) == 1 and isinstance(options[0], list | tuple | range) else list(options)
    return ["choice", [values]]


def randint(upper: int) -> Expression:
    """A whole number from 0 up to `upper`, without it."""
    return ["randint", [upper]]


def uniform(min_value: float, max_value: float) -> Expression:
    """Any number between two, all equally likely."""
    return ["uniform", [min_value, max_value]]


def quniform(min_value: float, max_value: float, q: float) -> Expression:
    """`round(uniform(min_value, max_value) / q) * q`."""
    return ["quniform", [min_value, max_value, q]]


def loguniform(min_value: float, max_value: float) -> Expression:
    """`exp(uniform(min_value, max_value))`: the bounds are logarithms."""
    return ["loguniform", [min_value, max_value]]


def qloguniform(min_value: float, max_value: float, q: float) -> Expression:
    """`round(exp(uniform(min_value, max_value)) / q) * q`."""
    return ["qloguniform", [min_value, max_value, q]]


def normal(mu: float, sigma: float) -> Expression:
    """A normal distribution."""
    return ["normal", [mu, sigma]]


def qnormal(mu: float, sigma: float, q: float) -> Expression:
    """`round(normal(mu, sigma) / q) * q`."""
    return ["qnormal", [mu, sigma, q]]


def lognormal(mu: float, sigma: float) -> Expression:
    """`exp(normal(mu, sigma))`."""
    return ["lognormal", [mu, sigma]]


def qlognormal(mu: float, sigma: float, q: float) -> Expression:
    """`round(exp(normal(mu, sigma)) / q) * q`."""
    return ["qlognormal", [mu, sigma, q]]


def plain_space(space: dict[str, Sequence[Any]]) -> dict[str, Any]:
    """A space as JSON has it: numpy's numbers become Python's."""
    from pipeyard.core._metrics import plain  # noqa: PLC0415  (keeps this module free of what it does not need)

    return {str(name): plain(expression) for name, expression in space.items()}
