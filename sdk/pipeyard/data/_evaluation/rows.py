"""An open dataset: the connection, the query, its columns. It is closed with its `with` block."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard._core.dataset_views import DatasetView, ParquetFormat
from pipeyard.data._evaluation.cache import scratch_folder
from pipeyard.data._evaluation.files import LocalFile
from pipeyard.data._evaluation.odd_rows import odd_row
from pipeyard.data._evaluation.packages import connect, load_duckdb
from pipeyard.data._evaluation.readers import Care
from pipeyard.data._evaluation.scans import scan_files
from pipeyard.data._evaluation.sql import Parameters
from pipeyard.data._evaluation.steps import apply_steps
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    import duckdb

CAREFUL = (
    Care(look_at_all=True),
    Care(look_at_all=True, fill_rows=True),
    Care(look_at_all=True, fill_rows=True, one_thread=True),
)
CARES = (Care(), *CAREFUL)
"""What is tried in turn: the types and the shape that the first rows suggest may not hold for the last."""

_OPTIONS = re.compile(r"\n\s+delimiter = .*|\n\s*LINE \d+: .*|\nThe search space used was:.*", re.DOTALL)
"""What the engine's errors list at their end."""

_IN_TEXT = re.compile(r"CSV Error|sniffing file")
"""In the engine's errors about rows of text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """An open dataset.

    Attributes:
        connection: With the query's files at hand.
        sql: The query.
        values: What is bound in it.
        columns: DuckDB's types by name, in order.
        scratch: A folder that lives as long.
    """

    connection: "duckdb.DuckDBPyConnection"
    sql: str
    values: dict[str, Any]
    columns: dict[str, str]
    scratch: Path

    def execute(self, sql: str | None = None) -> "duckdb.DuckDBPyConnection":
        """Run the query, or another one in which `{rows}` stands for it."""
        text = self.sql if sql is None else sql.replace("{rows}", f"({self.sql})")
        return self.connection.execute(text, self.values) if self.values else self.connection.execute(text)


def read_rows[Result](
    view: DatasetView, files: Sequence[LocalFile], use: Callable[[Rows], Result], *, strict: bool = False
) -> Result:
    """What `use` makes of the rows. It is called again, with more care, if the data is not what its first rows suggest.

    Raises:
        UserErrorException: The files cannot be read as the view says.
    """
    duckdb = load_duckdb()
    for care in CARES:
        try:
            with open_rows(view, files, care=care, strict=strict) as rows:
                return use(rows)
        except duckdb.Error as error:
            if care is CARES[-1] or isinstance(view.format, ParquetFormat):
                raise unreadable(error, view, files) from error
    raise AssertionError  # pragma: no cover  (the last round returns or raises)


@contextmanager
def open_rows(view: DatasetView, files: Sequence[LocalFile], *, care: Care, strict: bool = False) -> Iterator[Rows]:
    """The rows of files after all transformations. Errors of the engine are left as they are."""
    with scratch_folder() as scratch, connect(str(scratch)) as connection:
        parameters = Parameters()
        scan = scan_files(connection, view, files, scratch=scratch, parameters=parameters, care=care, strict=strict)
        last = apply_steps(scan, view.transformations, parameters)
        yield Rows(connection=connection, sql=last.sql, values=parameters.values, columns=last.columns, scratch=scratch)


def unreadable(error: Exception, view: DatasetView, files: Sequence[LocalFile]) -> UserErrorException:
    """An error of the engine, in the SDK's form; the row that it could not take is named by file and line."""
    reason = _OPTIONS.sub("", str(error)).strip()
    for file in files:  # by the names that people know, not by where copies of them lie
        reason = reason.replace(str(file.local), file.file.name)
    if isinstance(error, load_duckdb().BinderException):
        return UserErrorException(f"The dataset's transformations do not fit the types of its columns: {reason}")
    odd = odd_row(view, files) if _IN_TEXT.search(reason) else None
    return UserErrorException(f"The dataset's files cannot be read as its definition says: {odd or reason}")
