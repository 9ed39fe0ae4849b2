"""v1's reading options as `pipeyard._core.dataset_views`, with everything checked that can be checked at once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from pipeyard._core.dataset_views import (
    DatasetView,
    DelimitedFormat,
    FileFormat,
    JsonLinesFormat,
    ParquetFormat,
    Transformation,
)
from pipeyard.data._column_types import column_types
from pipeyard.data._encodings import check_encoding
from pipeyard.data._evaluation.partition_format import PartitionFormat
from pipeyard.data.dataset_type_definitions import PromoteHeadersBehavior
from pipeyard.exceptions import UserErrorException

type ColumnTypes = Mapping[str, Any] | None

SAME_HEADERS = PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS
NO_HEADERS = PromoteHeadersBehavior.NO_HEADERS


def file_view(partition_format: str | None = None) -> DatasetView:
    """Files, not rows."""
    return _view(None, (), partition_format, include_path=False)


def delimited_view(
    *,
    separator: str = ",",
    header: bool | PromoteHeadersBehavior = True,
    partition_format: str | None = None,
    include_path: bool = False,
    infer_column_types: bool = True,
    set_column_types: ColumnTypes = None,
    support_multi_line: bool = False,
    empty_as_string: bool = False,
    encoding: str = "utf8",
) -> DatasetView:
    """Rows of delimited text.

    Raises:
        UserErrorException: An option cannot be.
    """
    if not isinstance(separator, str) or len(separator) != 1:
        raise UserErrorException(f"The separator {separator!r} must be one character.")
    types, steps = column_types(set_column_types)
    layout = DelimitedFormat(
        separator=separator,
        header=_has_header(header),
        encoding=check_encoding(encoding),
        infer_column_types=infer_column_types,
        empty_as_string=empty_as_string,
        support_multi_line=support_multi_line,
        column_types=types,
    )
    return _view(layout, steps, partition_format, include_path=include_path)


def parquet_view(
    *, partition_format: str | None = None, include_path: bool = False, set_column_types: ColumnTypes = None
) -> DatasetView:
    """Rows of Parquet files."""
    types, steps = column_types(set_column_types)
    return _view(ParquetFormat(column_types=types), steps, partition_format, include_path=include_path)


def json_lines_view(
    *,
    partition_format: str | None = None,
    include_path: bool = False,
    set_column_types: ColumnTypes = None,
    invalid_lines: str = "error",
    encoding: str = "utf8",
) -> DatasetView:
    """Objects, one per line.

    Raises:
        UserErrorException: An option cannot be.
    """
    if invalid_lines not in {"error", "drop"}:
        raise UserErrorException(f"invalid_lines is {invalid_lines!r}; it must be 'error' or 'drop'.")
    types, steps = column_types(set_column_types)
    layout = JsonLinesFormat(
        invalid_lines="drop" if invalid_lines == "drop" else "error",
        encoding=check_encoding(encoding),
        column_types=types,
    )
    return _view(layout, steps, partition_format, include_path=include_path)


def with_step(view: DatasetView, operation: str, **arguments: Any) -> DatasetView:
    """The same view with one more transformation.

    Raises:
        UserErrorException: There are too many.
    """
    steps = (*view.transformations, Transformation(operation=operation, arguments=arguments))
    try:
        return DatasetView.model_validate(
            {**view.model_dump(), "transformations": [step.model_dump() for step in steps]}
        )
    except ValidationError as error:
        raise UserErrorException(f"The dataset cannot be transformed once more: {error.errors()[0]['msg']}.") from error


def columns_argument(columns: str | Iterable[str]) -> list[str]:
    """One column or several, as a list.

    Raises:
        UserErrorException: There is none, or something is no text.
    """
    names = [columns] if isinstance(columns, str) or not isinstance(columns, Iterable) else list(columns)
    if not names or not all(isinstance(name, str) and name for name in names):
        raise UserErrorException(f"{columns!r} names no columns. Give a name or a list of names.")
    return names


def _view(
    layout: FileFormat | None,
    steps: Sequence[Transformation],
    partition_format: str | None,
    *,
    include_path: bool,
) -> DatasetView:
    keys = PartitionFormat(partition_format).columns if partition_format else ()
    return DatasetView(
        format=layout,
        partition_format=partition_format,
        include_path=include_path,
        transformations=tuple(steps),
        partition_keys=tuple(keys),
    )


def _has_header(header: bool | PromoteHeadersBehavior) -> bool:  # noqa: FBT001  (v1's argument is either)
    if isinstance(header, bool):
        return header
    if not isinstance(header, PromoteHeadersBehavior):
        raise UserErrorException(f"header must be True, False or a PromoteHeadersBehavior, not {header!r}.")
    if header in {SAME_HEADERS, NO_HEADERS}:
        return header is SAME_HEADERS
    raise UserErrorException(
        f"header={header.name} is not offered: files are read with or without headers, all alike. "
        "Use ALL_FILES_HAVE_SAME_HEADERS or NO_HEADERS, or one dataset for each kind of file."
    )
