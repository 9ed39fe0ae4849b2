"""Expressions: names and types are resolved, and C#'s meaning is written in SQL.

What C# guarantees is kept: `&&`, `||`, `? :` and `??` evaluate their operands from left to right and no further than
needed; comparisons know no third truth value; whole numbers are divided to whole numbers.
"""

from collections.abc import Callable

from ..wording import quoted
from . import aggregates, functions, members, operators, syntax
from .literals import literal
from .scopes import FAILED, Scope, Sql
from .types import BOOL, Type, fits

CLASSES = frozenset({"Math", "Convert", "String", "Encoding", "Extractors", "Outputters"})


def bind(node: syntax.Argument, scope: Scope) -> Sql:
    """An expression as SQL; what is wrong with it is taken down in the script."""
    if isinstance(node, syntax.Named):
        return scope.report(node.position, "Arguments with names are not covered here.")
    if scope.groups is not None and not isinstance(node, syntax.Literal | syntax.Variable):
        found = _grouped(node, scope)
        if found is not None:
            return found
    handler = _HANDLERS[type(node)]
    return handler(node, scope)


def _grouped(node: syntax.Expression, scope: Scope) -> Sql | None:
    """The expression, if it is one that the query is grouped by."""
    if isinstance(node, syntax.Call) and aggregates.is_aggregate(node):
        return None
    attempt = Scope(type(scope.script)(), scope.sources)
    attempt.script.parameters = scope.script.parameters
    attempt.script.variables = scope.script.variables
    sql = bind(node, attempt)
    return sql if not attempt.script.problems and sql.text in (scope.groups or ()) else None


def truth(node: syntax.Expression, scope: Scope) -> Sql:
    """An expression that must be `bool`."""
    sql = bind(node, scope)
    if sql.failed or sql.type == BOOL:
        return sql
    hint = " Compare it with `true`." if sql.type.name == "bool" else ""
    return scope.report(node.position, f"A condition must be `bool`, but this is `{sql.type}`.{hint}")


def _name(node: syntax.Name, scope: Scope) -> Sql:
    sql = _column(node, scope)
    if sql is None:
        return scope.report(node.position, f"{quoted(node.name)} is a class or a rowset and has no value of its own.")
    return sql


def _column(node: syntax.Name, scope: Scope) -> Sql | None:
    known = any(source.find(node.name) is not None for source in scope.sources) or node.name in scope.aliases
    if not known and (node.name in CLASSES or scope.source(node.name) is not None):
        return None
    sql = scope.column(node.name, node.position)
    return _check_grouped(node.name, sql, node, scope)


def _check_grouped(name: str, sql: Sql, node: syntax.Node, scope: Scope) -> Sql:
    if sql.failed or scope.groups is None or sql in scope.aliases.values() or sql.text in scope.groups:
        return sql
    message = f"{quoted(name)} is neither in GROUP BY nor inside of an aggregate."
    return scope.report(node.position, message)


def _variable(node: syntax.Variable, scope: Scope) -> Sql:
    if node.name in scope.script.variables:
        return scope.script.variables[node.name].sql
    if node.name in scope.script.rowsets:
        return scope.report(node.position, f"{quoted(node.name)} is a rowset, not a value.")
    hint = scope.script.suggester.suggest(node.name, list(scope.script.variables), list_all=False)
    message = f"The variable {quoted(node.name)} is not declared." + (f" {hint}" if hint else "")
    return scope.report(node.position, message)


def _member(node: syntax.Member, scope: Scope) -> Sql:
    owner = node.owner
    if isinstance(owner, syntax.Name | syntax.Variable):
        source = scope.source(owner.name)
        if source is not None:
            sql = source.find(node.name)
            if sql is not None:
                return _check_grouped(f"{owner.name}.{node.name}", sql, node, scope)
            if not isinstance(owner, syntax.Name) or not any(each.find(owner.name) for each in scope.sources):
                names = [column.name for column in source.columns]
                hint = scope.script.suggester.suggest(node.name, names)
                message = f"{quoted(owner.name)} has no column {quoted(node.name)}." + (f" {hint}" if hint else "")
                return scope.report(node.position, message)
    if (class_ := _class(owner, scope)) is not None:
        return functions.constant(class_, node, scope)
    return members.value(bind(owner, scope), node, scope)


