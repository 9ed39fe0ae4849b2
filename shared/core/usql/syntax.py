"""What a script says, as a tree. Places are part of every node and count for nothing when nodes are compared."""

from dataclasses import dataclass, field

from .problems import Position

NOWHERE = Position(1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Something of the script."""

    position: Position = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class TypeName(Node):
    """`int?`."""

    name: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A value; `type` is the C# type's name, `null` for null. Numbers stay texts."""

    type: str
    value: str | bool | None


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A column, an alias or a class of .NET."""

    name: str


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """`@name`; the sign is part of the name."""

    name: str


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`owner.name`."""

    owner: "Expression"
    name: str


@dataclass(frozen=True, slots=True)
class Sort(Node):
    """An expression of an ORDER BY."""

    expression: "Expression"
    descending: bool


@dataclass(frozen=True, slots=True)
class Window(Node):
    """What stands in OVER; `frame` is SQL already, its words being the same."""

    partition: tuple["Expression", ...]
    order: tuple[Sort, ...]
    frame: str


@dataclass(frozen=True, slots=True)
class Named(Node):
    """An argument with a name, `skipFirstNRows: 1`."""

    name: str
    value: "Expression"


@dataclass(frozen=True, slots=True)
class Star(Node):
    """`*` as an argument or in a SELECT; `owner` is set for `a.*`."""

    owner: "Expression | None" = None


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`function(arguments)`, with OVER perhaps."""

    function: "Expression"
    arguments: tuple["Argument", ...]
    distinct: bool = False
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x`, `+x`, `!x`, `NOT x`."""

    operator: str
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Two operands."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`condition ? yes : no`."""

    condition: "Expression"
    yes: "Expression"
    no: "Expression"


@dataclass(frozen=True, slots=True)
class Cast(Node):
    """`(int) x`."""

    type: TypeName
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class SqlTest(Node):
    """`x IS NULL`, `x IN (...)`, `x BETWEEN a AND b`, `x LIKE "a%"`, perhaps with NOT."""

    kind: str
    operand: "Expression"
    others: tuple["Expression", ...]
    negated: bool


Expression = Literal | Name | Variable | Member | Call | Unary | Binary | Conditional | Cast | SqlTest | Star
Argument = Expression | Named


@dataclass(frozen=True, slots=True)
class ColumnDefinition(Node):
    """`Name type` of an EXTRACT."""

    name: str
    type: TypeName


@dataclass(frozen=True, slots=True)
class Ordering(Node):
    """ORDER BY with OFFSET and FETCH."""

    sorts: tuple[Sort, ...]
    offset: Expression | None
    fetch: Expression | None


@dataclass(frozen=True, slots=True)
class Item(Node):
    """An expression of a SELECT."""

    expression: Expression
    alias: str | None


@dataclass(frozen=True, slots=True)
class RowsetSource(Node):
    """`@rows AS r`."""

    variable: str
    alias: str | None


@dataclass(frozen=True, slots=True)
class QuerySource(Node):
    """`(SELECT ...) AS q`."""

    query: "Query"
    alias: str


@dataclass(frozen=True, slots=True)
class ValuesSource(Node):
    """`(VALUES (...), (...)) AS t(a, b)`."""

    rows: tuple[tuple[Expression, ...], ...]
    alias: str
    columns: tuple[str, ...]


SourceItem = RowsetSource | QuerySource | ValuesSource


@dataclass(frozen=True, slots=True)
class Join(Node):
    """A further source; `kind` is its words, `CROSS JOIN` without a condition."""

    kind: str
    source: SourceItem
    condition: Expression | None


@dataclass(frozen=True, slots=True)
class Select(Node):
    """A SELECT without its ORDER BY."""

    distinct: bool
    items: tuple[Item | Star, ...]
    first: SourceItem
    joins: tuple[Join, ...]
    where: Expression | None
    groups: tuple[Expression, ...]
    having: Expression | None


@dataclass(frozen=True, slots=True)
class SetOperation(Node):
    """UNION, EXCEPT or INTERSECT."""

    operator: str
    every: bool
    left: "QueryTerm"
    right: "QueryTerm"


@dataclass(frozen=True, slots=True)
class Query(Node):
    """A query with its ORDER BY."""

    body: "QueryTerm"
    ordering: Ordering | None


QueryTerm = Select | SetOperation | Query


@dataclass(frozen=True, slots=True)
class Declare(Node):
    """`DECLARE @x int = 5`."""

    variable: str
    external: bool
    type: TypeName | None
    value: Expression


@dataclass(frozen=True, slots=True)
class Assign(Node):
    """`@rows = SELECT ...`."""

    variable: str
    query: Query


@dataclass(frozen=True, slots=True)
class ExtractStatement(Node):
    """`@rows = EXTRACT ...`."""

    variable: str
    columns: tuple[ColumnDefinition, ...]
    paths: tuple[Expression, ...]
    using: Expression


@dataclass(frozen=True, slots=True)
class OutputStatement(Node):
    """`OUTPUT @rows TO ...`."""

    variable: str
    path: Expression
    ordering: Ordering | None
    using: Expression


@dataclass(frozen=True, slots=True)
class Broken(Node):
    """What would have been a rowset or a variable: its statement could not be read, which has been told."""

    variable: str
    declared: bool


Statement = Declare | Assign | ExtractStatement | OutputStatement | Broken
