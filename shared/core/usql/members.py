"""Members of values: of strings, DateTimes, nullable values and time spans."""

from dataclasses import dataclass

from ..wording import Suggester, listed, quoted
from . import syntax
from .literals import Unknown, value_of
from .scopes import FAILED, Scope, Sql
from .texts import time_format, to_text
from .types import BOOL, DATE_TIME, DOUBLE, INT, STRING, TIME_SPAN, Type, fits


@dataclass(frozen=True, slots=True)
class Method:
    """A method.

    Attributes:
        takes: Types of its arguments.
        gives: Type of its result.
        sql: Template: `{0}` is the value, `{1}` the first argument.
    """

    takes: tuple[Type, ...]
    gives: Type
    sql: str


_CHAR = Type("char")
_PROPERTIES: dict[str, dict[str, tuple[Type, str]]] = {
    "string": {"Length": (INT, "CAST(length({0}) AS INTEGER)")},
    "DateTime": {
        **{
            name: (INT, f"CAST({name.lower()}({{0}}) AS INTEGER)")
            for name in ("Year", "Month", "Day", "Hour", "Minute", "Second", "DayOfYear")
        },
        "Millisecond": (INT, "CAST(millisecond({0}) % 1000 AS INTEGER)"),
        "Date": (DATE_TIME, "date_trunc('day', {0})"),
    },
    "TimeSpan": {
        "Days": (INT, "CAST({0} // 86400000000 AS INTEGER)"),
        "TotalDays": (DOUBLE, "({0} / 86400000000.0::DOUBLE)"),
        "TotalHours": (DOUBLE, "({0} / 3600000000.0::DOUBLE)"),
        "TotalMinutes": (DOUBLE, "({0} / 60000000.0::DOUBLE)"),
        "TotalSeconds": (DOUBLE, "({0} / 1000000.0::DOUBLE)"),
        "TotalMilliseconds": (DOUBLE, "({0} / 1000.0::DOUBLE)"),
    },
}


def _shift(microseconds: int) -> Method:
    return Method(
        (DOUBLE,), DATE_TIME, f"({{0}} + to_microseconds(CAST(round({{1}} * {microseconds}::DOUBLE) AS BIGINT)))"
    )


_METHODS: dict[tuple[str, str], tuple[Method, ...]] = {
    ("string", "ToUpper"): (Method((), STRING, "upper({0})"),),
    ("string", "ToUpperInvariant"): (Method((), STRING, "upper({0})"),),
    ("string", "ToLower"): (Method((), STRING, "lower({0})"),),
    ("string", "ToLowerInvariant"): (Method((), STRING, "lower({0})"),),
    ("string", "Trim"): (Method((), STRING, "usql_trim({0})"),),
    ("string", "TrimStart"): (Method((), STRING, "usql_trim_start({0})"),),
    ("string", "TrimEnd"): (Method((), STRING, "usql_trim_end({0})"),),
    ("string", "Substring"): (
        Method((INT,), STRING, "usql_substring({0}, {1}, greatest(length({0}) - {1}, 0))"),
        Method((INT, INT), STRING, "usql_substring({0}, {1}, {2})"),
    ),
    ("string", "Contains"): (Method((STRING,), BOOL, "contains({0}, usql_object({1}))"),),
    ("string", "StartsWith"): (Method((STRING,), BOOL, "starts_with({0}, usql_object({1}))"),),
    ("string", "EndsWith"): (Method((STRING,), BOOL, "ends_with({0}, usql_object({1}))"),),
    ("string", "IndexOf"): (
        Method((STRING,), INT, "usql_index({0}, usql_object({1}))"),
        Method((_CHAR,), INT, "usql_index({0}, {1})"),
    ),
    ("string", "Replace"): (
        Method((STRING, STRING), STRING, "replace({0}, usql_object({1}), coalesce({2}, ''))"),
        Method((_CHAR, _CHAR), STRING, "replace({0}, {1}, {2})"),
    ),
    ("string", "PadLeft"): (
        Method((INT,), STRING, "usql_pad_left({0}, {1}, ' ')"),
        Method((INT, _CHAR), STRING, "usql_pad_left({0}, {1}, {2})"),
    ),
    ("string", "PadRight"): (
        Method((INT,), STRING, "usql_pad_right({0}, {1}, ' ')"),
        Method((INT, _CHAR), STRING, "usql_pad_right({0}, {1}, {2})"),
    ),
    ("string", "Equals"): (Method((STRING,), BOOL, "({0} IS NOT DISTINCT FROM {1})"),),
    ("string", "CompareTo"): (Method((STRING,), INT, "usql_compare({0}, {1})"),),
    ("DateTime", "AddDays"): (_shift(86_400_000_000),),
    ("DateTime", "AddHours"): (_shift(3_600_000_000),),
    ("DateTime", "AddMinutes"): (_shift(60_000_000),),
    ("DateTime", "AddSeconds"): (_shift(1_000_000),),
    ("DateTime", "AddMilliseconds"): (_shift(1_000),),
    ("DateTime", "AddMonths"): (Method((INT,), DATE_TIME, "({0} + to_months({1}))"),),
    ("DateTime", "AddYears"): (Method((INT,), DATE_TIME, "({0} + to_years({1}))"),),
    ("DateTime", "Subtract"): (Method((DATE_TIME,), TIME_SPAN, "(epoch_us({0}) - epoch_us({1}))"),),
}
_REFUSED = {
    "Split": "Columns of arrays are not covered: use IndexOf and Substring, or split in a Python step.",
    "DayOfWeek": 'Write `.ToString("dddd")`.',
    "ToShortDateString": 'How it looks depends on the computer: write `.ToString("yyyy-MM-dd")`.',
    "ToCharArray": "Columns of arrays are not covered.",
}