def _class(owner: syntax.Expression, scope: Scope) -> str | None:
    """The class of .NET that a name stands for; columns go first."""
    if not isinstance(owner, syntax.Name) or any(source.find(owner.name) for source in scope.sources):
        return None
    known = owner.name in CLASSES or owner.name in functions.TYPES
    return owner.name if known or (owner.name[:1].isupper() and functions.is_refused(owner.name)) else None


def _call(node: syntax.Call, scope: Scope) -> Sql:
    if aggregates.is_aggregate(node):
        return aggregates.bind(node, scope, bind)
    if node.window is not None or node.distinct:
        return scope.report(node.position, "Only aggregates and window functions have DISTINCT or OVER.")
    function = node.function
    if isinstance(function, syntax.Name) and not function.name.startswith("new "):
        return aggregates.unknown(function, scope)
    arguments = tuple(bind(argument, scope) for argument in node.arguments)
    if isinstance(function, syntax.Name):
        if any(argument.failed for argument in arguments):
            return FAILED
        return functions.call("", function, arguments, scope)
    if not isinstance(function, syntax.Member):
        return scope.report(node.position, "This cannot be called.")
    if (class_ := _class(function.owner, scope)) is not None:
        if any(argument.failed for argument in arguments):
            return FAILED
        return functions.call(class_, function, arguments, scope)
    owner = bind(function.owner, scope)
    if owner.failed or any(argument.failed for argument in arguments):
        return FAILED
    return members.method(owner, node, arguments, scope)


def _conditional(node: syntax.Conditional, scope: Scope) -> Sql:
    condition = truth(node.condition, scope)
    yes, no = bind(node.yes, scope), bind(node.no, scope)
    if condition.failed:
        return FAILED
    return operators.choice(f"CASE WHEN {condition.text} THEN {{0}} ELSE {{1}} END", yes, no, node, scope)


def _binary(node: syntax.Binary, scope: Scope) -> Sql:
    if node.operator in {"&&", "||", "AND", "OR"}:
        left, right = truth(node.left, scope), truth(node.right, scope)
        if left.failed or right.failed:
            return FAILED
        return Sql(operators.LOGIC[node.operator].format(left.text, right.text), BOOL)
    return operators.binary(node, bind(node.left, scope), bind(node.right, scope), scope)


def _unary(node: syntax.Unary, scope: Scope) -> Sql:
    return operators.unary(node, bind(node.operand, scope), scope)


def _cast(node: syntax.Cast, scope: Scope) -> Sql:
    return operators.cast(bind(node.operand, scope), operators.named_type(node.type), node, scope)


def _sql_test(node: syntax.SqlTest, scope: Scope) -> Sql:
    operand = bind(node.operand, scope)
    others = [bind(other, scope) for other in node.others]
    if operand.failed or any(other.failed for other in others):
        return FAILED
    return operators.sql_test(node, operand, others, scope)


def _star(node: syntax.Star, scope: Scope) -> Sql:
    return scope.report(node.position, "`*` stands for columns of a SELECT or the rows of COUNT only.")


def _literal(node: syntax.Literal, scope: Scope) -> Sql:
    return literal(node, scope.script)


_HANDLERS: dict[type, Callable[..., Sql]] = {
    syntax.Literal: _literal,
    syntax.Name: _name,
    syntax.Variable: _variable,
    syntax.Member: _member,
    syntax.Call: _call,
    syntax.Unary: _unary,
    syntax.Binary: _binary,
    syntax.Conditional: _conditional,
    syntax.Cast: _cast,
    syntax.SqlTest: _sql_test,
    syntax.Star: _star,
}


def converted(sql: Sql, target: Type) -> Sql | None:
    """A value as one of another type, where C# does that by itself."""
    if sql.failed:
        return sql
    return Sql(f"CAST({sql.text} AS {target.sql})", target) if fits(sql.type, target) else None
