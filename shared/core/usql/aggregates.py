"""Aggregates and window functions."""

from collections.abc import Callable
from dataclasses import replace

from ..wording import quoted
from . import syntax
from .scopes import FAILED, Scope, Sql
from .types import BOOL, DOUBLE, LONG, Type, fits

type Bind = Callable[[syntax.Argument, Scope], Sql]

_VARIANCES = {"STDEV": "stddev_samp", "STDEVP": "stddev_pop", "VAR": "var_samp", "VARP": "var_pop"}
_AGGREGATES = frozenset({"COUNT", "SUM", "AVG", "MIN", "MAX", "ANY_VALUE", "BOOL_AND", "BOOL_OR", *_VARIANCES})
_RANKINGS = {"ROW_NUMBER": LONG, "RANK": LONG, "DENSE_RANK": LONG, "PERCENT_RANK": DOUBLE, "CUME_DIST": DOUBLE}
_MOVED = frozenset({"LEAD", "LAG"})
_EDGES = frozenset({"FIRST_VALUE", "LAST_VALUE"})
_WINDOW_ONLY = frozenset({*_RANKINGS, *_MOVED, *_EDGES, "NTILE"})
_MOST_MOVED = 3


def is_aggregate(node: syntax.Call) -> bool:
    """Whether a call is one of these."""
    return isinstance(node.function, syntax.Name) and node.function.name in _AGGREGATES | _WINDOW_ONLY


def unknown(node: syntax.Name, scope: Scope) -> Sql:
    """Take down that a function does not exist."""
    known = sorted(_AGGREGATES | _WINDOW_ONLY) if node.name.isupper() else ()
    hint = scope.script.suggester.suggest(node.name, known, list_all=False)
    hint = hint or "Functions of C# code of your own cannot be run here: do this part in a Python step."
    return scope.report(node.position, f"{quoted(node.name)} is not covered. {hint}")


def bind(node: syntax.Call, scope: Scope, bind_argument: Bind) -> Sql:
    """An aggregate or a window function as SQL."""
    name = node.function.name if isinstance(node.function, syntax.Name) else ""
    if node.window is None and name in _WINDOW_ONLY:
        return scope.report(node.position, f"{name} needs OVER (...).")
    if node.window is None and not scope.aggregates:
        message = f"The aggregate {name} cannot stand in {scope.clause}."
        return scope.report(node.position, message)
    if node.window is not None and not scope.windows:
        return scope.report(node.position, f"OVER cannot stand in {scope.clause}: compute it in a SELECT before.")
    inside = replace(scope, aggregates=False, windows=False, clause=f"the argument of {name}")
    if node.window is None:
        inside = replace(inside, groups=None, aliases={})
    arguments = [
        Sql("*", LONG) if isinstance(each, syntax.Star) and name == "COUNT" else bind_argument(each, inside)
        for each in node.arguments
    ]
    over = "" if node.window is None else _over(node.window, replace(scope, windows=False), bind_argument)
    if over is None or any(argument.failed for argument in arguments):
        return FAILED
    if name in _WINDOW_ONLY:
        return _window(name, node, arguments, over, scope)
    if len(arguments) != 1:
        return scope.report(node.position, f"{name} takes one argument, not {len(arguments)}.")
    if node.distinct and node.window is not None:
        return scope.report(node.position, "DISTINCT and OVER exclude each other.")
    return _aggregate(name, node, arguments[0], over, scope)


