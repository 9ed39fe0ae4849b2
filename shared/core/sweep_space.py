"""The space of a sweep: what each hyperparameter may be, and how values are drawn (v1's parameter expressions).

An expression is a pair of its name and its arguments, as v1 wrote them: `["uniform", [0, 1]]`. Nothing here brings
randomness along: whoever draws hands in a generator.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from .errors import Fault
from .pointers import json_pointer
from .wording import listed, quoted

Value = str | bool | int | float
Expression = tuple[str, Sequence[Any]]
Space = Mapping[str, Expression]

MAX_NAME = 80
_SIGNATURES = {
    "choice": ("values",),
    "randint": ("upper",),
    "uniform": ("min", "max"),
    "quniform": ("min", "max", "q"),
    "loguniform": ("min", "max"),
    "qloguniform": ("min", "max", "q"),
    "normal": ("mu", "sigma"),
    "qnormal": ("mu", "sigma", "q"),
    "lognormal": ("mu", "sigma"),
    "qlognormal": ("mu", "sigma", "q"),
}


class Generator(Protocol):
    """The part of `random.Random` that drawing needs."""

    def random(self) -> float:
        """A number from 0 to 1, without 1."""
        ...

    def gauss(self, mu: float, sigma: float) -> float:
        """A number of a normal distribution."""
        ...


def space_faults(space: object, kind: str) -> list[Fault]:
    """Everything wrong with a search space, for a sampling of the given kind, with pointers into the space."""
    if not isinstance(space, dict) or not space:
        return [Fault(pointer="", message="The space must be an object with at least one hyperparameter.")]
    faults: list[Fault] = []
    for name, expression in space.items():
        sentence = _name_fault(name) or _expression_fault(expression) or _kind_fault(expression, kind)
        if sentence:
            faults.append(Fault(pointer=json_pointer(name), message=sentence))
    return faults


def _name_fault(name: str) -> str:
    if not name or len(name) > MAX_NAME or any(letter.isspace() or letter in "=\0" for letter in name):
        return f"{quoted(name)} is no name of a hyperparameter: use 1 to {MAX_NAME} characters without blanks and `=`."
    return ""


def _expression_fault(expression: object) -> str:
    if not isinstance(expression, list | tuple) or len(expression) != 2:  # noqa: PLR2004 - a pair
        return 'An expression is a pair of its name and its arguments, such as `["uniform", [0, 1]]`.'
    name, arguments = expression
    if not isinstance(name, str) or name not in _SIGNATURES:
        return (
            f"There is no expression {quoted(str(name))}; known are {listed([quoted(each) for each in _SIGNATURES])}."
        )
    wanted = _SIGNATURES[name]
    if not isinstance(arguments, list | tuple) or len(arguments) != len(wanted):
        return f"`{name}` takes {len(wanted)} arguments: {', '.join(wanted)}."
    return (
        _choice_fault(arguments[0])
        if name == "choice"
        else _numbers_fault(name, dict(zip(wanted, arguments, strict=True)))
    )


def _choice_fault(values: object) -> str:
    if not isinstance(values, list | tuple) or not values:
        return "`choice` takes a list of at least one value."
    if any(not isinstance(value, str | bool | int | float) for value in values):
        return "The values of a `choice` must be strings, numbers, true or false."
    return ""


def _numbers_fault(name: str, arguments: Mapping[str, Any]) -> str:
    for key, value in arguments.items():
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            return f"`{key}` of `{name}` must be a finite number."
    if "upper" in arguments and (arguments["upper"] < 1 or arguments["upper"] != int(arguments["upper"])):
        return "`upper` of `randint` must be a whole number, at least 1."
    if "min" in arguments and arguments["min"] > arguments["max"]:
        return f"`min` of `{name}` is more than its `max`."
    if name.endswith("loguniform") and arguments["max"] > 700:  # noqa: PLR2004 - exp() of more is no number
        return f"`max` of `{name}` is the logarithm of the largest value; {arguments['max']} is too large for that."
    if arguments.get("q", 1) <= 0:
        return f"`q` of `{name}` must be more than 0."
    return f"`sigma` of `{name}` must not be negative." if arguments.get("sigma", 0) < 0 else ""


def _kind_fault(expression: Expression, kind: str) -> str:
    if kind == "grid" and expression[0] != "choice":
        return f"Grid sampling goes through every combination of `choice`s; `{expression[0]}` has no end of values."
    if kind == "bayesian" and expression[0] not in {"choice", "uniform", "quniform"}:
        return f"Bayesian sampling knows `choice`, `uniform` and `quniform`, not `{expression[0]}`."
    return ""


def draw(space: Space, generator: Generator) -> dict[str, Value]:
    """One point of the space."""
    return {name: _DRAW[expression[0]](generator, *expression[1]) for name, expression in space.items()}


def grid(space: Space) -> Iterator[dict[str, Value]]:
    """Every combination of the space's choices, the last hyperparameter changing fastest."""
    for values in itertools.product(*(expression[1][0] for expression in space.values())):
        yield dict(zip(space, values, strict=True))


def quantized(value: float, q: float) -> float:
    """The nearest multiple of `q`, without the dust of binary fractions; a whole number where `q` is one."""
    steps = round(value / q)
    if isinstance(q, int) or q.is_integer():
        return steps * int(q)
    digits = max(0, 12 - math.floor(math.log10(abs(q))))
    return round(steps * q, min(digits, 300))


def _uniform(generator: Generator, low: float, high: float) -> float:
    return low + (high - low) * generator.random()


def _exp(value: float) -> float:
    return math.exp(min(value, 709.0))


_DRAW: dict[str, Callable[..., Value]] = {
    "choice": lambda generator, values: values[int(generator.random() * len(values))],
    "randint": lambda generator, upper: int(generator.random() * upper),
    "uniform": _uniform,
    "quniform": lambda generator, low, high, q: quantized(_uniform(generator, low, high), q),
    "loguniform": lambda generator, low, high: _exp(_uniform(generator, low, high)),
    "qloguniform": lambda generator, low, high, q: quantized(_exp(_uniform(generator, low, high)), q),
    "normal": lambda generator, mu, sigma: generator.gauss(mu, sigma),
    "qnormal": lambda generator, mu, sigma, q: quantized(generator.gauss(mu, sigma), q),
    "lognormal": lambda generator, mu, sigma: _exp(generator.gauss(mu, sigma)),
    "qlognormal": lambda generator, mu, sigma, q: quantized(_exp(generator.gauss(mu, sigma)), q),
}
