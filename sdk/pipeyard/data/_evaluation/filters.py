"""Filter expressions as SQL. Values are bound, never written into the text."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from pipeyard._core.expressions import (
    Comparison,
    Expression,
    Group,
    Membership,
    Moment,
    Negation,
    NullTest,
    TextTest,
    columns_of,
)
from pipeyard.data._evaluation.sql import Parameters, identifier
from pipeyard.exceptions import UserErrorException

OPERATORS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
TEXT_FUNCTIONS = {"contains": "contains", "starts_with": "starts_with", "ends_with": "suffix"}


def condition(expression: Expression, columns: Collection[str], parameters: Parameters) -> str:
    """The condition of a WHERE clause.

    Raises:
        UserErrorException: A column does not exist.
    """
    missing = columns_of(expression).difference(columns)
    if missing:
        raise UserErrorException(
            f"The filter names {', '.join(sorted(missing))}, but the dataset's columns are {', '.join(columns)}."
        )
    return _sql(expression, parameters)


def _sql(expression: Expression, parameters: Parameters) -> str:
    match expression:
        case Group():
            joined = f" {expression.op.upper()} ".join(_sql(each, parameters) for each in expression.operands)
            return f"({joined})"
        case Negation():
            return f"(NOT {_sql(expression.operand, parameters)})"
        case NullTest():
            return f"({identifier(expression.column)} IS NULL)"
        case Membership():
            if not expression.values:
                return "(FALSE)"
            listed = ", ".join(parameters.bind(value) for value in expression.values)
            return f"({identifier(expression.column)} IN ({listed}))"
        case TextTest():
            function = TEXT_FUNCTIONS[expression.op]
            return f"{function}({identifier(expression.column)}, {parameters.bind(expression.value)})"
        case Comparison():
            value = parameters.bind(_plain(expression.value))
            return f"({identifier(expression.column)} {OPERATORS[expression.op]} {value})"


def _plain(value: Any) -> Any:
    if not isinstance(value, Moment):
        return value
    try:
        moment = datetime.fromisoformat(value.datetime)
    except ValueError:
        raise UserErrorException(f"{value.datetime!r} is no date and time in ISO 8601.") from None
    # Columns hold UTC without saying so.
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
