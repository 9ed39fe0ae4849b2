"""Functions and constants of .NET's classes: Math, Convert, string, DateTime and the number types."""

from ..wording import Suggester, listed, quoted
from . import syntax
from .members import Method
from .scopes import Scope, Sql
from .texts import parsed, to_text
from .types import BOOL, DATE_TIME, DOUBLE, INT, INTEGERS, LONG, NUMBERS, STRING, Type, fits

TYPES = frozenset({*NUMBERS, "bool", "char", "string", "DateTime", "Guid"})
_DECIMAL = Type("decimal")
_BITS = {"sbyte": 7, "byte": 8, "short": 15, "ushort": 16, "int": 31, "uint": 32, "long": 63, "ulong": 64}
_NOW = "The result would not be the same in the next run: give the time as a parameter of the step."
_REFUSED = {
    "DateTime.Now": _NOW,
    "DateTime.UtcNow": _NOW,
    "DateTime.Today": _NOW,
    "Guid.NewGuid": "The result would not be the same in the next run: make one of the row's own columns.",
    "String.Format": "Join the parts with `+`.",
    "string.Format": "Join the parts with `+`.",
    "String.Join": "Join the parts with `+`.",
    "string.Join": "Join the parts with `+`.",
}
_REFUSED_CLASSES = {
    "Regex": "Use Contains, StartsWith, EndsWith or LIKE.",
    "SQL": "Columns of arrays and maps are not covered.",
    "Guid": "",
    "Environment": "The result would not be the same on another computer.",
    "System": "Leave `System.` out.",
    "File": "Read files with EXTRACT.",
    "Random": "The result would not be the same in the next run.",
}


def _for(template: str, *types: Type) -> tuple[Method, ...]:
    """One overload for each type, of as many arguments as the template has."""
    count = 1 + ("{1}" in template)
    return tuple(Method((type_,) * count, type_, template) for type_ in types)


_NUMERIC = (INT, LONG, _DECIMAL, DOUBLE)
_REAL = (_DECIMAL, DOUBLE)
_ROUND_TO = tuple(Method((type_, INT), type_, "round_even({0}, {1})") for type_ in _REAL)
_FUNCTIONS: dict[str, tuple[Method, ...]] = {
    "Math.Abs": _for("abs({0})", *_NUMERIC),
    "Math.Ceiling": _for("ceil({0})", *_REAL),
    "Math.Floor": _for("floor({0})", *_REAL),
    "Math.Truncate": _for("trunc({0})", *_REAL),
    "Math.Round": (*_for("round_even({0}, 0)", *_REAL), *_ROUND_TO),
    "Math.Sqrt": (Method((DOUBLE,), DOUBLE, "CASE WHEN {0} < 0 THEN 'nan'::DOUBLE ELSE sqrt({0}) END"),),
    "Math.Pow": _for("pow({0}, {1})", DOUBLE),
    "Math.Exp": _for("exp({0})", DOUBLE),
    "Math.Log": (
        Method(
            (DOUBLE,),
            DOUBLE,
            "CASE WHEN {0} = 0 THEN '-inf'::DOUBLE WHEN {0} < 0 THEN 'nan'::DOUBLE ELSE ln({0}) END",
        ),
    ),
    "Math.Log10": (
        Method(
            (DOUBLE,),
            DOUBLE,
            "CASE WHEN {0} = 0 THEN '-inf'::DOUBLE WHEN {0} < 0 THEN 'nan'::DOUBLE ELSE log10({0}) END",
        ),
    ),
    "Math.Min": _for("least({0}, {1})", *_NUMERIC),
    "Math.Max": _for("greatest({0}, {1})", *_NUMERIC),
    "Math.Sign": tuple(Method((type_,), INT, "CAST(sign({0}) AS INTEGER)") for type_ in _NUMERIC),
    "string.IsNullOrEmpty": (Method((STRING,), BOOL, "(coalesce({0}, '') = '')"),),
    "string.IsNullOrWhiteSpace": (Method((STRING,), BOOL, "(usql_trim(coalesce({0}, '')) = '')"),),
    "string.Compare": (Method((STRING, STRING), INT, "usql_compare({0}, {1})"),),
    "string.Equals": (Method((STRING, STRING), BOOL, "({0} IS NOT DISTINCT FROM {1})"),),
    "string.Concat": tuple(
        Method((STRING,) * count, STRING, "(" + " || ".join(f"coalesce({{{n}}}, '')" for n in range(count)) + ")")
        for count in (2, 3, 4)
    ),
    "new DateTime": (
        Method((INT, INT, INT), DATE_TIME, "CAST(make_date({0}, {1}, {2}) AS TIMESTAMP)"),
        Method((INT,) * 6, DATE_TIME, "make_timestamp({0}, {1}, {2}, {3}, {4}, CAST({5} AS DOUBLE))"),
    ),
    "Convert.ToBoolean": _for("{0}", BOOL),
}
_CONVERT = {"Int16": "short", "Int32": "int", "Int64": "long", "Double": "double", "Single": "float"}
_CONVERT |= {"Decimal": "decimal", "Boolean": "bool", "DateTime": "DateTime", "Byte": "byte"}


