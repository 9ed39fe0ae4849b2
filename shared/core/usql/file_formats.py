"""Extractors and Outputters with their arguments."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..wording import quoted
from . import syntax
from .literals import Unknown, value_of
from .plan import TextFormat
from .scopes import Script, Value
from .texts import ROUND_TRIP, time_format

_DELIMITERS = {"Csv": ",", "Tsv": "\t", "Text": ","}
_ENCODINGS = {
    "UTF8": "utf-8",
    "ASCII": "ascii",
    "Unicode": "utf-16-le",
    "BigEndianUnicode": "utf-16-be",
    "UTF32": "utf-32-le",
}
_COMMON = frozenset({"delimiter", "encoding", "nullEscape", "quoting", "rowDelimiter"})
_OWN = {
    "Extractors": frozenset({"silent", "skipFirstNRows"}),
    "Outputters": frozenset({"outputHeader", "dateTimeFormat"}),
}
_NOT_COVERED = frozenset({"escapeCharacter", "charFormat"})
_MOST_SKIPPED = 1_000_000_000


class _Wrong(Exception):
    """An argument has a value that it cannot have; the text says what is wanted."""


def file_format(node: syntax.Expression, family: str, script: Script) -> TextFormat | None:
    """The format of `Extractors.Csv(...)` and its like; None where something is wrong, which has been told."""
    function = node.function if isinstance(node, syntax.Call) else None
    ok = isinstance(function, syntax.Member) and function.owner == syntax.Name(family)
    if not isinstance(node, syntax.Call) or not isinstance(function, syntax.Member) or not ok:
        message = f"Only {family}.Csv(...), {family}.Tsv(...) and {family}.Text(...) are covered, no code of your own."
        script.report(node.position, message)
        return None
    if function.name not in _DELIMITERS:
        hint = script.suggester.suggest(function.name, list(_DELIMITERS))
        message = f"{quoted(f'{family}.{function.name}')} is not covered." + (f" {hint}" if hint else "")
        script.report(function.position, message)
        return None
    form = TextFormat(delimiter=_DELIMITERS[function.name], time_format=ROUND_TRIP)
    before, seen = len(script.problems), set[str]()
    for position, argument in enumerate(node.arguments):
        name = argument.name if isinstance(argument, syntax.Named) else "delimiter" if position == 0 else ""
        if name in seen:
            script.report(argument.position, f"The argument {quoted(name)} is there twice.")
        seen.add(name)
        form = _with_argument(form, name, argument, function, script)
    return form if len(script.problems) == before else None


def _with_argument(
    form: TextFormat, name: str, argument: syntax.Argument, function: syntax.Member, script: Script
) -> TextFormat:
    family = function.owner.name if isinstance(function.owner, syntax.Name) else ""
    allowed = (_COMMON | _OWN[family]) - ({"delimiter"} if function.name != "Text" else set())
    what = f"{family}.{function.name}"
    if name not in allowed:
        reason = "is not covered" if name in _NOT_COVERED else "does not exist"
        hint = script.suggester.suggest(name, sorted(allowed)) if name not in _NOT_COVERED else None
        message = f"The argument {quoted(name)} of {what} {reason}." + (f" {hint}" if hint else "")
        if not name:
            message = f"Write the arguments of {what} with their names, such as `quoting: false`."
        script.report(argument.position, message)
        return form
    node = argument.value if isinstance(argument, syntax.Named) else argument
    try:
        if name == "encoding":
            return replace(form, encoding=_encoding(node))
        field, check = _FIELDS[name]
        return replace(form, **{field: check(value_of(node, script))})
    except Unknown:
        script.report(node.position, f"The argument {quoted(name)} must be a constant.")
    except _Wrong as error:
        script.report(node.position, f"The argument {quoted(name)} must be {error}.")
    return form


def _encoding(node: syntax.Expression) -> str:
    if isinstance(node, syntax.Member) and node.owner == syntax.Name("Encoding") and node.name in _ENCODINGS:
        return _ENCODINGS[node.name]
    raise _Wrong("Encoding.UTF8, Encoding.[ASCII], Encoding.Unicode, Encoding.BigEndianUnicode or Encoding.UTF32")


def _flag(value: Value) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("true or false")
    return value


def _number(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_SKIPPED:
        raise _Wrong("a number that is not negative")
    return value


def _character(value: Value) -> str:
    if not isinstance(value, str) or len(value) != 1 or value in '"\r\n\0':
        raise _Wrong("one character, and no quote or line break")
    return value


def _text(value: Value) -> str | None:
    if value is not None and (not isinstance(value, str) or re.search(r'[\r\n"]', value)):
        raise _Wrong("a text without quotes and line breaks")
    return value


def _line_end(value: Value) -> str:
    if value not in {"\n", "\r\n"}:
        raise _Wrong(r'"\n" or "\r\n"')
    return str(value)


def _time(value: Value) -> str:
    translated = time_format(value) if isinstance(value, str) else None
    if translated is None:
        raise _Wrong('a format of parts of dates, such as "yyyy-MM-dd"')
    return translated


_FIELDS: dict[str, tuple[str, Callable[[Value], Any]]] = {
    "delimiter": ("delimiter", _character),
    "nullEscape": ("null_text", _text),
    "quoting": ("quoting", _flag),
    "rowDelimiter": ("row_delimiter", _line_end),
    "silent": ("silent", _flag),
    "skipFirstNRows": ("skip_rows", _number),
    "outputHeader": ("header", _flag),
    "dateTimeFormat": ("time_format", _time),
}
