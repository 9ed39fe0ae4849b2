"""Between values and texts: how C# writes them, and how it reads them."""

import re

from ..wording import quoted
from . import syntax
from .scopes import FAILED, Scope, Sql
from .types import STRING, Type

_TEMPLATES = {
    "string": "{0}",
    "char": "{0}",
    "bool": "usql_bool_text({0})",
    "float": "usql_real_text({0})",
    "double": "usql_real_text({0})",
    "decimal": "usql_decimal_text({0})",
    "Guid": "CAST({0} AS VARCHAR)",
    "null": "CAST({0} AS VARCHAR)",
}
_TRIES = {"bool": "usql_try_bool", "Guid": "usql_try_guid", "DateTime": "usql_try_time"}
_PIECES = re.compile(r"'([^']*)'|\"([^\"]*)\"|\\(.)|(y+|M+|d+|H+|h+|m+|s+|f+|F+|t+|z+|K)|(.)", re.DOTALL)
_CODES = {
    "yyyy": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%-m",
    "dddd": "%A",
    "ddd": "%a",
    "dd": "%d",
    "d": "%-d",
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "h": "%-I",
    "mm": "%M",
    "m": "%-M",
    "ss": "%S",
    "s": "%-S",
    "fff": "%g",
    "ffffff": "%f",
    "fffffff": "%f0",
    "tt": "%p",
    "K": "",
}
_STANDARD = {
    "O": "%Y-%m-%dT%H:%M:%S.%f0",
    "o": "%Y-%m-%dT%H:%M:%S.%f0",
    "s": "%Y-%m-%dT%H:%M:%S",
    "d": "%m/%d/%Y",
    "u": "%Y-%m-%d %H:%M:%SZ",
}
ROUND_TRIP = _STANDARD["O"]


def time_format(text: str) -> str | None:
    """A format of .NET as one of strftime; None where it has no counterpart."""
    if len(text) == 1:
        return _STANDARD.get(text)
    parts: list[str] = []
    for match in _PIECES.finditer(text):
        single, double, escaped, code, other = match.groups()
        if code is not None:
            if code not in _CODES:
                return None
            parts.append(_CODES[code])
        else:
            parts.append((single or double or escaped or other or "").replace("%", "%%"))
    return "".join(parts)


def to_text(value: Sql, node: syntax.Node, scope: Scope) -> Sql:
    """What `ToString()` gives, without regard to the computer's language; null stays null."""
    if value.failed:
        return FAILED
    name = value.type.name
    if value.type.integral:
        return Sql(f"CAST({value.text} AS VARCHAR)", STRING)
    if name in _TEMPLATES:
        return Sql(_TEMPLATES[name].format(value.text), STRING)
    message = f'How a {name} looks as a text depends on the computer: write `.ToString("yyyy-MM-dd")` or the like.'
    if name == "TimeSpan":
        message = "A TimeSpan has no text here: use `.TotalSeconds` or the like."
    return scope.report(node.position, message)


def parse(text: str, type_: Type) -> str:
    """SQL that gives the value of a text, or null if it is none of that type."""
    name = type_.name
    if name == "string":
        return text
    if name == "char":
        return f"CASE WHEN length({text}) = 1 THEN {text} END"
    if name in _TRIES:
        return f"{_TRIES[name]}({text})"
    test = "whole" if type_.integral else "decimal" if name == "decimal" else "real"
    return f"CASE WHEN usql_is_{test}({text}) THEN TRY_CAST(usql_trim({text}) AS {type_.sql}) END"


def parsed(value: Sql, type_: Type, node: syntax.Node, scope: Scope) -> Sql:
    """`int.Parse` and its like: what cannot be read ends the script."""
    if value.failed:
        return FAILED
    if value.type.name != "string":
        return scope.report(node.position, f"A string is needed here, not {quoted(str(value.type))}.")
    return Sql(f"usql_parsed({parse(value.text, type_)}, {value.text}, '{type_.name}')", type_.never_null())
