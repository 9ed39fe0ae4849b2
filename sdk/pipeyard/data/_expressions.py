"""Filter expressions: `(dataset["price"] > 5) & dataset["state"].is_in(["NY", "CA"])`.

Nothing is computed here: an expression becomes a document of the dataset's definition. v1's operators work; what v1 did
not have is named: `is_null`, `is_in`, `contains`, `starts_with`, `ends_with`.
"""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

from pipeyard.exceptions import UserErrorException

NAMES = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}


class DatasetExpression:
    """Something that is true or false of each row. Combine with `&`, `|` and `~`.

    Attributes:
        document: Its form in a dataset's definition.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def __and__(self, other: "DatasetExpression") -> "DatasetExpression":
        return self._group("and", other)

    def __or__(self, other: "DatasetExpression") -> "DatasetExpression":
        return self._group("or", other)

    def __invert__(self) -> "DatasetExpression":
        return DatasetExpression({"op": "not", "operand": self.document})

    def __bool__(self) -> bool:
        raise UserErrorException("An expression has no truth of its own. Combine expressions with &, | and ~.")

    def __repr__(self) -> str:
        return f"DatasetExpression({self.document!r})"

    def _group(self, op: str, other: object) -> "DatasetExpression":
        if not isinstance(other, DatasetExpression):
            raise UserErrorException(
                f"{other!r} is no expression. Put comparisons in parentheses: (ds['a'] > 1) & (ds['b'] == 'x')."
            )
        return DatasetExpression({"op": op, "operands": [self.document, other.document]})


class ColumnExpression:
    """A column, to be compared with a value.

    Attributes:
        name: Of the column.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __lt__(self, value: Any) -> DatasetExpression:
        return self._compare("lt", value)

    def __le__(self, value: Any) -> DatasetExpression:
        return self._compare("le", value)

    def __gt__(self, value: Any) -> DatasetExpression:
        return self._compare("gt", value)

    def __ge__(self, value: Any) -> DatasetExpression:
        return self._compare("ge", value)

    def __eq__(self, value: object) -> DatasetExpression:  # type: ignore[override]  # as pandas does
        return self._compare("eq", value)

    def __ne__(self, value: object) -> DatasetExpression:  # type: ignore[override]  # as pandas does
        return self._compare("ne", value)

    __hash__ = None  # type: ignore[assignment]  # two columns cannot be told apart by ==

    def is_null(self) -> DatasetExpression:
        """Rows in which the value is missing."""
        return DatasetExpression({"op": "is_null", "column": self.name})

    def is_in(self, values: Iterable[Any]) -> DatasetExpression:
        """Rows in which the value is one of several."""
        return DatasetExpression({"op": "in", "column": self.name, "values": [_scalar(value) for value in values]})

    def contains(self, text: str) -> DatasetExpression:
        """Rows in which a text contains another."""
        return DatasetExpression({"op": "contains", "column": self.name, "value": text})

    def starts_with(self, text: str) -> DatasetExpression:
        """Rows in which a text begins with another."""
        return DatasetExpression({"op": "starts_with", "column": self.name, "value": text})

    def ends_with(self, text: str) -> DatasetExpression:
        """Rows in which a text ends with another."""
        return DatasetExpression({"op": "ends_with", "column": self.name, "value": text})

    def _compare(self, op: str, value: Any) -> DatasetExpression:
        if value is None and op in {"eq", "ne"}:
            return self.is_null() if op == "eq" else ~self.is_null()
        if value is None:
            raise UserErrorException(f"{self.name!r} {NAMES[op]} None is never true. Use is_null().")
        return DatasetExpression({"op": op, "column": self.name, "value": moment(value) or _scalar(value)})

    def __repr__(self) -> str:
        return f"ColumnExpression({self.name!r})"


def moment(value: Any) -> dict[str, str] | None:
    """A date as a value of a comparison; None if it is no date."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time.min)
    return {"datetime": value.isoformat()} if isinstance(value, datetime) else None


def _scalar(value: Any) -> Any:
    # An array's element (numpy) is a scalar in disguise.
    plain = value.item() if hasattr(value, "item") and not isinstance(value, str | bytes) else value
    if isinstance(plain, str | bool | int | float):
        return plain
    raise UserErrorException(
        f"A column cannot be compared with a {type(value).__name__}: use text, numbers, booleans or dates."
    )
