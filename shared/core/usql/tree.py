"""From lark's trees to the nodes of `syntax`."""

# ruff: noqa: D102 - each method is a rule of the grammar, by name

import re
import sys
from typing import Any

from lark import Token, v_args
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive

from . import syntax
from .problems import Position

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{1,4}|.)", re.DOTALL)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_SUFFIXES = {"f": "float", "d": "double", "m": "decimal", "l": "long", "u": "uint", "ul": "ulong", "lu": "ulong"}
_SURROGATES = range(0xD800, 0xE000)
_INT_MAX, _UINT_MAX, _LONG_MAX = 2**31 - 1, 2**32 - 1, 2**63 - 1


def unescape(text: str) -> str:
    """The content of a C# string, escapes resolved."""

    def character(match: re.Match[str]) -> str:
        code = match[1]
        if len(code) > 1:
            point = int(code[1:], 16)
            is_text = point <= sys.maxunicode and point not in _SURROGATES
            return chr(point) if is_text else "\ufffd"
        return _SIMPLE.get(code, code)

    return _ESCAPE.sub(character, text)


def _at(meta: Meta) -> Position:
    return Position(getattr(meta, "line", 1), getattr(meta, "column", 1))


def _of(token: Token) -> Position:
    return Position(token.line or 1, token.column or 1)


class _Part(tuple[str, tuple[Any, ...]]):
    """A clause on its way into its statement."""

    __slots__ = ()


def _parts(children: list[Any]) -> dict[str, tuple[Any, ...]]:
    return dict(child for child in children if isinstance(child, _Part))


def _plain(children: list[Any]) -> list[Any]:
    """Children that are nodes: no tokens, clauses or gaps."""
    return [child for child in children if isinstance(child, syntax.Node)]


