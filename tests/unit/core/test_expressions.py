"""Filter expressions decide as SQL does: a missing value leaves a comparison open."""

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.core.expressions import Expression, Fact, Filter, columns_of, holds

EXPRESSION: TypeAdapter[Expression] = TypeAdapter(Expression)
FACTS: dict[str, Fact] = {"a": 5, "s": "hello", "n": None, "b": True}


def compare(op, column, value):
    return {"op": op, "column": column, "value": value}


@pytest.mark.parametrize(
    ("document", "truth"),
    [
        (compare("eq", "a", 5), True),
        (compare("ne", "a", 5), False),
        (compare("lt", "a", 6), True),
        (compare("le", "a", 5), True),
        (compare("gt", "a", 5), False),
        (compare("ge", "a", 5.0), True),
        (compare("gt", "s", "abc"), True),
        (compare("gt", "a", "abc"), None),
        (compare("eq", "n", 1), None),
        (compare("contains", "s", "ell"), True),
        (compare("starts_with", "s", "x"), False),
        (compare("ends_with", "s", "lo"), True),
        (compare("ends_with", "n", "lo"), None),
        ({"op": "in", "column": "a", "values": [1, 5]}, True),
        ({"op": "in", "column": "n", "values": [1]}, None),
        ({"op": "is_null", "column": "n"}, True),
        ({"op": "is_null", "column": "a"}, False),
        ({"op": "not", "operand": compare("eq", "a", 5)}, False),
        ({"op": "not", "operand": compare("eq", "n", 5)}, None),
        ({"op": "and", "operands": [compare("eq", "a", 5), compare("eq", "n", 5)]}, None),
        ({"op": "and", "operands": [compare("eq", "a", 6), compare("eq", "n", 5)]}, False),
        ({"op": "or", "operands": [compare("eq", "a", 5), compare("eq", "n", 5)]}, True),
        ({"op": "or", "operands": [compare("eq", "a", 6), compare("eq", "n", 5)]}, None),
    ],
)
def test_truth(document, truth):
    assert holds(EXPRESSION.validate_python(document), FACTS) is truth


def test_columns_are_found_wherever_they_are():
    inner = {"op": "and", "operands": [compare("eq", "a", 1), {"op": "is_null", "column": "b"}]}
    document = {"op": "or", "operands": [{"op": "not", "operand": inner}, {"op": "in", "column": "c", "values": []}]}
    assert columns_of(EXPRESSION.validate_python(document)) == {"a", "b", "c"}


@pytest.mark.parametrize(
    "document",
    [
        {"op": "sql", "column": "a", "value": "1; DROP TABLE x"},
        {"op": "eq", "column": "a"},
        {"op": "and", "operands": []},
        {"op": "not"},
        compare("eq", "a", {"sql": "1"}),
        compare("eq", "a", float("nan")),
    ],
)
def test_what_is_no_expression(document):
    with pytest.raises(ValidationError):
        Filter.model_validate({"expression": document})
