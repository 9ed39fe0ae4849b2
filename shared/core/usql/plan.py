"""What a compiled script is: statements for DuckDB in their order, and the files that they read and write."""

from dataclasses import dataclass, field

from .file_sets import FileSet
from .scopes import Column


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with its parameters by name."""

    sql: str
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How rows stand in files.

    Attributes:
        null_text: The text that stands for null (`nullEscape`).
        header: Whether a written file begins with the names of the columns.
        time_format: strftime's format of DateTimes in written files.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    quoting: bool = True
    skip_rows: int = 0
    silent: bool = False
    null_text: str | None = None
    row_delimiter: str = "\r\n"
    header: bool = False
    time_format: str = ""


@dataclass(frozen=True, slots=True)
class ExtractStep:
    """Read files into a table.

    Attributes:
        rowset: Name in the script.
        columns: Those of the table; those that a file set's pattern gives are in no file.
    """

    rowset: str
    table: str
    columns: tuple[Column, ...]
    files: tuple[FileSet, ...]
    format: TextFormat

    @property
    def from_paths(self) -> frozenset[str]:
        """Names of the columns that a path gives."""
        return frozenset(name for files in self.files for name in files.columns)


@dataclass(frozen=True, slots=True)
class QueryStep:
    """Make a table of others."""

    rowset: str
    table: str
    statement: Statement
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class OutputStep:
    """Write a table to a file: `statement` gives each row as a line, complete but for its end."""

    rowset: str
    path: str
    statement: Statement
    needs: frozenset[str]
    header: str | None
    format: TextFormat


Step = ExtractStep | QueryStep | OutputStep


@dataclass(frozen=True, slots=True)
class Plan:
    """A script that can run. Rowsets that nothing written depends on are left out."""

    steps: tuple[Step, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Paths and patterns of files that are read."""
        return tuple(files.pattern for step in self.steps if isinstance(step, ExtractStep) for files in step.files)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Paths of files that are written."""
        return tuple(step.path for step in self.steps if isinstance(step, OutputStep))
