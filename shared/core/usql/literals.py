"""Literals as SQL, and the values of expressions that are known before anything runs (paths, extractor arguments)."""

from . import syntax
from .scopes import Script, Sql, Value
from .types import NULL, Type

_LIMITS = {"int": 2**31 - 1, "uint": 2**32 - 1, "long": 2**63 - 1, "ulong": 2**64 - 1}


def literal(node: syntax.Literal, script: Script) -> Sql:
    """A literal with the type that C# gives it."""
    if node.value is None:
        return Sql("NULL", NULL)
    type_ = Type(node.type, nullable=node.type == "string")
    if isinstance(node.value, bool):
        return Sql("true" if node.value else "false", type_)
    if node.type in {"string", "char"}:
        if node.type == "char" and len(node.value) != 1:
            return script.report(node.position, "A character literal holds exactly one character.")
        if "\0" in node.value:
            return script.report(node.position, "Texts with the character of number 0 are not covered.")
        return Sql(f"CAST({script.text(node.value)} AS VARCHAR)", type_)
    if node.type in _LIMITS and int(node.value) > _LIMITS[node.type]:
        return script.report(node.position, f"The number is too large for {node.type}.")
    number = str(int(node.value)) if node.type in _LIMITS else f"'{node.value}'"
    return Sql(f"CAST({number} AS {type_.sql})", type_)


class Unknown(Exception):
    """The value is known only when the script runs."""


def value_of(node: syntax.Argument, script: Script) -> Value:  # noqa: C901 - one case for each node
    """What a constant expression is.

    Raises:
        Unknown: It is none, or one that is too intricate.
    """
    match node:
        case syntax.Literal(type=type_, value=value):
            if isinstance(value, str) and type_ in _LIMITS:
                return int(value)
            if isinstance(value, str) and type_ not in {"string", "char"}:
                return float(value)
            return value
        case syntax.Variable(name=name) if name in script.variables and script.variables[name].known:
            return script.variables[name].value
        case syntax.Unary(operator="-", operand=operand):
            number = value_of(operand, script)
            if isinstance(number, int | float) and not isinstance(number, bool):
                return -number
        case syntax.Binary(operator="+", left=left, right=right):
            first, second = value_of(left, script), value_of(right, script)
            if isinstance(first, str) or isinstance(second, str):
                return _text(first) + _text(second)
        case syntax.Member(owner=syntax.Name(name="string" | "String"), name="Empty"):
            return ""
        case syntax.Cast(operand=operand):
            return value_of(operand, script)
        case _:
            pass
    raise Unknown


def _text(value: Value) -> str:
    if isinstance(value, float):
        raise Unknown
    return "" if value is None else str(value)
