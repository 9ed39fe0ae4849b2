"""`set_column_types`: v1's `DataType` objects as the plain words that a dataset's definition holds."""

from collections.abc import Mapping
from typing import Any, get_args

from pipeyard._core.dataset_views import ColumnType, Transformation
from pipeyard.data.data_type import DataType
from pipeyard.exceptions import UserErrorException

WORDS: tuple[str, ...] = get_args(ColumnType)


def column_types(given: Mapping[str, Any] | None) -> tuple[dict[str, ColumnType], tuple[Transformation, ...]]:
    """Types by column, and what parses dates that are written in formats of their own.

    Args:
        given: A `DataType`, or one of the words string, int, float, bool and datetime, by column.

    Raises:
        UserErrorException: A type is none.
    """
    types: dict[str, ColumnType] = {}
    formats: dict[str, list[str]] = {}
    for column, kind in (given or {}).items():
        chosen = kind if isinstance(kind, DataType) else DataType(str(kind))
        if chosen.kind not in WORDS:
            raise UserErrorException(
                f"{kind!r} is no type for the column {column!r}. Use DataType.to_string(), to_long(), to_float(), "
                "to_bool() or to_datetime()."
            )
        types[column] = chosen.kind  # type: ignore[assignment]  # one of WORDS
        if chosen.formats:
            types[column] = "string"
            formats[column] = list(chosen.formats)
    steps = (Transformation(operation="parse_datetime", arguments={"formats": formats}),) if formats else ()
    return types, steps
