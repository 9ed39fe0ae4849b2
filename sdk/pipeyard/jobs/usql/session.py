"""A database for one script. Its tables move to temporary files when they are larger than the memory for them."""

import re
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipeyard._core.usql.plan import ExtractStep, OutputStep, QueryStep, Statement, Step
from pipeyard._core.usql.prelude import PRELUDE
from pipeyard._core.usql.reading import MARK, create_table, read_file
from pipeyard._optional import require
from pipeyard.exceptions import UserErrorException
from pipeyard.jobs import _step
from pipeyard.jobs.usql.files import as_utf8, find_files

MEMORY_LIMIT = "2GB"
"""What goes beyond is kept in files below the job's temporary folder."""
ROWS_AT_ONCE = 10_000
DEEPEST = 5_000
"""Expressions may be nested this deeply in SQL, where one of a script becomes several."""
_CSV_LINE = re.compile(r"CSV Error on Line: (\d+)")
_CSV_REASON = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")


class Session:
    """An open database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._duckdb: Any = require("duckdb", "usql")

    def __enter__(self) -> Self:
        spill = self._folder / "spill"
        spill.mkdir()
        options = {
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        self._connection = self._duckdb.connect(config=options)
        self._connection.execute(f"SET max_expression_depth = {DEEPEST}")
        for macro in PRELUDE:
            self._connection.execute(macro)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def run(self, step: Step) -> None:
        """One step of a plan; a line of the log says what it did.

        Raises:
            UserErrorException: A file or a value is not what the script says.
        """
        began = time.perf_counter()
        match step:
            case ExtractStep():
                said = self._extract(step)
            case QueryStep():
                count = self._execute(step.statement, step.rowset).fetchone()
                said = f"{step.rowset}: {count[0]} rows"
            case OutputStep():
                said = self._output(step)
        _step.say(f"{said} in {time.perf_counter() - began:.2f} s")

    def _execute(self, statement: Statement, what: str) -> Any:
        try:
            return self._connection.execute(statement.sql, statement.parameters)
        except self._duckdb.Error as error:
            raise UserErrorException(f"{what}: {_sentence(error)}") from error

    def _extract(self, step: ExtractStep) -> str:
        self._execute(create_table(step.table, step.columns), step.rowset)
        rows, count = 0, 0
        for files in step.files:
            for path, values in find_files(files):
                readable = as_utf8(path, step.format.encoding, self._folder / "utf8.txt")
                rows += self._read(step, path, readable, values)
                count += 1
        return f"{step.rowset}: {rows} rows from {count} file{'' if count == 1 else 's'}"

    def _read(self, step: ExtractStep, path: str, readable: str, values: dict[str, str]) -> int:
        statement = read_file(step, readable, values)
        try:
            return int(self._connection.execute(statement.sql, statement.parameters).fetchone()[0])
        except self._duckdb.Error as error:
            raise UserErrorException(_read_fault(str(error), path)) from error

    def _output(self, step: OutputStep) -> str:
        path = Path(step.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        end, count = step.format.row_delimiter, 0
        with path.open("w", encoding=step.format.encoding, newline="") as file:
            if step.header is not None:
                file.write(step.header + end)
            try:
                cursor = self._connection.execute(step.statement.sql, step.statement.parameters)
                while rows := cursor.fetchmany(ROWS_AT_ONCE):
                    file.writelines(row[0] + end for row in rows)
                    count += len(rows)
            except self._duckdb.Error as error:
                raise UserErrorException(f"OUTPUT {step.rowset}: {_sentence(error)}") from error
            except UnicodeEncodeError as error:
                message = f"OUTPUT {step.rowset}: a text cannot be written in the encoding of the file: {error}"
                raise UserErrorException(message) from error
        return f"OUTPUT {step.rowset}: {count} rows to {path.name}, {path.stat().st_size} bytes"


def _sentence(error: Exception) -> str:
    """The database's own words without its advice about its own settings."""
    text = str(error).split("\n", maxsplit=1)[0]
    return text.partition(": ")[2] or text


def _read_fault(text: str, path: str) -> str:
    """Where in a file something is wrong, and what."""
    if text.count(MARK) >= 5:  # noqa: PLR2004 - marks around four texts
        _, line, column, type_, *rest = text.split(MARK)
        return f"{path}, line {line}, column {column}: the text {rest[0]!r} is no {type_}."
    line_match, reason = _CSV_LINE.search(text), _CSV_REASON.search(text)
    place = f"{path}, line {line_match[1]}" if line_match else path
    if reason is not None:
        return f"{place}: {reason[2]} columns, but EXTRACT names {reason[1]}."
    first = text.split("\n")
    detail = next((line.strip() for line in first[1:] if line.strip() and not line.startswith("Original")), first[0])
    return f"{place}: {detail}"
