"""`@@name@@` in scripts: values of the step's inputs, outputs and parameters, put in without a chance to break out.

Inside a string literal a value becomes content of the string, whatever characters it has. Outside of one only a plain
number, `true` or `false` can stand. All names are replaced in one pass: values are never looked through again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..wording import Suggester, quoted
from .problems import CompileFailed, Position, Problem

_PIECES = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))|(?P<verbatim>@"(?:[^"]|"")*")|(?P<string>"(?:[^"\\\n]|\\.)*")"""
    r"""|(?P<char>'(?:[^'\\\n]|\\.)*')|@@(?P<name>[A-Za-z_]\w*)@@""",
    re.DOTALL,
)
_NAME = re.compile(r"@@([A-Za-z_]\w*)@@")
PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?|true|false")
"""What may stand outside of strings."""
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
_BREAKS = ("\n", "\r", "\u2028", "\u2029", "\x85")


@dataclass(frozen=True, slots=True)
class _Shift:
    """From this column of a line on, the text lies `by` columns further to the right than in the script."""

    line: int
    column: int
    by: int


@dataclass(frozen=True, slots=True)
class Substituted:
    """A script with its values.

    Attributes:
        used: Names that were replaced.
    """

    text: str
    used: frozenset[str] = frozenset()
    shifts: tuple[_Shift, ...] = ()

    def original(self, position: Position) -> Position:
        """The place in the script as it was written."""
        column = position.column
        for shift in self.shifts:
            if shift.line == position.line and position.column > shift.column:
                column = max(shift.column - shift.by, position.column - shift.by)
        return Position(position.line, max(1, column))


@dataclass(slots=True)
class _Writer:
    script: str
    values: Mapping[str, str]
    parts: list[str] = field(default_factory=list)
    shifts: list[_Shift] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    moved: dict[int, int] = field(default_factory=dict)

    def place(self, offset: int) -> Position:
        begin = self.script.rfind("\n", 0, offset) + 1
        return Position(self.script.count("\n", 0, offset) + 1, offset - begin + 1)

    def value(self, name: str, offset: int) -> str | None:
        self.used.add(name)
        if name in self.values:
            return self.values[name]
        hint = Suggester().suggest(name, list(self.values)) or "The step has no inputs, outputs or params."
        self.report(offset, f"The step has no input, output or parameter called {quoted(name)}. {hint}")
        return None

    def report(self, offset: int, message: str) -> None:
        self.problems.append(Problem(self.place(offset), message))

    def put(self, offset: int, length: int, text: str) -> None:
        """Replace `length` characters of the script at the offset."""
        place = self.place(offset)
        moved = self.moved.get(place.line, 0) + len(text) - length
        self.moved[place.line] = moved
        self.shifts.append(_Shift(place.line, place.column + length + moved - 1, moved))
        self.parts.append(text)


def substitute(script: str, values: Mapping[str, str]) -> Substituted:
    """The script with every `@@name@@` outside of comments replaced.

    Raises:
        CompileFailed: A name has no value, or a value cannot stand where its name stands.
    """
    writer = _Writer(script, values)
    end = 0
    for match in _PIECES.finditer(script):
        writer.parts.append(script[end : match.start()])
        end = match.end()
        kind = match.lastgroup
        if kind == "name":
            _plain(writer, match)
        elif kind in {"string", "verbatim"}:
            _inside(writer, match[0], match.start(), verbatim=kind == "verbatim")
        else:
            if kind == "char" and (inner := _NAME.search(match[0])):
                message = "A value cannot stand in a character literal: write a string in double quotes."
                writer.report(match.start() + inner.start(), message)
            writer.parts.append(match[0])
    writer.parts.append(script[end:])
    if writer.problems:
        raise CompileFailed(writer.problems)
    return Substituted("".join(writer.parts), frozenset(writer.used), tuple(writer.shifts))


def text_literal(value: str) -> str:
    """A string literal that has this value, whatever characters it has."""
    return f'"{_content(value, verbatim=False)}"'


def _plain(writer: _Writer, match: re.Match[str]) -> None:
    name = match["name"]
    value = writer.value(name, match.start())
    if value is None:
        return
    value = value.lower() if value in {"True", "False"} else value
    if not PLAIN.fullmatch(value):
        message = f'The value of {quoted(name)} is a text: write "@@{name}@@", in double quotes.'
        writer.report(match.start(), message)
        return
    writer.put(match.start(), len(match[0]), value)


def _inside(writer: _Writer, literal: str, offset: int, *, verbatim: bool) -> None:
    end = 0
    for match in _NAME.finditer(literal):
        writer.parts.append(literal[end : match.start()])
        end = match.end()
        value = writer.value(match[1], offset + match.start())
        if value is None:
            continue
        if verbatim and any(character in value for character in _BREAKS):
            message = f'The value of {quoted(match[1])} has line breaks: write a string without the `@` before its `"`.'
            writer.report(offset + match.start(), message)
            continue
        writer.put(offset + match.start(), len(match[0]), _content(value, verbatim=verbatim))
    writer.parts.append(literal[end:])


def _content(value: str, *, verbatim: bool) -> str:
    if verbatim:
        return value.replace('"', '""')
    return "".join(
        _ESCAPES.get(character, f"\\u{ord(character):04x}" if character in _BREAKS else character)
        for character in value
    )
