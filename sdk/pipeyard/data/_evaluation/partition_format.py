"""Values of columns in the paths of files: `{state}/{store}.csv`, `{day:yyyy/MM/dd}/data.parquet`.

A format describes the end of a path, from the first column on. `{name}` is a text without `/`;
`{name:yyyy/MM/dd/HH/mm/ss}` is a date whose parts may span folders; `*` stands for any text without `/`, and `**` for
any text.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import unquote

from pipeyard.exceptions import UserErrorException

type Value = str | datetime | None

DATE_PARTS = {"yyyy": "year", "MM": "month", "dd": "day", "HH": "hour", "mm": "minute", "ss": "second"}
DATE_WIDTHS = {"year": "4", "month": "1,2", "day": "1,2", "hour": "1,2", "minute": "1,2", "second": "1,2"}
NULL_FOLDER = "__HIVE_DEFAULT_PARTITION__"
"""Name of the folder of rows without a value."""

_COLUMN = re.compile(r"\{([^{}:]+)(?::([^{}]*))?\}|(\*\*)|(\*)")
_DATE_PART = re.compile("|".join(DATE_PARTS))


class PartitionFormat:
    """A format, ready to be matched.

    Attributes:
        columns: In the order of the path.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._dates: dict[str, list[tuple[str, str]]] = {}
        self.columns: list[str] = []
        pattern, end = "", 0
        for found in _COLUMN.finditer(text):
            pattern += re.escape(text[end : found.start()]) + self._part(found)
            end = found.end()
        pattern += re.escape(text[end:])
        if not self.columns:
            raise UserErrorException(
                f"The partition format {text!r} names no column. Write such as '{{state}}/{{store}}.csv'."
            )
        if "{" in _COLUMN.sub("", text) or "}" in _COLUMN.sub("", text):
            raise UserErrorException(f"The partition format {text!r} has a brace without a partner.")
        self._pattern = re.compile(rf"(?:^|/){pattern.removeprefix('/')}$")

    def match(self, path: str) -> dict[str, Value]:
        """Values by column.

        Raises:
            UserErrorException: The path does not end as the format says.
        """
        found = self._pattern.search(path)
        if found is None:
            raise UserErrorException(f"The path {path!r} does not end as the partition format {self._text!r} says.")
        texts = found.groupdict()
        return {
            column: self._date(column, path, texts) if column in self._dates else _text(texts[f"c{index}"])
            for index, column in enumerate(self.columns)
        }

    def _part(self, found: re.Match[str]) -> str:
        column, date_format, double, single = found.groups()
        if double or single:
            return ".*" if double else "[^/]*"
        if column in self.columns:
            raise UserErrorException(f"The partition format {self._text!r} names the column {column!r} twice.")
        index = len(self.columns)
        self.columns.append(column)
        return f"(?P<c{index}>[^/]+)" if date_format is None else self._date_part(column, index, date_format)

    def _date_part(self, column: str, index: int, date_format: str) -> str:
        parts: list[tuple[str, str]] = []
        pattern, end = "", 0
        for found in _DATE_PART.finditer(date_format):
            part = DATE_PARTS[found.group()]
            group = f"c{index}_{part}"
            parts.append((part, group))
            pattern += re.escape(date_format[end : found.start()]) + rf"(?P<{group}>\d{{{DATE_WIDTHS[part]}}})"
            end = found.end()
        if not parts or parts[0][0] != "year" or len({part for part, _ in parts}) != len(parts):
            raise UserErrorException(
                f"The date format {date_format!r} of the column {column!r} must begin with yyyy and name each of "
                f"{', '.join(DATE_PARTS)} at most once."
            )
        self._dates[column] = parts
        return pattern + re.escape(date_format[end:])

    def _date(self, column: str, path: str, texts: Mapping[str, str]) -> datetime:
        parts = {"month": 1, "day": 1} | {part: int(texts[group]) for part, group in self._dates[column]}
        try:
            return datetime(**parts)  # type: ignore[arg-type]  # noqa: DTZ001  (paths name no time zone)
        except ValueError as error:
            raise UserErrorException(f"The path {path!r} holds no date for the column {column!r}: {error}.") from error


def _text(text: str) -> str | None:
    return None if text == NULL_FOLDER else unquote(text)
