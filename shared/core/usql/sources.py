"""What stands behind FROM: rowsets, queries, VALUES, and how they are joined."""

from collections.abc import Callable
from dataclasses import dataclass

from ..wording import listed, quoted
from . import syntax
from .expressions import bind, truth
from .problems import Position
from .scopes import Column, Scope, Script, Source, Sql
from .types import Type, common

type BindQuery = Callable[[syntax.Query, Script], "Selected | None"]

_KINDS = {
    "JOIN": "INNER JOIN",
    "INNER JOIN": "INNER JOIN",
    "LEFT JOIN": "LEFT JOIN",
    "LEFT OUTER JOIN": "LEFT JOIN",
    "OUTER JOIN": "LEFT JOIN",
    "RIGHT JOIN": "RIGHT JOIN",
    "RIGHT OUTER JOIN": "RIGHT JOIN",
    "FULL JOIN": "FULL JOIN",
    "FULL OUTER JOIN": "FULL JOIN",
    "SEMIJOIN": "SEMI JOIN",
    "LEFT SEMIJOIN": "SEMI JOIN",
    "ANTISEMIJOIN": "ANTI JOIN",
    "LEFT ANTISEMIJOIN": "ANTI JOIN",
    "CROSS JOIN": "CROSS JOIN",
}
_LEFT_NULLS = frozenset({"RIGHT JOIN", "FULL JOIN"})
_RIGHT_NULLS = frozenset({"LEFT JOIN", "FULL JOIN"})
_LEFT_ONLY = frozenset({"SEMI JOIN", "ANTI JOIN"})


@dataclass(frozen=True, slots=True)
class Selected:
    """A query as SQL, and its columns."""

    sql: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """Everything behind FROM as SQL, and what can be named in the query."""

    sql: str
    sources: tuple[Source, ...]


def join_all(select: syntax.Select, script: Script, bind_query: BindQuery) -> Joined | None:
    """The sources of a SELECT; None where one could not be bound, which has been told."""
    first = _source(select.first, script, bind_query)
    joined = None if first is None else Joined(first[0], (first[1],))
    for join in select.joins:
        right = _source(join.source, script, bind_query)
        joined = None if joined is None or right is None else _join(joined, join, right, script)
    return joined


def _source(node: syntax.SourceItem, script: Script, bind_query: BindQuery) -> tuple[str, Source] | None:
    alias = script.fresh("s")
    match node:
        case syntax.RowsetSource(variable=variable):
            rowset = script.rowsets.get(variable)
            if rowset is None:
                hint = script.suggester.suggest(variable, list(script.rowsets))
                script.report(
                    node.position, f"The rowset {quoted(variable)} is not known." + (f" {hint}" if hint else "")
                )
                return None
            if rowset.columns is None:
                return None
            names = (node.alias,) if node.alias is not None else (variable,)
            return f"{rowset.table} AS {alias}", Source(names, alias, rowset.columns)
        case syntax.QuerySource(query=query):
            selected = bind_query(query, script)
            if selected is None:
                return None
            return f"({selected.sql}) AS {alias}", Source((node.alias,), alias, selected.columns)
        case _:
            return _values(node, alias, script)


def _values(node: syntax.ValuesSource, alias: str, script: Script) -> tuple[str, Source] | None:
    scope = Scope(script, clause="VALUES")
    rows: list[list[Sql]] = []
    for row in node.rows:
        cells = [bind(cell, scope) for cell in row]
        if len(cells) != len(node.columns):
            message = f"The row has {len(cells)} values for the {len(node.columns)} columns of {quoted(node.alias)}."
            script.report(row[0].position, message)
            return None
        rows.append(cells)
    if any(cell.failed for cells in rows for cell in cells) or duplicates(list(node.columns), node.position, script):
        return None
    types: list[Type] = []
    for number in range(len(node.columns)):
        type_: Type | None = rows[0][number].type
        for cells in rows[1:]:
            type_ = common(type_, cells[number].type) if type_ is not None else None
        if type_ is None or type_.name in {"null", "TimeSpan"}:
            found = listed(list(dict.fromkeys(quoted(str(cells[number].type)) for cells in rows)))
            message = (
                f"The values of column {quoted(node.columns[number])} must be of one type of columns, not {found}."
            )
            script.report(node.rows[0][number].position, message)
            return None
        types.append(type_)
    lines = [
        ", ".join(f"CAST({cell.text} AS {type_.sql})" for cell, type_ in zip(cells, types, strict=True))
        for cells in rows
    ]
    columns = tuple(Column(name, type_) for name, type_ in zip(node.columns, types, strict=True))
    names = ", ".join(f"c{number}" for number in range(len(columns)))
    sql = f"(VALUES {', '.join(f'({line})' for line in lines)}) AS {alias}({names})"
    return sql, Source((node.alias,), alias, columns)


def duplicates(names: list[str], position: Position, script: Script) -> bool:
    """Whether a name occurs twice among columns, which is told."""
    twice = [name for number, name in enumerate(names) if name in names[:number]]
    for name in dict.fromkeys(twice):
        script.report(position, f"There are two columns {quoted(name)}: give one of them another name with AS.")
    return bool(twice)


def _join(left: Joined, node: syntax.Join, right: tuple[str, Source], script: Script) -> Joined | None:
    sql, source = right
    kind = _KINDS.get(node.kind)
    if kind is None:
        script.report(node.position, f"{node.kind} is not covered. Write the two sides the other way round, with LEFT.")
        return None
    taken = [name for each in left.sources for name in each.names]
    if source.names[0] in taken:
        script.report(
            node.position, f"{quoted(source.names[0])} is there already: give one of them another name with AS."
        )
        return None
    condition = ""
    if node.condition is not None:
        bound = truth(node.condition, Scope(script, (*left.sources, source), clause="ON"))
        if bound.failed:
            return None
        condition = f" ON {_conjunction(node.condition, Scope(script, (*left.sources, source), clause='ON'))}"
    sources = tuple(_with_nulls(each) for each in left.sources) if kind in _LEFT_NULLS else left.sources
    if kind not in _LEFT_ONLY:
        sources = (*sources, _with_nulls(source) if kind in _RIGHT_NULLS else source)
    return Joined(f"{left.sql} {kind} {sql}{condition}", sources)


def _conjunction(node: syntax.Expression, scope: Scope) -> str:
    """A condition with its `&&` as SQL's AND, so that the database sees the columns that it joins by."""
    if isinstance(node, syntax.Binary) and node.operator in {"&&", "AND"}:
        return f"{_conjunction(node.left, scope)} AND {_conjunction(node.right, scope)}"
    return truth(node, scope).text


def _with_nulls(source: Source) -> Source:
    columns = tuple(Column(column.name, column.type.or_null()) for column in source.columns)
    return Source(source.names, source.alias, columns)