def is_refused(class_: str) -> bool:
    """Whether a class is known, though nothing of it is covered."""
    return class_ in _REFUSED_CLASSES


def constant(class_: str, node: syntax.Member, scope: Scope) -> Sql:
    """`int.MaxValue`, `string.Empty`, `Math.PI`."""
    key = f"{_short(class_)}.{node.name}"
    if class_ in INTEGERS and node.name in {"MaxValue", "MinValue"}:
        unsigned = class_ in {"byte", "ushort", "uint", "ulong"}
        number = 2 ** _BITS[class_] - 1 if node.name == "MaxValue" else 0 if unsigned else -(2 ** _BITS[class_])
        type_ = Type(class_)
        return Sql(f"CAST({number} AS {type_.sql})", type_)
    fixed = {
        "string.Empty": Sql("CAST('' AS VARCHAR)", STRING),
        "Math.PI": Sql("pi()", DOUBLE),
        "Math.E": Sql("exp(1::DOUBLE)", DOUBLE),
        "double.NaN": Sql("'nan'::DOUBLE", DOUBLE),
    }
    return fixed[key] if key in fixed else _unknown(class_, node, scope)


def call(class_: str, node: syntax.Member | syntax.Name, arguments: tuple[Sql, ...], scope: Scope) -> Sql:
    """A function of a class; `class_` is empty for `new DateTime(...)` and for names that are no class's."""
    key = f"{_short(class_)}.{node.name}" if class_ else node.name
    if len(arguments) == 1:
        if node.name == "Parse" and class_ in TYPES - {"string"}:
            return parsed(arguments[0], Type(class_), node, scope)
        if class_ == "Convert" and node.name.startswith("To"):
            converted = _convert(node, arguments[0], scope)
            if converted is not None:
                return converted
    if key not in _FUNCTIONS:
        return _unknown(class_, node, scope)
    for each in _FUNCTIONS[key]:
        if len(each.takes) == len(arguments) and all(
            fits(given.type, type_) for given, type_ in zip(arguments, each.takes, strict=True)
        ):
            texts = [f"CAST({given.text} AS {type_.sql})" for given, type_ in zip(arguments, each.takes, strict=True)]
            return Sql(f"CAST({each.sql.format(*texts)} AS {each.gives.sql})", each.gives)
    wanted = listed([f"({', '.join(map(str, each.takes))})" for each in _FUNCTIONS[key]], last="or")
    given_types = ", ".join(str(argument.type) for argument in arguments)
    return scope.report(node.position, f"{quoted(key)} takes {wanted}, not ({given_types}).")


def _short(class_: str) -> str:
    return "string" if class_ == "String" else class_


def _convert(node: syntax.Member | syntax.Name, value: Sql, scope: Scope) -> Sql | None:
    if node.name == "ToString":
        return to_text(value, node, scope)
    target = _CONVERT.get(node.name.removeprefix("To"))
    if target is None or value.type.name == "null" or (value.type.nullable and value.type.name != "string"):
        return None
    type_ = Type(target)
    if value.type.name == "string":
        null = {"bool": "false", "DateTime": "TIMESTAMP '0001-01-01'"}.get(target, "0")
        inner = parsed(value, type_, node, scope)
        return Sql(f"CASE WHEN {value.text} IS NULL THEN CAST({null} AS {type_.sql}) ELSE {inner.text} END", type_)
    if value.type.name == target:
        return value
    if value.type.numeric and type_.numeric:
        rounded = f"round_even({value.text}, 0)" if type_.integral and not value.type.integral else value.text
        return Sql(f"CAST({rounded} AS {type_.sql})", type_)
    if value.type.numeric and target == "bool":
        return Sql(f"({value.text} <> 0)", type_)
    if value.type.name == "bool" and type_.numeric:
        return Sql(f"CAST({value.text} AS {type_.sql})", type_)
    return None


def _unknown(class_: str, node: syntax.Member | syntax.Name, scope: Scope) -> Sql:
    key = f"{class_}.{node.name}" if class_ else node.name
    reason = _REFUSED.get(key) or _REFUSED_CLASSES.get(class_)
    if reason:
        return scope.report(node.position, f"{quoted(key)} is not covered. {reason}")
    hint = Suggester().suggest(f"{_short(class_)}.{node.name}", list(_FUNCTIONS), list_all=False)
    return scope.report(node.position, f"{quoted(key)} is not covered." + (f" {hint}" if hint else ""))