@v_args(meta=True)
class Expressions(Transformer_NonRecursive[Token, Any]):
    """Rules of expressions."""

    def name(self, meta: Meta, children: list[Token]) -> Token:
        del meta
        token = children[0]
        return token.update(value=token[1:-1]) if token.type == "QUOTED_NAME" else token

    def type(self, meta: Meta, children: list[Any]) -> syntax.TypeName:
        return syntax.TypeName(str(children[0]), children[1] is not None, position=_at(meta))

    def column(self, meta: Meta, children: list[Token]) -> syntax.Name:
        return syntax.Name(str(children[0]), position=_at(meta))

    def variable(self, meta: Meta, children: list[Token]) -> syntax.Variable:
        return syntax.Variable(str(children[0]), position=_at(meta))

    def number(self, meta: Meta, children: list[Token]) -> syntax.Literal:
        text = children[0].lower()
        digits = text.rstrip("fdmlu")
        type_ = _SUFFIXES.get(text[len(digits) :], "")
        if children[0].type == "REAL":
            type_ = type_ or "double"
        elif not type_ or type_ == "uint":
            size = int(digits)
            bigger = "ulong" if size > _LONG_MAX else "long" if size > _UINT_MAX else "uint"
            type_ = bigger if size > _INT_MAX and type_ != "uint" else type_ or "int"
        return syntax.Literal(type_, digits, position=_at(meta))

    def string(self, meta: Meta, children: list[Token]) -> syntax.Literal:
        return syntax.Literal("string", unescape(children[0][1:-1]), position=_at(meta))

    def verbatim(self, meta: Meta, children: list[Token]) -> syntax.Literal:
        return syntax.Literal("string", children[0][2:-1].replace('""', '"'), position=_at(meta))

    def char(self, meta: Meta, children: list[Token]) -> syntax.Literal:
        return syntax.Literal("char", unescape(children[0][1:-1]), position=_at(meta))

    def word(self, meta: Meta, children: list[Token]) -> syntax.Literal:
        text = str(children[0])
        if text == "null":
            return syntax.Literal("null", None, position=_at(meta))
        return syntax.Literal("bool", text == "true", position=_at(meta))

    def binary(self, meta: Meta, children: list[Any]) -> syntax.Binary:
        del meta
        left, operator, right = children
        return syntax.Binary(str(operator), left, right, position=_of(operator))

    def unary(self, meta: Meta, children: list[Any]) -> syntax.Unary:
        return syntax.Unary(str(children[0]), children[1], position=_at(meta))

    def not_(self, meta: Meta, children: list[Any]) -> syntax.Unary:
        return syntax.Unary("!", children[1], position=_at(meta))

    def conditional(self, meta: Meta, children: list[Any]) -> syntax.Conditional:
        condition, _, yes, no = children
        return syntax.Conditional(condition, yes, no, position=_at(meta))

    def cast(self, meta: Meta, children: list[Any]) -> syntax.Cast:
        return syntax.Cast(children[0], children[1], position=_at(meta))

    def member(self, meta: Meta, children: list[Any]) -> syntax.Member:
        del meta
        return syntax.Member(children[0], str(children[1]), position=_of(children[1]))

    def static_member(self, meta: Meta, children: list[Token]) -> syntax.Member:
        del meta
        owner = syntax.Name(str(children[0]), position=_of(children[0]))
        return syntax.Member(owner, str(children[1]), position=_of(children[1]))

    def star_of(self, meta: Meta, children: list[Any]) -> syntax.Star:
        return syntax.Star(children[0], position=_at(meta))

    def all_rows(self, meta: Meta, children: list[Any]) -> syntax.Star:
        del children
        return syntax.Star(position=_at(meta))

    def named(self, meta: Meta, children: list[Any]) -> syntax.Named:
        return syntax.Named(str(children[0]), children[1], position=_at(meta))

    def arguments(self, meta: Meta, children: list[Any]) -> _Part:
        del meta
        return _Part(("arguments", (children[0] is not None, tuple(children[1:]))))

    def call(self, meta: Meta, children: list[Any]) -> syntax.Call:
        distinct, arguments = children[1][1] if children[1] is not None else (False, ())
        function = children[0]
        position = function.position if isinstance(function, syntax.Member) else _at(meta)
        return syntax.Call(function, arguments, distinct, children[2], position=position)

    def new(self, meta: Meta, children: list[Any]) -> syntax.Call:
        _, arguments = children[1][1] if children[1] is not None else (False, ())
        function = syntax.Name(f"new {children[0]}", position=_at(meta))
        return syntax.Call(function, arguments, position=_at(meta))

    def is_null(self, meta: Meta, children: list[Any]) -> syntax.SqlTest:
        return syntax.SqlTest("null", children[0], (), children[1] is not None, position=_at(meta))

    def in_(self, meta: Meta, children: list[Any]) -> syntax.SqlTest:
        return syntax.SqlTest("in", children[0], tuple(children[2:]), children[1] is not None, position=_at(meta))

    def between(self, meta: Meta, children: list[Any]) -> syntax.SqlTest:
        operand, negated, low, _, high = children
        return syntax.SqlTest("between", operand, (low, high), negated is not None, position=_at(meta))

    def like(self, meta: Meta, children: list[Any]) -> syntax.SqlTest:
        return syntax.SqlTest("like", children[0], (children[2],), children[1] is not None, position=_at(meta))

    def sort(self, meta: Meta, children: list[Any]) -> syntax.Sort:
        return syntax.Sort(children[0], children[1] == "DESC", position=_at(meta))

    def partition(self, meta: Meta, children: list[Any]) -> _Part:
        del meta
        return _Part(("partition", tuple(children)))

    def window_order(self, meta: Meta, children: list[Any]) -> _Part:
        del meta
        return _Part(("order", tuple(children)))

    def bound(self, meta: Meta, children: list[Token]) -> str:
        del meta
        return " ".join(map(str, children))

    def frame(self, meta: Meta, children: list[Any]) -> _Part:
        del meta
        bounds = [child for child in children if not isinstance(child, Token)]
        text = bounds[0] if len(bounds) == 1 else f"BETWEEN {bounds[0]} AND {bounds[1]}"
        return _Part(("frame", (f"ROWS {text}",)))

    def over(self, meta: Meta, children: list[Any]) -> syntax.Window:
        parts = _parts(children)
        frame = parts.get("frame", ("",))[0]
        return syntax.Window(parts.get("partition", ()), parts.get("order", ()), frame, position=_at(meta))
