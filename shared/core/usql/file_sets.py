"""Patterns of paths: `logs/{date:yyyy}/{date:MM}/{*}.csv` names files, and their paths give values of columns."""

import re
from dataclasses import dataclass
from typing import Literal

_HOLE = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"(\*)|([^\W\d]\w*)(?::([A-Za-z]+))?")
_DATE_PARTS = {"yyyy": 4, "yy": 2, "MM": 2, "M": 0, "dd": 2, "d": 0, "HH": 2, "H": 0, "mm": 2, "ss": 2}
_UNITS = {"y": "year", "M": "month", "d": "day", "H": "hour", "m": "minute", "s": "second"}
_CENTURY = 2000


@dataclass(frozen=True, slots=True)
class Hole:
    """A part of a pattern in braces.

    Attributes:
        column: The column that it fills; None for `{*}`.
        format: Part of a date, None for the text as it is.
    """

    column: str | None
    format: str | None = None


@dataclass(frozen=True, slots=True)
class FileSet:
    """A path, or a pattern of paths: texts and holes in turn, beginning and ending with a text."""

    pattern: str
    texts: tuple[str, ...]
    holes: tuple[Hole, ...]

    @property
    def columns(self) -> frozenset[str]:
        """Names of the columns that its files' paths give."""
        return frozenset(hole.column for hole in self.holes if hole.column is not None)

    def kind(self, column: str) -> Literal["date", "text"]:
        """What a column is made of."""
        return "date" if any(hole.column == column and hole.format for hole in self.holes) else "text"

    @property
    def folder(self) -> str:
        """The folder below which its files lie; the path itself where it is no pattern."""
        return self.pattern if not self.holes else self.texts[0].rpartition("/")[0] or "/"[: self.texts[0].count("/")]

    def match(self, path: str) -> dict[str, str] | None:
        """Texts of the columns for a path (dates in ISO 8601); None for paths that do not fit."""
        found = self._expression().fullmatch(path)
        if found is None:
            return None
        texts: dict[str, str] = {}
        dates: dict[str, dict[str, int]] = {}
        for hole, value in zip(self.holes, found.groups(), strict=True):
            if hole.column is None:
                continue
            if hole.format is not None:
                number = int(value) + (_CENTURY if hole.format == "yy" else 0)
                known = dates.setdefault(hole.column, {})
                if known.setdefault(_UNITS[hole.format[0]], number) != number:
                    return None
            elif texts.setdefault(hole.column, value) != value:
                return None
        return {**texts, **{column: _iso(parts) for column, parts in dates.items()}}

    def _expression(self) -> re.Pattern[str]:
        parts = [re.escape(self.texts[0])]
        for hole, text in zip(self.holes, self.texts[1:], strict=True):
            width = _DATE_PARTS.get(hole.format or "")
            digits = r"\d{1,2}" if width == 0 else rf"\d{{{width}}}"
            parts += [f"({digits})" if hole.format else "([^/]*)", re.escape(text)]
        return re.compile("".join(parts))


def _iso(parts: dict[str, int]) -> str:
    day = f"{parts.get('year', 1):04}-{parts.get('month', 1):02}-{parts.get('day', 1):02}"
    return f"{day} {parts.get('hour', 0):02}:{parts.get('minute', 0):02}:{parts.get('second', 0):02}"


def parse_file_set(pattern: str) -> FileSet:
    """A path as a file set.

    Raises:
        ValueError: A hole cannot be read; the text says which.
    """
    holes: list[Hole] = []
    texts: list[str] = []
    end = 0
    for match in _HOLE.finditer(pattern):
        texts.append(pattern[end : match.start()])
        end = match.end()
        found = _NAME.fullmatch(match[1])
        if found is None or (found[3] is not None and found[3] not in _DATE_PARTS):
            message = (
                f"`{match[0]}` cannot stand in a path: write {{*}}, {{name}}, or {{name:yyyy}} for parts of a date."
            )
            raise ValueError(message)
        holes.append(Hole(found[2], found[3]))
    return FileSet(pattern, (*texts, pattern[end:]), tuple(holes))
