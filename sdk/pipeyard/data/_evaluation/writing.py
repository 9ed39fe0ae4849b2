"""Rows as files: Parquet or delimited text, whole or one file for each combination of values of some columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeyard._core.dataset_views import DatasetView
from pipeyard.data._evaluation.files import LocalFile
from pipeyard.data._evaluation.rows import Rows, read_rows
from pipeyard.data._evaluation.sql import identifiers, literal
from pipeyard.exceptions import UserErrorException

PART = "part.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetTarget:
    """How Parquet is written.

    Attributes:
        row_group_size: Rows per group; None leaves it to the engine.
    """

    row_group_size: int | None = None

    def options(self) -> str:
        """As COPY takes them."""
        groups = f", ROW_GROUP_SIZE {int(self.row_group_size)}" if self.row_group_size else ""
        return f"FORMAT parquet, COMPRESSION snappy{groups}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvTarget:
    """How delimited text is written."""

    separator: str = ","

    def options(self) -> str:
        """As COPY takes them."""
        return f"FORMAT csv, HEADER true, DELIMITER {literal(self.separator)}"


def write_file(view: DatasetView, files: Sequence[LocalFile], target: Path, kind: ParquetTarget | CsvTarget) -> None:
    """All rows in one file.

    Raises:
        UserErrorException: The rows cannot be read.
    """
    read_rows(view, files, lambda rows: _copy(rows, target, kind.options()))


def write_partitions(view: DatasetView, files: Sequence[LocalFile], keys: Sequence[str], target: Path) -> None:
    """One `<value>/<value>/part.parquet` for each combination of values of the key columns.

    Raises:
        UserErrorException: A key is no column, or the rows cannot be read.
    """
    read_rows(view, files, lambda rows: _partition(rows, keys, target))


def _partition(rows: Rows, keys: Sequence[str], target: Path) -> None:
    missing = [key for key in keys if key not in rows.columns]
    if missing:
        raise UserErrorException(
            f"partition_by names {', '.join(missing)}, but the dataset's columns are {', '.join(rows.columns)}."
        )
    raw = rows.scratch / "partitions"
    # One thread writes the rows of each file in their order.
    rows.connection.execute("SET threads = 1")
    _copy(rows, raw, f"FORMAT parquet, PARTITION_BY ({identifiers(keys)}), WRITE_PARTITION_COLUMNS true")
    for folder in sorted({file.parent for file in raw.rglob("*.parquet")}):
        parts = sorted(folder.glob("*.parquet"), key=lambda file: int(file.stem.rpartition("_")[2]))
        place = target.joinpath(*(part.partition("=")[2] for part in folder.relative_to(raw).parts), PART)
        place.parent.mkdir(parents=True, exist_ok=True)
        if len(parts) == 1:
            parts[0].replace(place)
        else:
            listed = ", ".join(literal(str(part)) for part in parts)
            rows.connection.execute(f"COPY (FROM read_parquet([{listed}])) TO {literal(str(place))} (FORMAT parquet)")


def _copy(rows: Rows, target: Path, options: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    rows.execute(f"COPY {{rows}} TO {literal(str(target))} ({options})")
