"""SQL that reads a file into a table, by the rules of the Extractors."""

from collections.abc import Mapping

from .plan import ExtractStep, Statement
from .scopes import Column
from .texts import parse

_NO_TEXT = "\x01\x02"
_LONGEST_LINE = 4 * 1024 * 1024
MARK = "\x1f"
"""Stands around line, column, type and text in the database's error about a value that cannot be converted."""


def create_table(table: str, columns: tuple[Column, ...]) -> Statement:
    """The table that rows of files go to."""
    return Statement(f"CREATE TABLE {table} ({', '.join(f'c{n} {each.type.sql}' for n, each in enumerate(columns))})")


def read_file(step: ExtractStep, path: str, values: Mapping[str, str]) -> Statement:
    """Append the rows of one file; the values are those that its path gives."""
    in_file = [column for column in step.columns if column.name not in step.from_paths]
    parameters = {"path": path}
    cells: dict[str, str] = {f"f{number}": column.name for number, column in enumerate(in_file)}
    field_of = {name: field for field, name in cells.items()}
    selected: list[str] = []
    kept: list[str] = []
    for number, column in enumerate(step.columns):
        if column.name in field_of:
            raw, failure = field_of[column.name], None
            if not step.format.silent and column.type.name != "string":
                failure = _failure(raw, column, parameters, number)
        else:
            parameters[f"v{number}"] = values[column.name]
            raw, failure = f"$v{number}", _path_failure(column, f"$v{number}")
        value = parse(f"CAST({raw} AS VARCHAR)" if raw.startswith("$") else raw, column.type)
        selected.append(f"{_cell(raw, value, column, step, failure)} AS c{number}")
        if step.format.silent and column.name in field_of and not column.type.nullable:
            kept.append(f"c{number} IS NOT NULL")
    where = f" WHERE {' AND '.join(kept)}" if kept else ""
    source = _read(step, [*cells], parameters)
    inner = f"SELECT {', '.join(selected)} FROM {source}"
    return Statement(f"INSERT INTO {step.table} SELECT * FROM ({inner}){where}", parameters)


def _cell(raw: str, value: str, column: Column, step: ExtractStep, failure: str | None) -> str:
    whens: list[str] = []
    if step.format.null_text is not None and column.type.nullable:
        # Parameters stand in read_csv as well; this text is one of its own.
        whens.append(f"WHEN {raw} = $null_text THEN NULL")
    if column.type.nullable and column.type.name != "string":
        whens.append(f"WHEN {raw} = '' THEN NULL")
    if failure is not None and column.type.name != "string":
        whens.append(f"WHEN ({value}) IS NULL THEN {failure}")
    cases = f"CASE {' '.join(whens)} ELSE {value} END" if whens else value
    return f"CAST({cases} AS {column.type.sql})"


def _failure(raw: str, column: Column, parameters: dict[str, str], number: int) -> str:
    parameters[f"n{number}"] = column.name
    mark = f"chr({ord(MARK)})"
    parts = (mark, "CAST(line AS VARCHAR)", mark, f"$n{number}", mark, f"'{column.type}'", mark, raw, mark)
    return f"error({' || '.join(parts)})"


def _path_failure(column: Column, raw: str) -> str:
    return f"error('The part ' || {raw} || ' of the path is no {column.type}.')"


def _read(step: ExtractStep, fields: list[str], parameters: dict[str, str]) -> str:
    form = step.format
    quote = '"' if form.quoting else ""
    parameters |= {"delimiter": form.delimiter, "quote": quote, "no_text": _NO_TEXT}
    if form.null_text is not None and any(column.type.nullable for column in step.columns):
        parameters["null_text"] = form.null_text
    columns = ", ".join(f"'{field}': 'VARCHAR'" for field in fields)
    options = (
        f"columns = {{{columns}}}, delim = $delimiter, quote = $quote, escape = $quote, nullstr = $no_text, "
        "header = false, auto_detect = false, parallel = false, allow_quoted_nulls = false, strict_mode = true, "
        f"skip = {form.skip_rows}, ignore_errors = {str(form.silent).lower()}, max_line_size = {_LONGEST_LINE}"
    )
    return f"(SELECT row_number() OVER () + {form.skip_rows} AS line, * FROM read_csv($path, {options}))"
