"""Rows as pandas frames with v1's types: int64, float64, bool, datetime64[ns] and text."""

from collections.abc import Iterator, Sequence
from typing import Any

from pipeyard._core.dataset_views import DatasetView
from pipeyard.data._evaluation.files import LocalFile
from pipeyard.data._evaluation.packages import load_duckdb, load_pandas
from pipeyard.data._evaluation.rows import CAREFUL, Rows, open_rows, read_rows, unreadable
from pipeyard.exceptions import UserErrorException

VECTOR = 2048
"""Rows that the engine hands out at once."""

INTEGERS = frozenset({"BIGINT", "UBIGINT"})


def to_frame(view: DatasetView, files: Sequence[LocalFile], *, strict: bool, strict_dates: bool) -> Any:
    """All rows as one frame.

    Raises:
        UserErrorException: The files cannot be read as the view says, or pandas is missing.
    """
    load_pandas()
    return read_rows(view, files, lambda rows: _shaped(rows, rows.execute().df(), strict_dates), strict=strict)


def to_frames(
    view: DatasetView, files: Sequence[LocalFile], size: int, *, strict: bool, strict_dates: bool
) -> Iterator[Any]:
    """Frames of about `size` rows, one after the other; no more than a few are in memory at a time.

    Raises:
        UserErrorException: The files cannot be read as the view says, or pandas is missing.
    """
    load_pandas()
    duckdb = load_duckdb()
    done = 0
    # What has been handed out cannot be taken back: all rows are looked at first, and another try goes on behind it.
    for care in CAREFUL:
        try:
            with open_rows(view, files, care=care, strict=strict) as rows:
                result = rows.execute(f"FROM {{rows}} OFFSET {done}")
                while not (frame := result.fetch_df_chunk(max(1, -(-size // VECTOR)))).empty:
                    yield _shaped(rows, frame, strict_dates)
                    done += len(frame)
                return
        except duckdb.Error as error:
            if care is CAREFUL[-1]:
                raise unreadable(error, view, files) from error


def _shaped(rows: Rows, frame: Any, strict_dates: bool) -> Any:  # noqa: FBT001  (one caller per value)
    for name, kind in rows.columns.items():
        column = frame[name]
        if kind in INTEGERS and column.dtype.name not in {"int64", "uint64"}:
            frame[name] = column.astype("float64")
        elif kind == "BOOLEAN" and column.dtype.name == "boolean":
            frame[name] = column.astype(object).where(column.notna(), None)
        elif kind.startswith("TIMESTAMP"):
            frame[name] = _nanoseconds(name, column, strict_dates)
    return frame


def _nanoseconds(name: str, column: Any, strict_dates: bool) -> Any:  # noqa: FBT001  (as above)
    """Dates in v1's resolution, whose first and last are in the years 1677 and 2262."""
    pd = load_pandas()
    try:
        return column.astype("datetime64[ns]")
    except (pd.errors.OutOfBoundsDatetime, OverflowError) as error:
        if strict_dates:
            raise UserErrorException(
                f"The column {name!r} has a date that pandas cannot hold. Use out_of_range_datetime='null', or "
                f"read the column as text."
            ) from error
    inside = (column >= pd.Timestamp.min.as_unit("us")) & (column <= pd.Timestamp.max.as_unit("us"))
    return column.where(inside).astype("datetime64[ns]")
