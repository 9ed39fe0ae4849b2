"""Transformations of rows as nested SQL. The order of rows is the files', and random choices hang on a row's number."""

# ruff: noqa: S608  (names are quoted, values are bound)

import math
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from pipeyard._core.dataset_views import Transformation
from pipeyard._core.expressions import Filter
from pipeyard.data._evaluation.filters import condition
from pipeyard.data._evaluation.scans import Scan
from pipeyard.data._evaluation.sql import Parameters, identifier, identifiers
from pipeyard.exceptions import UserErrorException

ROW_NUMBER = "__pipeyard_row"
DRAW_DIGITS = 13
ABOVE_ALL_DIGESTS = "g"

type Step = Callable[[Scan, dict[str, Any], Parameters], Scan]


def apply_steps(scan: Scan, steps: tuple[Transformation, ...], parameters: Parameters) -> Scan:
    """The rows after all transformations.

    Raises:
        UserErrorException: One is unknown, or names columns that do not exist.
    """
    for step in steps:
        if step.operation not in STEPS:
            raise UserErrorException(
                f"The dataset's definition has the transformation {step.operation!r}, which this version of pipeyard "
                f"does not know. It knows {', '.join(STEPS)}."
            )
        scan = STEPS[step.operation](scan, step.arguments, parameters)
    return scan


def _take(scan: Scan, arguments: dict[str, Any], parameters: Parameters) -> Scan:
    return _over(scan, "*", f"LIMIT {parameters.bind(int(arguments['count']))}")


def _skip(scan: Scan, arguments: dict[str, Any], parameters: Parameters) -> Scan:
    return _over(scan, "*", f"OFFSET {parameters.bind(int(arguments['count']))}")


def _keep(scan: Scan, arguments: dict[str, Any], parameters: Parameters) -> Scan:
    del parameters
    chosen = list(arguments["columns"])
    _check_columns(scan, chosen, "keep_columns")
    columns = {name: scan.columns[name] for name in chosen}
    return Scan(sql=_over(scan, identifiers(columns)).sql, columns=columns)


def _drop(scan: Scan, arguments: dict[str, Any], parameters: Parameters) -> Scan:
    del parameters
    _check_columns(scan, arguments["columns"], "drop_columns")
    columns = {name: kind for name, kind in scan.columns.items() if name not in arguments["columns"]}
    if not columns:
        raise UserErrorException("drop_columns drops every column of the dataset. Keep at least one.")
    return Scan(sql=_over(scan, identifiers(columns)).sql, columns=columns)


def _filter(scan: Scan, arguments: dict[str, Any], parameters: Parameters) -> Scan:
    try:
        chosen = Filter.model_validate(arguments)
    except ValidationError as error:
        raise UserErrorException(f"The filter of the dataset's definition cannot be read: {error}.") from error
    return _over(scan, "*", f"WHERE {condition(chosen.expression, scan.columns, parameters)}")


def _sample(scan: Scan, arguments: dict[str, Any], parameters: Parameters) -> Scan:
    return _drawn(scan, "<", arguments["probability"], arguments["seed"], parameters)


def _split(scan: Scan, arguments: dict[str, Any], parameters: Parameters) -> Scan:
    operator = "<" if arguments["part"] == "first" else ">="
    return _drawn(scan, operator, arguments["percentage"], arguments["seed"], parameters)


def _timestamps(scan: Scan, arguments: dict[str, Any], parameters: Parameters) -> Scan:
    del parameters
    _check_columns(scan, [name for name in arguments.values() if name], "with_timestamp_columns")
    return scan


def _parse_datetime(scan: Scan, arguments: dict[str, Any], parameters: Parameters) -> Scan:
    formats: dict[str, list[str]] = arguments["formats"]
    _check_columns(scan, list(formats), "set_column_types")
    pieces = []
    for name in scan.columns:
        column = identifier(name)
        if name in formats:
            column = f"try_strptime({column}, CAST({parameters.bind(formats[name])} AS VARCHAR[])) AS {column}"
        pieces.append(column)
    columns = scan.columns | dict.fromkeys(formats, "TIMESTAMP")
    return Scan(sql=_over(scan, ", ".join(pieces)).sql, columns=columns)


def _drawn(scan: Scan, operator: str, share: float, seed: int, parameters: Parameters) -> Scan:
    """Rows whose draw, a number from 0 up to 1 that hangs on seed and row number, is on one side of a share."""
    number = identifier(ROW_NUMBER)
    digest = f"md5({parameters.bind(f'{seed}:')} || {number})"
    inner = f"SELECT *, row_number() OVER () AS {number} FROM ({scan.sql})"
    limit = parameters.bind(_limit(float(share)))
    sql = f"SELECT {identifiers(scan.columns)} FROM ({inner}) WHERE {digest} {operator} {limit}"
    return Scan(sql=sql, columns=scan.columns)


def _limit(share: float) -> str:
    """The digits below which so many of all digests are, compared as text."""
    return format(math.ceil(share * 16**DRAW_DIGITS), f"0{DRAW_DIGITS}x") if share < 1 else ABOVE_ALL_DIGESTS


def _over(scan: Scan, selected: str, tail: str = "") -> Scan:
    return Scan(sql=f"SELECT {selected} FROM ({scan.sql}) {tail}".rstrip(), columns=scan.columns)


def _check_columns(scan: Scan, columns: list[str], operation: str) -> None:
    missing = [name for name in columns if name not in scan.columns]
    if missing:
        raise UserErrorException(
            f"{operation} names {', '.join(missing)}, but the dataset's columns are {', '.join(scan.columns)}."
        )


STEPS: dict[str, Step] = {
    "take": _take,
    "skip": _skip,
    "keep_columns": _keep,
    "drop_columns": _drop,
    "filter": _filter,
    "take_sample": _sample,
    "random_split": _split,
    "with_timestamp_columns": _timestamps,
    "parse_datetime": _parse_datetime,
}
