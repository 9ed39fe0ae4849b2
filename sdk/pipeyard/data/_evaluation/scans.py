"""Files as rows: one SELECT over delimited text, Parquet or JSON lines, with v1's column names and types."""

# ruff: noqa: S608  (names are quoted, values are bound)

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeyard._core.dataset_views import ColumnType, DatasetView, DelimitedFormat, FileFormat
from pipeyard.data._encodings import PLAIN, codec_of
from pipeyard.data._evaluation.files import LocalFile
from pipeyard.data._evaluation.partition_format import PartitionFormat
from pipeyard.data._evaluation.readers import FILE_COLUMN, Care, read_call
from pipeyard.data._evaluation.sql import Parameters, identifier, identifiers
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    import duckdb

PATH_COLUMN = "Path"
TYPES: dict[ColumnType, str] = {
    "string": "VARCHAR",
    "int": "BIGINT",
    "float": "DOUBLE",
    "bool": "BOOLEAN",
    "datetime": "TIMESTAMP",
}
CANONICAL = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"), "BIGINT"),
    **dict.fromkeys(("FLOAT", "HUGEINT", "UHUGEINT"), "DOUBLE"),
    **dict.fromkeys(("DATE", "TIMESTAMP_S", "TIMESTAMP_MS"), "TIMESTAMP"),
    **dict.fromkeys(("TIME", "TIME WITH TIME ZONE", "TIME_NS", "UUID", "INTERVAL", "BIT"), "VARCHAR"),
}
DATES = frozenset({"DATE", "TIMESTAMP"})
SAMPLE_ROWS = 20_480
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A SELECT and what it gives.

    Attributes:
        sql: The SELECT.
        columns: Types by name, in order.
    """

    sql: str
    columns: dict[str, str]


def scan_files(
    connection: "duckdb.DuckDBPyConnection",
    view: DatasetView,
    files: Sequence[LocalFile],
    *,
    scratch: Path,
    parameters: Parameters,
    care: Care,
    strict: bool,
) -> Scan:
    """The rows of files.

    Args:
        connection: Asked for names and types.
        view: How the files are read.
        files: On this machine.
        scratch: Where files are put that must be rewritten or renamed first.
        parameters: Gets the values that are bound.
        care: How much work it may take.
        strict: Whether a value that is not of its column's type fails instead of becoming null.

    Raises:
        UserErrorException: There are no files, or a column that was named does not exist.
    """
    layout = view.format
    if layout is None:
        raise UserErrorException("This dataset is files, not rows. Make a TabularDataset of them to read rows.")
    full = [file for file in files if file.file.size > 0]
    if not full:
        raise UserErrorException("The dataset has no files with anything in them, so there is nothing to read.")
    labelled = view.include_path or view.partition_format is not None
    places = _places(layout, full, scratch, labelled=labelled)
    source = read_call(layout, places, care, labelled=labelled)
    found = _describe(connection, f"SELECT * FROM {source}")
    if isinstance(layout, DelimitedFormat):
        # The second look takes the names and types of the first as they are.
        types = _read_types(layout, found)
        types |= dict.fromkeys(_doubtful(connection, layout, places, care, types), "VARCHAR")
        source = read_call(layout, places, care, labelled=labelled, types=types)
        found = _describe(connection, f"SELECT * FROM {source}")
    found.pop(FILE_COLUMN, None)
    return _select(view, layout, source, found, full, parameters, strict=strict)


def _select(
    view: DatasetView,
    layout: FileFormat,
    source: str,
    found: dict[str, str],
    files: Sequence[LocalFile],
    parameters: Parameters,
    *,
    strict: bool,
) -> Scan:
    renamed = _names(layout, list(found))
    unknown = set(layout.column_types).difference(renamed.values())
    if unknown:
        raise UserErrorException(
            f"set_column_types names {', '.join(sorted(unknown))}, but the columns are {', '.join(renamed.values())}."
        )
    pieces, columns = _labels(view, {name.lower() for name in renamed.values()}, files, parameters)
    for raw, kind in found.items():
        name = renamed[raw]
        expression, columns[name] = _column(layout, identifier(raw), name, kind, strict=strict)
        pieces.append(f"{expression} AS {identifier(name)}")
    return Scan(sql=f"SELECT {', '.join(pieces)} FROM {source}", columns=columns)


def _column(layout: FileFormat, raw: str, name: str, kind: str, *, strict: bool) -> tuple[str, str]:
    """A column in the type that was asked for, or in the one that v1 would give it."""
    cast = "CAST" if strict else "TRY_CAST"
    if name in layout.column_types:
        wanted = TYPES[layout.column_types[name]]
        # Not the bare column: the engine would move the cast into the reader of text, where a wrong value is an error.
        text = f"nullif({raw}, '')" if isinstance(layout, DelimitedFormat) and wanted != "VARCHAR" else raw
        return f"{cast}({text} AS {wanted})", wanted
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"({raw} AT TIME ZONE 'UTC')", "TIMESTAMP"
    wanted = (
        "DOUBLE" if kind.startswith("DECIMAL") else "VARCHAR" if kind.startswith("ENUM") else CANONICAL.get(kind, kind)
    )
    if isinstance(layout, DelimitedFormat) and layout.empty_as_string and wanted == "VARCHAR":
        return f"coalesce({raw}, '')", wanted
    if kind == "DATE":
        # As a cast, the engine would move it into the reader, which then knows one way of writing dates only.
        return f"({raw} + INTERVAL 0 DAY)", wanted
    return (raw if wanted == kind else f"CAST({raw} AS {wanted})"), wanted


def _labels(
    view: DatasetView, taken: set[str], files: Sequence[LocalFile], parameters: Parameters
) -> tuple[list[str], dict[str, str]]:
    """Columns that come from the paths. One that the files have themselves, in whatever case, is theirs."""
    values: dict[str, list[object]] = {}
    if view.include_path:
        values[PATH_COLUMN] = ["/" + file.file.name for file in files]
    if view.partition_format is not None:
        matched = PartitionFormat(view.partition_format)
        rows = [matched.match(file.file.name) for file in files]
        values |= {column: [row[column] for row in rows] for column in matched.columns}
    number = f"CAST(regexp_extract({FILE_COLUMN}, '[/\\\\]([0-9]+)[.][^/\\\\]*$', 1) AS INTEGER)"
    pieces, columns = [], {}
    for column, listed in values.items():
        if column.lower() in taken:
            continue
        texts = all(isinstance(value, str | None) for value in listed)
        columns[column] = "VARCHAR" if texts else "TIMESTAMP"
        bound = f"CAST({parameters.bind(listed)} AS {columns[column]}[])"
        pieces.append(f"{bound}[{number}] AS {identifier(column)}")
    return pieces, columns


def _places(layout: FileFormat, files: Sequence[LocalFile], scratch: Path, *, labelled: bool) -> list[Path]:
    """Where to read the files: rewritten as UTF-8 where needed, and under their numbers where paths give columns."""
    encoding = codec_of(getattr(layout, "encoding", "utf8"))
    if encoding not in PLAIN:
        return [_rewrite(file, number, scratch, encoding) for number, file in enumerate(files, 1)]
    if not labelled:
        return [file.local for file in files]
    return [_link(file, number, scratch) for number, file in enumerate(files, 1)]


def _link(file: LocalFile, number: int, scratch: Path) -> Path:
    place = scratch / f"{number}{_suffix(file)}"
    try:
        place.symlink_to(file.local.absolute())
    except OSError:
        place.hardlink_to(file.local)  # Windows lets not everybody make symbolic links
    return place


def _rewrite(file: LocalFile, number: int, scratch: Path, encoding: str) -> Path:
    if file.local.suffix in {".gz", ".zst"}:
        raise UserErrorException(f"{file.file.name} is compressed and not UTF-8, which cannot be read together.")
    place = scratch / f"{number}{_suffix(file)}"
    try:
        with (
            codecs.open(str(file.local), "r", encoding) as source,
            place.open("w", encoding="utf-8", newline="") as target,
        ):
            while text := source.read(CHUNK):
                target.write(text.removeprefix("\ufeff") if target.tell() == 0 else text)
    except UnicodeError as error:
        raise UserErrorException(f"{file.file.name} is not written in {encoding}: {error}.") from error
    return place


def _suffix(file: LocalFile) -> str:
    return "".join(Path(file.file.name).suffixes[-2:]) or ".data"


def _read_types(layout: DelimitedFormat, found: dict[str, str]) -> dict[str, str]:
    """Types to read columns in: as text where they are converted afterwards.

    Dates are left out, for the reader to find out again how they are written: their type alone does not tell.
    """
    renamed = _names(layout, list(found))
    return {
        raw: "VARCHAR" if name in layout.column_types else found[raw]
        for raw, name in renamed.items()
        if name in layout.column_types or found[raw] not in DATES
    }


def _doubtful(
    connection: "duckdb.DuckDBPyConnection",
    layout: DelimitedFormat,
    places: Sequence[Path],
    care: Care,
    types: dict[str, str],
) -> list[str]:
    """Columns that the reader takes for booleans though they hold yes and no or t and f, which v1 reads as text."""
    columns = [name for name, kind in types.items() if kind == "BOOLEAN"]
    if not columns:
        return []
    source = read_call(layout, places, care, labelled=False, types=types | dict.fromkeys(columns, "VARCHAR"))
    tests = [f"bool_and(lower({identifier(name)}) IN ('true', 'false'))" for name in columns]
    sample = f"SELECT {identifiers(columns)} FROM {source} LIMIT {SAMPLE_ROWS}"
    answers = connection.execute(f"SELECT {', '.join(tests)} FROM ({sample})").fetchone() or ()
    return [name for name, plain in zip(columns, answers, strict=True) if plain is False]


def _names(layout: FileFormat, found: Sequence[str]) -> dict[str, str]:
    """Names of columns by the names that the reader gives them: v1 counts those without a header from Column1."""
    names = [name for name in found if name != FILE_COLUMN]
    if isinstance(layout, DelimitedFormat) and not layout.header:
        return {name: f"Column{number}" for number, name in enumerate(names, 1)}
    return {name: name for name in names}


def _describe(connection: "duckdb.DuckDBPyConnection", sql: str) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE {sql}").fetchall()}
