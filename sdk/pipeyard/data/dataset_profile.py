"""What a dataset holds: its files, its columns, and statistics of each column."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pipeyard.data._tables import html_table, text_table

FORMAT = 1
"""Version of the stored form."""

SHOWN_FILES = 5
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)

type Plain = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProfile:
    """A file.

    Attributes:
        name: Full path on its datastore.
        size: Bytes.
        digest: Of its content, as the workspace names it.
    """

    name: str
    size: int
    digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueCount:
    """A value and in how many rows it is."""

    value: Plain
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """A column. What makes no sense for its type is None.

    Attributes:
        name: Of the column.
        type: `string`, `int`, `float`, `bool`, `datetime`, or the engine's name of another type.
        count: Rows with a value.
        missing: Rows without one.
        unique: About how many different values; exact up to some hundreds.
        min: Smallest value; dates in ISO 8601.
        max: Largest value.
        mean: Of numbers.
        std: Sample standard deviation of numbers.
        quantiles: Of numbers, by share, such as `0.5`.
        top: The most frequent values, of text and booleans.
    """

    name: str
    type: str
    count: int
    missing: int
    unique: int | None = None
    min: Plain = None
    max: Plain = None
    mean: float | None = None
    std: float | None = None
    quantiles: Mapping[str, float] | None = None
    top: tuple[ValueCount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetProfile:
    """What a dataset holds.

    Attributes:
        dataset_id: Of which dataset; None for one that only a job knows.
        files: Every file.
        digest: Of all files: a profile with another digest is of other data.
        row_count: Rows; None for a dataset of files.
        columns: Every column, in order; none for a dataset of files.
    """

    dataset_id: str | None
    files: tuple[FileProfile, ...]
    digest: str
    row_count: int | None = None
    columns: tuple[ColumnProfile, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def schema(self) -> dict[str, str]:
        """Types of columns by name, in order."""
        return {column.name: column.type for column in self.columns}

    def column(self, name: str) -> ColumnProfile:
        """A column by name.

        Raises:
            KeyError: There is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "DatasetProfile | None":
        """A profile of its JSON; None if another version of this package wrote it."""
        if document.get("format") != FORMAT:
            return None
        columns = [
            ColumnProfile(**{**column, "top": tuple(ValueCount(**value) for value in column["top"])})
            for column in document["columns"]
        ]
        return cls(
            dataset_id=document["dataset_id"],
            files=tuple(FileProfile(**file) for file in document["files"]),
            digest=document["digest"],
            row_count=document["row_count"],
            columns=tuple(columns),
        )

    def __str__(self) -> str:
        lines = [self._headline()]
        if self.columns:
            lines += ["", text_table(HEADINGS, [column_row(column) for column in self.columns])]
        else:
            lines += [f"  {file.name}  {file.size:,} bytes" for file in self.files[:SHOWN_FILES]]
            more = len(self.files) - SHOWN_FILES
            lines += [f"  and {more:,} more"] if more > 0 else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        if self.columns:
            return html_table(HEADINGS, [column_row(column) for column in self.columns], self._headline())
        return html_table(("file", "bytes"), [(file.name, f"{file.size:,}") for file in self.files], self._headline())

    def _headline(self) -> str:
        files = f"{len(self.files):,} file{'' if len(self.files) == 1 else 's'}, {self.size:,} bytes"
        if self.row_count is None:
            return files
        return f"{self.row_count:,} rows, {len(self.columns):,} columns, {files}"


HEADINGS = ("column", "type", "missing", "unique", "min", "median", "max", "mean", "std", "most frequent")


def column_row(column: ColumnProfile) -> tuple[str, ...]:
    """A column as a row of a table, under `HEADINGS`."""
    median = None if column.quantiles is None else column.quantiles.get("0.5")
    top = ", ".join(f"{shown(value.value)} ({value.count:,})" for value in column.top[:3])
    unique = "" if column.unique is None else f"{column.unique:,}"
    values = (column.min, median, column.max, column.mean, column.std)
    return column.name, column.type, f"{column.missing:,}", unique, *(shown(value) for value in values), top


def shown(value: Plain) -> str:
    """A value for people."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
