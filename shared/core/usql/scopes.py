"""What names mean at a place of a script: rowsets with their columns, declared variables, values of literals."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..wording import Suggester, quoted
from .problems import Position, Problem
from .types import ERROR, Type

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL and the type of its value. It holds names made here and parameters, no text of the script."""

    text: str
    type: Type

    @property
    def failed(self) -> bool:
        """Whether it stands for something that could not be bound."""
        return self.type.name == "error"


FAILED = Sql("NULL", ERROR)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a rowset; its name in the database is its number."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Rowset:
    """A table and its columns; None where they could not be made out, which is told where it happened."""

    table: str
    columns: tuple[Column, ...] | None


@dataclass(frozen=True, slots=True)
class Source:
    """A rowset inside of a query.

    Attributes:
        names: What its columns can be qualified with.
        alias: Its name in the SQL.
    """

    names: tuple[str, ...]
    alias: str
    columns: tuple[Column, ...]

    def sql(self, number: int) -> Sql:
        """One of its columns."""
        return Sql(f"{self.alias}.c{number}", self.columns[number].type)

    def find(self, name: str) -> Sql | None:
        """A column by name."""
        for number, column in enumerate(self.columns):
            if column.name == name:
                return self.sql(number)
        return None


@dataclass(frozen=True, slots=True)
class Declared:
    """A variable of DECLARE."""

    sql: Sql
    value: Value
    known: bool


@dataclass(slots=True)
class Script:
    """What is known so far of a script, and what is wrong with it."""

    externals: Mapping[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Declared] = field(default_factory=dict)
    rowsets: dict[str, Rowset] = field(default_factory=dict)
    counter: int = 0
    suggester: Suggester = field(default_factory=Suggester)

    def report(self, position: Position, message: str) -> Sql:
        """Take down a problem; gives what stands for the thing instead."""
        self.problems.append(Problem(position, message))
        return FAILED

    def text(self, value: str) -> str:
        """A text as a parameter: equal texts share one, so that equal expressions stay equal."""
        return self.parameters.setdefault(value, f"$p{len(self.parameters)}")

    def fresh(self, prefix: str) -> str:
        """A name that nothing has yet."""
        self.counter += 1
        return f"{prefix}{self.counter}"


@dataclass(slots=True)
class Scope:
    """The place of an expression.

    Attributes:
        aliases: What HAVING and ORDER BY can name besides columns.
        aliases_first: Whether those win over columns.
        groups: SQL of the grouping expressions, None outside of grouped queries.
        aggregates: Whether aggregates may stand here.
        windows: Whether OVER may stand here.
        clause: For sentences.
    """

    script: Script
    sources: tuple[Source, ...] = ()
    aliases: Mapping[str, Sql] = field(default_factory=dict)
    aliases_first: bool = False
    groups: frozenset[str] | None = None
    aggregates: bool = False
    windows: bool = False
    clause: str = "here"

    def report(self, position: Position, message: str) -> Sql:
        """Take down a problem."""
        return self.script.report(position, message)

    def source(self, name: str) -> Source | None:
        """A rowset of the query by its alias."""
        return next((source for source in self.sources if name in source.names), None)

    def column(self, name: str, position: Position) -> Sql:
        """A column without a qualifier."""
        if self.aliases_first and name in self.aliases:
            return self.aliases[name]
        found = [sql for source in self.sources if (sql := source.find(name)) is not None]
        if len(found) > 1:
            owners = [source.names[0] for source in self.sources if source.find(name) is not None and source.names]
            message = (
                f"{quoted(name)} is ambiguous: write `{owners[0]}.{name}`."
                if owners
                else f"{quoted(name)} is ambiguous."
            )
            return self.report(position, message)
        if found:
            return found[0]
        if name in self.aliases:
            return self.aliases[name]
        hint = self.script.suggester.suggest(name, list(dict.fromkeys(self._names())))
        message = f"There is no column {quoted(name)} here." + (f" {hint}" if hint else "")
        return self.report(position, message)

    def _names(self) -> Iterator[str]:
        yield from (column.name for source in self.sources for column in source.columns)
        yield from self.aliases