def _aggregate(name: str, node: syntax.Call, argument: Sql, over: str, scope: Scope) -> Sql:
    type_, distinct = argument.type, "DISTINCT " if node.distinct else ""
    nullable = type_.nullable or node.window is not None or scope.groups == frozenset()
    if name == "COUNT":
        return Sql(f"count({distinct}{argument.text}){over}", LONG)
    if name in {"MIN", "MAX", "ANY_VALUE"}:
        function = "any_value" if name == "ANY_VALUE" else name.lower()
        return Sql(f"{function}({argument.text}){over}", type_.or_null(nullable))
    if name in {"BOOL_AND", "BOOL_OR"}:
        if type_ != BOOL:
            return scope.report(node.position, f"{name} needs `bool`, not {quoted(str(type_))}.")
        return Sql(f"{name.lower()}({argument.text}){over}", BOOL.or_null(nullable))
    if not type_.numeric:
        return scope.report(node.position, f"{name} needs a number, not {quoted(str(type_))}.")
    if name in _VARIANCES:
        text = f"{_VARIANCES[name]}({distinct}CAST({argument.text} AS DOUBLE)){over}"
        return Sql(text, DOUBLE.or_null())
    exact = type_.name == "decimal"
    whole = name == "SUM" and type_.integral and type_.name != "ulong"
    result = Type("decimal" if exact else "long" if whole else "double", nullable=True)
    inner = argument.text if exact or whole else f"CAST({argument.text} AS DOUBLE)"
    function = name.lower()
    if name == "AVG" and exact:
        total, count = (f"{each}({distinct}{argument.text}){over}" for each in ("sum", "count"))
        return Sql(f"CAST({total} / nullif({count}, 0) AS {result.sql})", result)
    return Sql(f"CAST({function}({distinct}{inner}){over} AS {result.sql})", result)


def _window(name: str, node: syntax.Call, arguments: list[Sql], over: str, scope: Scope) -> Sql:
    window = node.window
    needs_order = name in {*_RANKINGS, *_MOVED, *_EDGES, "NTILE"} - {"ROW_NUMBER"}
    if window is not None and needs_order and not window.order:
        return scope.report(node.position, f"{name} needs an ORDER BY in OVER (...).")
    if name in _RANKINGS:
        if arguments:
            return scope.report(node.position, f"{name} takes no arguments.")
        return Sql(f"{name.lower()}(){over}", _RANKINGS[name])
    if name == "NTILE":
        if len(arguments) != 1 or not fits(arguments[0].type, LONG):
            return scope.report(node.position, "NTILE takes one number.")
        return Sql(f"ntile(CAST({arguments[0].text} AS BIGINT)){over}", LONG)
    if name in _EDGES:
        if len(arguments) != 1:
            return scope.report(node.position, f"{name} takes one argument.")
        return Sql(f"{name.lower()}({arguments[0].text}){over}", arguments[0].type.or_null())
    return _moved(name, node, arguments, over, scope)


def _moved(name: str, node: syntax.Call, arguments: list[Sql], over: str, scope: Scope) -> Sql:
    """LEAD and LAG: a column, how far, and what stands at the ends."""
    if not 1 <= len(arguments) <= _MOST_MOVED:
        return scope.report(node.position, f"{name} takes one to three arguments.")
    type_ = arguments[0].type.or_null()
    texts = [f"CAST({arguments[0].text} AS {type_.sql})"]
    for given, wanted in zip(arguments[1:], (LONG, type_), strict=False):
        if not fits(given.type, wanted):
            message = f"{name} takes a column, a number and a value of the column's type."
            return scope.report(node.position, message)
        texts.append(f"CAST({given.text} AS {wanted.sql})")
    filled = len(arguments) == _MOST_MOVED and not (arguments[0].type.nullable or arguments[2].type.nullable)
    return Sql(f"{name.lower()}({', '.join(texts)}){over}", arguments[0].type if filled else type_)


def _over(window: syntax.Window, scope: Scope, bind_argument: Bind) -> str | None:
    scope = replace(scope, clause="OVER (...)")
    partition = [bind_argument(each, scope) for each in window.partition]
    order = [(bind_argument(sort.expression, scope), sort.descending) for sort in window.order]
    if any(each.failed for each in partition) or any(each.failed for each, _ in order):
        return None
    if window.frame and not window.order:
        scope.report(window.position, "A frame of ROWS needs an ORDER BY before it.")
        return None
    parts: list[str] = []
    if partition:
        parts.append("PARTITION BY " + ", ".join(each.text for each in partition))
    if order:
        parts.append("ORDER BY " + ", ".join(sorted_by(each, descending=down) for each, down in order))
    return f" OVER ({' '.join([*parts, window.frame]).strip()})"


def sorted_by(sql: Sql, *, descending: bool) -> str:
    """An item of an ORDER BY: null is less than everything."""
    return f"{sql.text} {'DESC NULLS LAST' if descending else 'ASC NULLS FIRST'}"
