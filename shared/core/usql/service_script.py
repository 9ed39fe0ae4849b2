"""A script as Data Lake Analytics takes it: complete, with the step's values in it. The service compiles it itself."""

import re
from collections.abc import Iterator, Mapping

from ..wording import quoted
from .parsing import parse
from .problems import CompileFailed, Position, Problem
from .substitution import PLAIN, substitute, text_literal
from .syntax import Declare

_PARSED = frozenset({"DateTime", "Guid"})
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_USE = re.compile(r"@@([A-Za-z_]\w*)@@")


def service_script(text: str, values: Mapping[str, str]) -> str:
    """The script with its values; its lines keep their numbers.

    A value for `DECLARE EXTERNAL @name` becomes a DECLARE of that name before everything else, which wins.

    Raises:
        CompileFailed: A name has no value, a value has no use, or it cannot stand where its name stands.
    """
    problems: list[Problem] = []
    script, used = text, frozenset(_USE.findall(text))
    try:
        substituted = substitute(text, values)
        script, used = substituted.text, substituted.used
    except CompileFailed as failed:
        problems += failed.problems
    left = {name: value for name, value in values.items() if name not in used}
    given = list(_declarations(script, left, problems)) if left else []
    if problems:
        raise CompileFailed(problems)
    return "".join(given) + script


def _declarations(script: str, values: Mapping[str, str], problems: list[Problem]) -> Iterator[str]:
    # What else is wrong with the script is told by whoever compiles it.
    declared = {each.variable[1:]: each for each in parse(script, []) if isinstance(each, Declare) and each.external}
    for name, value in sorted(values.items()):
        node = declared.get(name)
        type_ = node.type.name if node is not None and node.type is not None else "string"
        literal = _literal(value, type_)
        if node is None:
            message = f"The script has neither `@@{name}@@` nor `DECLARE EXTERNAL @{name}`, but the step gives a value."
            problems.append(Problem(Position(1, 1), message))
        elif literal is None:
            message = f"The value that the step gives for {quoted('@' + name)} is no {quoted(type_)}."
            problems.append(Problem(node.position, message))
        else:
            yield f"DECLARE @{name} {type_} = {literal}; "


def _literal(value: str, type_: str) -> str | None:
    """A value as a literal of a type; None where it is none."""
    if type_ == "string":
        return text_literal(value)
    if type_ in _PARSED:
        return f"{type_}.Parse({text_literal(value)})"
    plain = value.lower() if value in {"True", "False"} else value
    fits = plain in {"true", "false"} if type_ == "bool" else _NUMBER.fullmatch(plain)
    return plain if fits and PLAIN.fullmatch(plain) else None
