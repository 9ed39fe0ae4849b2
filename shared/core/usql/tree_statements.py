"""The trees of statements; those of expressions are in `tree`."""

# ruff: noqa: D102 - each method is a rule of the grammar, by name

from typing import Any

from lark import Token, v_args
from lark.tree import Meta

from . import syntax
from .tree import Expressions, _at, _of, _Part, _parts, _plain


@v_args(meta=True)
class Statements(Expressions):
    """Rules of statements and queries."""

    def start(self, meta: Meta, children: list[Any]) -> Any:
        del meta
        return children[0]

    def column_def(self, meta: Meta, children: list[Any]) -> syntax.ColumnDefinition:
        return syntax.ColumnDefinition(str(children[0]), children[1], position=_at(meta))

    def paths(self, meta: Meta, children: list[Any]) -> _Part:
        del meta
        return _Part(("paths", tuple(children)))

    def declare(self, meta: Meta, children: list[Any]) -> syntax.Declare:
        mode, variable, type_, value = children
        return syntax.Declare(str(variable), mode == "EXTERNAL", type_, value, position=_at(meta))

    def assign(self, meta: Meta, children: list[Any]) -> syntax.Assign:
        return syntax.Assign(str(children[0]), children[1], position=_at(meta))

    def extract(self, meta: Meta, children: list[Any]) -> syntax.ExtractStatement:
        columns = tuple(child for child in children if isinstance(child, syntax.ColumnDefinition))
        paths: list[Any] = []
        for child in children[1 + len(columns) : -1]:
            paths += child[1] if isinstance(child, _Part) else [child]
        return syntax.ExtractStatement(str(children[0]), columns, tuple(paths), children[-1], position=_at(meta))

    def output(self, meta: Meta, children: list[Any]) -> syntax.OutputStatement:
        variable, path, ordering, using = children
        return syntax.OutputStatement(str(variable), path, ordering, using, position=_at(meta))

    def ordering(self, meta: Meta, children: list[Any]) -> syntax.Ordering:
        parts = _parts(children)
        sorts = tuple(child for child in children if isinstance(child, syntax.Sort))
        offset, fetch = parts.get("offset", (None,)), parts.get("fetch", (None,))
        return syntax.Ordering(sorts, offset[0], fetch[0], position=_at(meta))

    def offset(self, meta: Meta, children: list[Any]) -> _Part:
        del meta
        return _Part(("offset", tuple(_plain(children))))

    def fetch(self, meta: Meta, children: list[Any]) -> _Part:
        del meta
        return _Part(("fetch", tuple(_plain(children))))

    def query(self, meta: Meta, children: list[Any]) -> syntax.Query:
        return syntax.Query(children[0], children[1], position=_at(meta))

    def set_operator(self, meta: Meta, children: list[Token | None]) -> Token:
        del meta
        words = [str(child) for child in children if child is not None]
        first = children[0]
        return Token.new_borrow_pos("SET", " ".join(words), first) if first is not None else Token("SET", "UNION")

    def set_operation(self, meta: Meta, children: list[Any]) -> syntax.SetOperation:
        del meta
        left, token, right = children
        operator, _, rest = str(token).partition(" ")
        return syntax.SetOperation(operator, rest == "ALL", left, right, position=_of(token))

    def star(self, meta: Meta, children: list[Any]) -> syntax.Star:
        del children
        return syntax.Star(position=_at(meta))

    def item(self, meta: Meta, children: list[Any]) -> syntax.Item | syntax.Star:
        expression, alias = children
        if isinstance(expression, syntax.Star) and alias is None:
            return expression
        return syntax.Item(expression, None if alias is None else str(alias), position=_at(meta))

    def where(self, meta: Meta, children: list[Any]) -> _Part:
        del meta
        return _Part(("where", tuple(children)))

    def group_by(self, meta: Meta, children: list[Any]) -> _Part:
        del meta
        return _Part(("groups", tuple(children)))

    def having(self, meta: Meta, children: list[Any]) -> _Part:
        del meta
        return _Part(("having", tuple(children)))

    def source(self, meta: Meta, children: list[Any]) -> _Part:
        del meta
        return _Part(("source", tuple(children)))

    def select(self, meta: Meta, children: list[Any]) -> syntax.Select:
        parts = _parts(children)
        first, *joins = parts["source"]
        return syntax.Select(
            children[0] is not None,
            tuple(_plain(children)),
            first,
            tuple(joins),
            parts.get("where", (None,))[0],
            parts.get("groups", ()),
            parts.get("having", (None,))[0],
            position=_at(meta),
        )

    def rowset(self, meta: Meta, children: list[Any]) -> syntax.RowsetSource:
        alias = None if children[1] is None else str(children[1])
        return syntax.RowsetSource(str(children[0]), alias, position=_at(meta))

    def subquery(self, meta: Meta, children: list[Any]) -> syntax.QuerySource:
        return syntax.QuerySource(children[0], str(children[1]), position=_at(meta))

    def row(self, meta: Meta, children: list[Any]) -> _Part:
        del meta
        return _Part(("row", tuple(children)))

    def values(self, meta: Meta, children: list[Any]) -> syntax.ValuesSource:
        rows = tuple(child[1] for child in children if isinstance(child, _Part))
        alias, *columns = [str(child) for child in children if isinstance(child, Token)]
        return syntax.ValuesSource(rows, alias, tuple(columns), position=_at(meta))

    def join_kind(self, meta: Meta, children: list[Token | None]) -> str:
        del meta
        return " ".join(str(child) for child in children if child is not None)

    def join(self, meta: Meta, children: list[Any]) -> syntax.Join:
        return syntax.Join(children[0], children[1], children[2], position=_at(meta))

    def cross_join(self, meta: Meta, children: list[Any]) -> syntax.Join:
        return syntax.Join("CROSS JOIN", children[0], None, position=_at(meta))