def value(owner: Sql, node: syntax.Member, scope: Scope) -> Sql:
    """A property such as `Length` or `Value`."""
    if owner.failed:
        return FAILED
    type_ = owner.type
    if type_.nullable and type_.name not in {"string", "null"}:
        if node.name == "HasValue":
            return Sql(f"({owner.text} IS NOT NULL)", BOOL)
        if node.name == "Value":
            return Sql(f"usql_value({owner.text})", type_.never_null())
    elif node.name in _PROPERTIES.get(type_.name, ()):
        gives, template = _PROPERTIES[type_.name][node.name]
        return Sql(template.format(_present(owner)), gives)
    return _unknown(owner, node, scope)


def _present(owner: Sql) -> str:
    return f"usql_object({owner.text})" if owner.type.name == "string" else owner.text


def method(owner: Sql, node: syntax.Call, arguments: tuple[Sql, ...], scope: Scope) -> Sql:
    """A method such as `Substring(0, 3)`."""
    member = node.function
    if not isinstance(member, syntax.Member):
        return FAILED
    if member.name == "ToString" and (not owner.type.nullable or owner.type.name == "string"):
        return _to_string(owner, node, scope)
    if member.name == "GetValueOrDefault" and owner.type.nullable and owner.type.numeric and len(arguments) <= 1:
        return _or_default(owner, node, arguments, scope)
    found = _METHODS.get((owner.type.name, member.name))
    if found is None or (owner.type.nullable and owner.type.name != "string"):
        return _unknown(owner, member, scope)
    for each in found:
        if len(each.takes) == len(arguments) and all(map(_accepts, arguments, each.takes)):
            texts = [f"CAST({given.text} AS {type_.sql})" for given, type_ in zip(arguments, each.takes, strict=True)]
            return Sql(each.sql.format(_present(owner), *texts), each.gives)
    wanted = listed([f"({', '.join(map(str, each.takes))})" for each in found], last="or")
    given = ", ".join(str(argument.type) for argument in arguments)
    return scope.report(node.position, f"{quoted(member.name)} takes {wanted}, not ({given}).")


def _accepts(given: Sql, wanted: Type) -> bool:
    return fits(given.type, wanted)


def _or_default(owner: Sql, node: syntax.Call, arguments: tuple[Sql, ...], scope: Scope) -> Sql:
    type_ = owner.type.never_null()
    other = arguments[0] if arguments else Sql(f"CAST(0 AS {type_.sql})", type_)
    if not fits(other.type, type_):
        return scope.report(node.position, f"The default must be of type {quoted(str(type_))}.")
    return Sql(f"coalesce({owner.text}, CAST({other.text} AS {type_.sql}))", type_)


def _to_string(owner: Sql, node: syntax.Call, scope: Scope) -> Sql:
    if not node.arguments:
        return to_text(owner, node, scope)
    try:
        text = value_of(node.arguments[0], scope.script)
    except Unknown:
        text = None
    if owner.type.name != "DateTime" or len(node.arguments) != 1 or not isinstance(text, str):
        message = "Only a DateTime takes a format here, and it must be a constant text."
        return scope.report(node.position, message)
    translated = time_format(text)
    if translated is None:
        return scope.report(node.position, f"The format {quoted(text)} is not covered.")
    return Sql(f"strftime({owner.text}, {scope.script.text(translated)})", STRING)


def _unknown(owner: Sql, node: syntax.Member, scope: Scope) -> Sql:
    if node.name in _REFUSED:
        return scope.report(node.position, f"{quoted(node.name)} is not covered. {_REFUSED[node.name]}")
    known = [*_PROPERTIES.get(owner.type.name, ()), *(name for type_, name in _METHODS if type_ == owner.type.name)]
    hint = Suggester().suggest(node.name, known, list_all=False)
    if owner.type.nullable and owner.type.name != "string":
        hint = "It may be null: use `.Value`, `.HasValue` or `??` first."
    message = f"{quoted(str(owner.type))} has no member {quoted(node.name)} that is covered." + (
        f" {hint}" if hint else ""
    )
    return scope.report(node.position, message)
