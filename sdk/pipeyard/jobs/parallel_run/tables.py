"""Rows of tabular inputs: evaluated once, kept as one Parquet file, and read in parts by the workers.

The file has the rows in the dataset's order (or sorted by the partition keys), numbered, so that a mini-batch is a
range of numbers and DuckDB reads little more than that range.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeyard._core.dataset_views import DatasetView, ParquetFormat, Transformation
from pipeyard.data._evaluation.files import LocalSource
from pipeyard.data._evaluation.frames import to_frame
from pipeyard.data._evaluation.packages import connect
from pipeyard.data._evaluation.partition_format import PartitionFormat
from pipeyard.data._evaluation.rows import Rows, read_rows
from pipeyard.data._evaluation.sql import identifiers, literal

ROW_GROUP = 8192
"""Rows of a group: what DuckDB reads at least."""
NUMBER = "__pipeyard_number"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSlice:
    """A range of rows.

    Attributes:
        file: The Parquet file.
        first: Number of the first row.
        count: How many.
    """

    file: str
    first: int
    count: int

    def read(self) -> Any:
        """The rows as a pandas DataFrame with an index from 0."""
        inside = [
            {"op": "ge", "column": NUMBER, "value": self.first},
            {"op": "lt", "column": NUMBER, "value": self.first + self.count},
        ]
        view = DatasetView(
            format=ParquetFormat(),
            transformations=(
                Transformation(operation="filter", arguments={"expression": {"op": "and", "operands": inside}}),
                Transformation(operation="drop_columns", arguments={"columns": [NUMBER]}),
            ),
        )
        source = LocalSource(Path(self.file))
        return to_frame(view, source.fetch(source.found()), strict=False, strict_dates=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedTable:
    """A tabular input on disk.

    Attributes:
        columns: Names of its columns.
        rows: How many.
        size_bytes: Of the files that it was read from.
    """

    file: Path
    columns: tuple[str, ...]
    rows: int
    size_bytes: int

    def slices(self, wanted_bytes: int) -> Iterator[TableSlice]:
        """The rows in parts of about so many bytes each; all parts have the same number of rows, but the last."""
        if not self.rows:
            return
        count = max(1, round(wanted_bytes * self.rows / max(1, self.size_bytes)))
        for first in range(0, self.rows, count):
            yield TableSlice(file=str(self.file), first=first, count=min(count, self.rows - first))

    def partitions(self, keys: Sequence[str]) -> Iterator[tuple[dict[str, Any], TableSlice]]:
        """The rows by the values of columns; the file must have been sorted by them."""
        names = identifiers(keys)
        query = (
            f"SELECT {names}, min({NUMBER}), count(*) FROM read_parquet(?) "  # noqa: S608 - quoted identifiers
            f"GROUP BY {names} ORDER BY min({NUMBER})"
        )
        with connect() as connection:
            found = connection.execute(query, [str(self.file)]).fetchall()
        for *values, first, count in found:
            yield dict(zip(keys, values, strict=True)), TableSlice(file=str(self.file), first=first, count=count)


def stage(path: Path, view: DatasetView, target: Path, keys: Sequence[str] | None) -> StagedTable:
    """Evaluate a tabular input and keep its rows.

    Args:
        path: Where its files lie.
        view: How they are read.
        target: The Parquet file to write.
        keys: Columns to sort by, None for the dataset's own order.

    Raises:
        UserErrorException: The files cannot be read so, or a column does not exist.
    """
    source = LocalSource(path)
    files = source.found()
    rows, columns = read_rows(view, source.fetch(files), lambda opened: _write(opened, target, keys))
    return StagedTable(file=target, columns=columns, rows=rows, size_bytes=sum(file.size for file in files))


def _write(rows: Rows, target: Path, keys: Sequence[str] | None) -> tuple[int, tuple[str, ...]]:
    """Write the numbered rows; returns how many, and their columns."""
    columns = tuple(rows.columns)
    if keys is not None and not set(keys).issubset(columns):
        return 0, columns  # the caller says which are missing
    numbered = f"SELECT *, row_number() OVER () - 1 AS {NUMBER} FROM {{rows}}"  # noqa: S608 - a constant
    if keys is not None:
        order = f"{identifiers(keys)}, {NUMBER}"
        numbered = (
            f"SELECT * REPLACE (row_number() OVER (ORDER BY {order}) - 1 AS {NUMBER}) "  # noqa: S608 - quoted
            f"FROM ({numbered}) ORDER BY {order}"
        )
    written = rows.execute(
        f"COPY ({numbered}) TO {literal(str(target))} (FORMAT parquet, ROW_GROUP_SIZE {ROW_GROUP})"
    ).fetchone()
    return (int(written[0]) if written else 0), columns


def partition_values(layout: str, path: str) -> dict[str, Any]:
    """Values of columns in a file's path.

    Raises:
        UserErrorException: The path is not as the format says.
    """
    return dict(PartitionFormat(layout).match(path))
