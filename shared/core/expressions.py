"""What rows or files of a dataset must fulfil to be kept: a tree of comparisons, as documents.

The SDK compiles it to SQL for rows (`pipeyard.data`); for files it is decided here, from what is known about each.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from .document import Document, Scalar

type Fact = str | int | float | bool | datetime | None

MAX_VALUES = 10_000


class Moment(Document):
    """A date and time as a value, in ISO 8601; without an offset it is UTC."""

    datetime: str = Field(max_length=64)


class Comparison(Document):
    """A column compared with a value. A missing value is never equal, unequal, less or greater."""

    op: Literal["eq", "ne", "lt", "le", "gt", "ge"]
    column: str
    value: Scalar | Moment


class TextTest(Document):
    """A column of text that contains another text, or begins or ends with it."""

    op: Literal["contains", "starts_with", "ends_with"]
    column: str
    value: str


class Membership(Document):
    """A column that has one of several values."""

    op: Literal["in"] = "in"
    column: str
    values: tuple[Scalar, ...] = Field(max_length=MAX_VALUES)


class NullTest(Document):
    """A column that has no value."""

    op: Literal["is_null"] = "is_null"
    column: str


class Group(Document):
    """All of several expressions, or at least one of them."""

    op: Literal["and", "or"]
    operands: "tuple[Expression, ...]" = Field(min_length=1)


class Negation(Document):
    """The opposite of an expression."""

    op: Literal["not"] = "not"
    operand: "Expression"


Expression = Annotated[
    Comparison | TextTest | Membership | NullTest | Group | Negation,
    Field(discriminator="op"),
]

Group.model_rebuild()
Negation.model_rebuild()


class Filter(Document):
    """Arguments of the transformation `filter`."""

    expression: Expression


def columns_of(expression: Expression) -> frozenset[str]:
    """Every column that an expression looks at."""
    match expression:
        case Group():
            return frozenset[str]().union(*(columns_of(each) for each in expression.operands))
        case Negation():
            return columns_of(expression.operand)
        case _:
            return frozenset({expression.column})


def holds(expression: Expression, facts: Mapping[str, Fact]) -> bool | None:
    """Whether an expression is true of something; None where a missing value leaves it open, as in SQL."""
    match expression:
        case Group():
            return _group(expression, [holds(each, facts) for each in expression.operands])
        case Negation():
            inner = holds(expression.operand, facts)
            return None if inner is None else not inner
        case NullTest():
            return facts[expression.column] is None
        case Membership():
            value = facts[expression.column]
            return None if value is None else value in expression.values
        case TextTest():
            return _text(expression, facts[expression.column])
        case _:
            return _compare(expression, facts[expression.column])


def _group(group: Group, truths: list[bool | None]) -> bool | None:
    decisive = group.op == "or"
    if decisive in truths:
        return decisive
    return None if None in truths else not decisive


def _text(test: TextTest, fact: Fact) -> bool | None:
    if fact is None:
        return None
    text = str(fact)
    if test.op == "contains":
        return test.value in text
    return text.startswith(test.value) if test.op == "starts_with" else text.endswith(test.value)


def _compare(comparison: Comparison, fact: Fact) -> bool | None:
    value: Fact = comparison.value if not isinstance(comparison.value, Moment) else comparison.value.datetime
    if fact is None:
        return None
    if comparison.op in {"eq", "ne"}:
        return (fact == value) == (comparison.op == "eq")
    if isinstance(fact, str) and isinstance(value, str):
        return _ordered(comparison.op, (fact > value) - (fact < value))
    if isinstance(fact, int | float) and isinstance(value, int | float):
        return _ordered(comparison.op, (fact > value) - (fact < value))
    return None


def _ordered(op: str, sign: int) -> bool:
    return {"lt": sign < 0, "le": sign <= 0, "gt": sign > 0, "ge": sign >= 0}[op]
