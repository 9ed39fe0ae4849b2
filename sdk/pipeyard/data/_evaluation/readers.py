"""The engine's table functions that read files, as SQL text."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeyard._core.dataset_views import DelimitedFormat, FileFormat, JsonLinesFormat
from pipeyard.data._evaluation.sql import literal

FILE_COLUMN = "__pipeyard_file"
INFERRED = ("BOOLEAN", "BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "VARCHAR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """How much work reading may take.

    Attributes:
        look_at_all: Types are inferred from all rows instead of the first some thousands of each file.
        fill_rows: Rows of text that are too short are filled with missing values.
        one_thread: Text is read by one thread, which copes with line breaks in rows that are to be filled.
    """

    look_at_all: bool = False
    fill_rows: bool = False
    one_thread: bool = False


def read_call(
    layout: FileFormat, places: Sequence[Path], care: Care, *, labelled: bool, types: dict[str, str] | None = None
) -> str:
    """The table function that reads files."""
    options = ["[" + ", ".join(literal(str(place)) for place in places) + "]"]
    if len(places) > 1:
        options.append("union_by_name = true")
    if labelled:
        options.append(f"filename = {literal(FILE_COLUMN)}")
    if isinstance(layout, DelimitedFormat):
        return f"read_csv({', '.join([*options, *_delimited(layout, care, types)])})"
    if isinstance(layout, JsonLinesFormat):
        options.append("format = 'newline_delimited'")
        options.append(f"ignore_errors = {str(layout.invalid_lines == 'drop').lower()}")
        return f"read_json({', '.join([*options, *_looking(care)])})"
    return f"read_parquet({', '.join(options)})"


def _delimited(layout: DelimitedFormat, care: Care, types: dict[str, str] | None) -> list[str]:
    options = [
        f"delim = {literal(layout.separator)}",
        "quote = '\"'",
        "escape = '\"'",
        "comment = ''",
        "skip = 0",
        f"header = {str(layout.header).lower()}",
        f"null_padding = {str(care.fill_rows).lower()}",
        f"parallel = {str(not care.one_thread).lower()}",
    ]
    if types:
        listed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items())
        options.append(f"types = {{{listed}}}")
    if not layout.infer_column_types:
        return [*options, "all_varchar = true"]
    candidates = ", ".join(literal(kind) for kind in INFERRED)
    return [*options, f"auto_type_candidates = [{candidates}]", *_looking(care)]


def _looking(care: Care) -> list[str]:
    return ["sample_size = -1"] if care.look_at_all else []
