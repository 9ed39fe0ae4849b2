"""SELECT and the operations on sets."""

from dataclasses import replace

from ..wording import quoted
from . import aggregates, syntax
from .aggregates import sorted_by
from .expressions import bind, truth
from .scopes import Column, Scope, Script, Source, Sql
from .sources import Joined, Selected, duplicates, join_all


def bind_query(query: syntax.Query, script: Script) -> Selected | None:
    """A query as SQL; None where something is wrong with it, which has been told."""
    if query.ordering is not None and query.ordering.fetch is None and query.ordering.offset is None:
        message = "Rowsets have no order: ORDER BY needs a FETCH here. To write in an order, use OUTPUT ... ORDER BY."
        script.report(query.ordering.position, message)
    match query.body:
        case syntax.Select() as select:
            return _select(select, query.ordering, script)
        case syntax.SetOperation() as operation:
            selected = _set_operation(operation, script)
        case syntax.Query() as inner:
            selected = bind_query(inner, script)
    if selected is None or query.ordering is None:
        return selected
    return _ordered_whole(selected, query.ordering, script)


def _ordered_whole(selected: Selected, ordering: syntax.Ordering, script: Script) -> Selected | None:
    """A finished query, sorted by its own columns."""
    alias = script.fresh("s")
    clause = order_clause(ordering, Scope(script, (Source((), alias, selected.columns),), clause="ORDER BY"))
    return None if clause is None else Selected(f"SELECT * FROM ({selected.sql}) AS {alias}{clause}", selected.columns)


def order_clause(ordering: syntax.Ordering, scope: Scope) -> str | None:
    """ORDER BY, OFFSET and FETCH as SQL; None where something is wrong, which has been told."""
    sorts = [(bind(sort.expression, scope), sort.descending) for sort in ordering.sorts]
    parts = [f" ORDER BY {', '.join(sorted_by(sql, descending=down) for sql, down in sorts)}"]
    failed = any(sql.failed for sql, _ in sorts)
    for word, node in (("LIMIT", ordering.fetch), ("OFFSET", ordering.offset)):
        if node is None:
            continue
        count = bind(node, Scope(scope.script))
        if not count.failed and not count.type.integral:
            count = scope.report(node.position, "A number of rows must be a whole number.")
        failed = failed or count.failed
        parts.append(f" {word} {count.text}")
    return None if failed else "".join(parts)


def _select(node: syntax.Select, ordering: syntax.Ordering | None, script: Script) -> Selected | None:
    joined = join_all(node, script, bind_query)
    if joined is None:
        return None
    before = len(script.problems)
    where = None if node.where is None else truth(node.where, Scope(script, joined.sources, clause="WHERE"))
    groups = [bind(each, Scope(script, joined.sources, clause="GROUP BY")) for each in node.groups]
    grouped = bool(node.groups) or any(_aggregates(item) for item in node.items) or _aggregates(node.having)
    scope = Scope(script, joined.sources, aggregates=True, windows=True, clause="SELECT")
    if grouped:
        scope = replace(scope, groups=frozenset(group.text for group in groups))
    items = _items(node, joined, scope)
    aliases = dict(items)
    having = None
    if node.having is not None:
        having = truth(node.having, replace(scope, windows=False, aliases=aliases, clause="HAVING"))
    if duplicates([name for name, _ in items], node.position, script) or len(script.problems) > before:
        return None
    sql = _assemble(node, joined, items, where, groups, having)
    columns = tuple(Column(name, item.type) for name, item in items)
    if ordering is None:
        return Selected(sql, columns)
    if node.distinct:
        return _ordered_whole(Selected(sql, columns), ordering, script)
    # What is sorted by may be a column of the result, a column that is not selected, or an expression of both.
    clause = order_clause(ordering, replace(scope, aliases=aliases, aliases_first=True, clause="ORDER BY"))
    return None if clause is None else Selected(sql + clause, columns)


