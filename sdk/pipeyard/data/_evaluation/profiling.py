"""Statistics of columns. The rows are read once, into a table that may spill to the disk."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pipeyard._core.dataset_views import DatasetView
from pipeyard.data._evaluation.files import LocalFile
from pipeyard.data._evaluation.rows import Rows, read_rows
from pipeyard.data._evaluation.scans import TYPES
from pipeyard.data._evaluation.sql import identifier
from pipeyard.data.dataset_profile import QUANTILES, ColumnProfile, Plain, ValueCount

# ruff: noqa: S608  (names are quoted)

TABLE = "profiled"
TOP = 10
TEXT_LIMIT = 200
EXACT_LIMIT = 500
"""Up to about so many different values are counted one by one."""

WORDS = {sql: word for word, sql in TYPES.items()} | {"TIMESTAMP_NS": "datetime", "UBIGINT": "int"}
NUMBERS = frozenset({"int", "float"})
RANGED = NUMBERS | {"datetime", "string", "bool"}
COUNTED = frozenset({"string", "bool"})


def profile_rows(view: DatasetView, files: Sequence[LocalFile]) -> tuple[int, tuple[ColumnProfile, ...]]:
    """Number of rows, and every column.

    Raises:
        UserErrorException: The files cannot be read as the view says.
    """
    return read_rows(view, files, _profile)


def _profile(rows: Rows) -> tuple[int, tuple[ColumnProfile, ...]]:
    # A database file, not memory, holds the rows: they may be more than fit.
    rows.connection.execute(f"ATTACH '{str(rows.scratch / 'rows.db').replace(chr(39), chr(39) * 2)}' AS staged")
    rows.execute(f"CREATE TABLE staged.{TABLE} AS FROM {{rows}}")
    count = _one(rows, f"SELECT count(*) FROM staged.{TABLE}")[0]
    return count, tuple(
        _column(rows, name, WORDS.get(kind, kind.lower()), count) for name, kind in rows.columns.items()
    )


def _column(rows: Rows, name: str, kind: str, total: int) -> ColumnProfile:
    column = identifier(name)
    pieces = [f"count({column})", f"approx_count_distinct({column})"]
    pieces += [f"min({column})", f"max({column})"] if kind in RANGED else ["NULL", "NULL"]
    if kind in NUMBERS:
        finite = f"CASE WHEN isfinite(CAST({column} AS DOUBLE)) THEN CAST({column} AS DOUBLE) END"
        shares = ", ".join(map(str, QUANTILES))
        pieces += [f"avg({finite})", f"stddev_samp({finite})", f"quantile_cont({finite}, [{shares}])"]
    else:
        pieces += ["NULL", "NULL", "NULL"]
    count, unique, low, high, mean, std, quantiles = _one(rows, f"SELECT {', '.join(pieces)} FROM staged.{TABLE}")
    if unique <= EXACT_LIMIT:
        unique = _one(rows, f"SELECT count(DISTINCT {column}) FROM staged.{TABLE}")[0]
    return ColumnProfile(
        name=name,
        type=kind,
        count=count,
        missing=total - count,
        unique=unique,
        min=_plain(low),
        max=_plain(high),
        mean=mean,
        std=std,
        quantiles=None if quantiles is None else dict(zip(map(str, QUANTILES), quantiles, strict=True)),
        top=_top(rows, column) if kind in COUNTED else (),
    )


def _top(rows: Rows, column: str) -> tuple[ValueCount, ...]:
    sql = (
        f"SELECT {column}, count(*) AS n FROM staged.{TABLE} WHERE {column} IS NOT NULL "
        f"GROUP BY 1 ORDER BY n DESC, 1 LIMIT {TOP}"
    )
    found = rows.connection.execute(sql).fetchall()
    return tuple(ValueCount(value=_plain(value), count=count) for value, count in found)


def _one(rows: Rows, sql: str) -> tuple[Any, ...]:
    found: tuple[Any, ...] | None = rows.connection.execute(sql).fetchone()
    return found or ()


def _plain(value: Any) -> Plain:
    """A value that JSON can hold."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, str):
        return value[:TEXT_LIMIT]
    return value if isinstance(value, bool | int | float) else None