def _assemble(
    node: syntax.Select,
    joined: Joined,
    items: list[tuple[str, Sql]],
    where: Sql | None,
    groups: list[Sql],
    having: Sql | None,
) -> str:
    selected = ", ".join(f"CAST({sql.text} AS {sql.type.sql}) AS c{number}" for number, (_, sql) in enumerate(items))
    parts = [f"SELECT {'DISTINCT ' if node.distinct else ''}{selected} FROM {joined.sql}"]
    if where is not None:
        parts.append(f"WHERE {where.text}")
    if groups:
        parts.append(f"GROUP BY {', '.join(group.text for group in groups)}")
    if having is not None:
        parts.append(f"HAVING {having.text}")
    return " ".join(parts)


def _items(node: syntax.Select, joined: Joined, scope: Scope) -> list[tuple[str, Sql]]:
    items: list[tuple[str, Sql]] = []
    for item in node.items:
        if isinstance(item, syntax.Star):
            items += _star(item, joined, scope)
            continue
        sql = bind(item.expression, scope)
        name = item.alias or _own_name(item.expression)
        if name is None:
            scope.report(item.position, "An expression needs a name: write `AS name` behind it.")
            continue
        if sql.type.name in {"null", "TimeSpan"}:
            hint = "Cast it, such as `(int?) null`." if sql.type.name == "null" else "Use `.TotalSeconds` or the like."
            sql = scope.report(item.position, f"A column cannot be of type {quoted(sql.type.name)}. {hint}")
        items.append((name, sql))
    return items


def _own_name(node: syntax.Expression) -> str | None:
    """The name that a column brings along."""
    if isinstance(node, syntax.Name):
        return node.name
    if isinstance(node, syntax.Member) and isinstance(node.owner, syntax.Name | syntax.Variable):
        return node.name
    return None


def _star(node: syntax.Star, joined: Joined, scope: Scope) -> list[tuple[str, Sql]]:
    sources = joined.sources
    if scope.groups is not None:
        scope.report(node.position, "`*` cannot stand beside GROUP BY or aggregates: name the columns.")
        return []
    if node.owner is not None:
        name = node.owner.name if isinstance(node.owner, syntax.Name | syntax.Variable) else ""
        source = scope.source(name)
        if source is None:
            hint = scope.script.suggester.suggest(name, [each for found in sources for each in found.names])
            scope.report(node.position, f"There is no rowset {quoted(name)} here." + (f" {hint}" if hint else ""))
            return []
        sources = (source,)
    return [(column.name, source.sql(n)) for source in sources for n, column in enumerate(source.columns)]


def _aggregates(node: object) -> bool:
    """Whether an aggregate without OVER is anywhere in an expression."""
    if isinstance(node, syntax.Call) and aggregates.is_aggregate(node) and node.window is None:
        return True
    if isinstance(node, tuple):
        return any(_aggregates(each) for each in node)
    if not isinstance(node, syntax.Node):
        return False
    fields = node.__dataclass_fields__
    return any(_aggregates(getattr(node, name)) for name in fields if name not in {"position", "window"})


def _set_operation(node: syntax.SetOperation, script: Script) -> Selected | None:
    sides = [
        bind_query(side if isinstance(side, syntax.Query) else syntax.Query(side, None), script)
        for side in (node.left, node.right)
    ]
    left, right = sides
    if left is None or right is None:
        return None
    if len(left.columns) != len(right.columns):
        message = f"The sides of {node.operator} have {len(left.columns)} and {len(right.columns)} columns."
        script.report(node.position, message)
        return None
    columns: list[Column] = []
    for first, second in zip(left.columns, right.columns, strict=True):
        if first.type.name != second.type.name:
            script.report(
                node.position,
                f"Column {quoted(first.name)} is {quoted(str(first.type))} on the left of {node.operator} and "
                f"{quoted(str(second.type))} on the right: cast one of them.",
            )
            return None
        columns.append(replace(first, type=first.type.or_null(second.type.nullable)))
    operator = f"{node.operator} ALL" if node.every else node.operator
    names = [", ".join(f"c{number}" for number in range(len(columns)))] * 2
    texts = [f"(SELECT {name} FROM ({side.sql}))" for name, side in zip(names, (left, right), strict=True)]
    return Selected(f"{texts[0]} {operator} {texts[1]}", tuple(columns))
