"""Operators of C# as SQL."""

from ..wording import quoted
from . import syntax
from .scopes import FAILED, Scope, Sql
from .texts import to_text
from .types import BOOL, INT, STRING, TIME_SPAN, Type, common, fits, promoted

LOGIC = {
    "&&": "(CASE WHEN {0} THEN {1} ELSE false END)",
    "||": "(CASE WHEN {0} THEN true ELSE {1} END)",
    "AND": "({0} AND {1})",
    "OR": "({0} OR {1})",
}
_ARITHMETIC = frozenset("+-*/%")
_ORDER = frozenset({"<", "<=", ">", ">="})
_ORDERED = frozenset({"DateTime", "TimeSpan", "char"})


def named_type(node: syntax.TypeName) -> Type:
    """The type that a script names; a string needs no `?`."""
    return Type(node.name, nullable=node.nullable or node.name == "string")


def binary(node: syntax.Binary, left: Sql, right: Sql, scope: Scope) -> Sql:
    """Arithmetic, comparisons and `??`."""
    if left.failed or right.failed:
        return FAILED
    if node.operator == "??":
        return _coalesce(node, left, right, scope)
    if node.operator in _ARITHMETIC:
        return _arithmetic(node, left, right, scope)
    if node.operator in _ORDER:
        return _order(node, left, right, scope)
    return _equality(node, left, right, scope)


def _mismatch(node: syntax.Binary, left: Sql, right: Sql, scope: Scope, hint: str = "") -> Sql:
    message = f"`{node.operator}` does not work with {quoted(str(left.type))} and {quoted(str(right.type))}.{hint}"
    return scope.report(node.position, message)


def _arithmetic(node: syntax.Binary, left: Sql, right: Sql, scope: Scope) -> Sql:
    names = left.type.name, right.type.name
    if node.operator == "+" and "string" in names:
        texts = [to_text(side, side_node, scope) for side, side_node in ((left, node.left), (right, node.right))]
        if any(text.failed for text in texts):
            return FAILED
        return Sql(f"(coalesce({texts[0].text}, '') || coalesce({texts[1].text}, ''))", STRING)
    if node.operator == "-" and names == ("DateTime", "DateTime"):
        nullable = left.type.nullable or right.type.nullable
        return Sql(f"(epoch_us({left.text}) - epoch_us({right.text}))", TIME_SPAN.or_null(nullable))
    type_ = promoted(left.type, right.type)
    if type_ is None:
        hint = " Cast one of the two." if set(names) & {"decimal"} and left.type.numeric and right.type.numeric else ""
        return _mismatch(node, left, right, scope, hint)
    operator = "//" if node.operator == "/" and type_.integral else node.operator
    operands = [f"CAST({side.text} AS {type_.sql})" for side in (left, right)]
    if node.operator == "%" and not type_.integral:
        return Sql(f"CAST(fmod({operands[0]}, {operands[1]}) AS {type_.sql})", type_)
    return Sql(f"CAST(({operands[0]} {operator} {operands[1]}) AS {type_.sql})", type_)


def _together(left: Sql, right: Sql) -> Type | None:
    """The type in which two values are compared."""
    if left.type.numeric and right.type.numeric:
        return promoted(left.type, right.type)
    return common(left.type, right.type)


def _order(node: syntax.Binary, left: Sql, right: Sql, scope: Scope) -> Sql:
    type_ = _together(left, right)
    if type_ is None or not (type_.numeric or type_.name in _ORDERED):
        strings = left.type.name == right.type.name == "string"
        hint = f" Write `string.Compare(a, b) {node.operator} 0`." if strings else ""
        return _mismatch(node, left, right, scope, hint)
    text = f"(CAST({left.text} AS {type_.sql}) {node.operator} CAST({right.text} AS {type_.sql}))"
    return Sql(f"coalesce({text}, false)" if type_.nullable else text, BOOL)


def _equality(node: syntax.Binary, left: Sql, right: Sql, scope: Scope) -> Sql:
    for side, other in ((left, right), (right, left)):
        if side.type.name == "null":
            if not other.type.nullable:
                message = f"A value of type {quoted(str(other.type))} is never null."
                return scope.report(node.position, message)
            return Sql(f"({other.text} IS {'NOT ' if node.operator == '!=' else ''}NULL)", BOOL)
    type_ = _together(left, right)
    if type_ is None:
        return _mismatch(node, left, right, scope)
    words = {"==": ("=", "IS NOT DISTINCT FROM"), "!=": ("<>", "IS DISTINCT FROM")}[node.operator]
    operator = words[left.type.nullable or right.type.nullable]
    return Sql(f"(CAST({left.text} AS {type_.sql}) {operator} CAST({right.text} AS {type_.sql}))", BOOL)


def _coalesce(node: syntax.Binary, left: Sql, right: Sql, scope: Scope) -> Sql:
    if not left.type.nullable:
        return scope.report(node.position, f"The left side of `??` is of type {quoted(str(left.type))}: never null.")
    type_ = right.type if fits(left.type.never_null(), right.type) else None
    if type_ is None and fits(right.type, left.type):
        type_ = left.type if right.type.nullable else left.type.never_null()
    if type_ is None:
        return _mismatch(node, left, right, scope)
    return Sql(f"coalesce(CAST({left.text} AS {type_.sql}), CAST({right.text} AS {type_.sql}))", type_)


def choice(template: str, yes: Sql, no: Sql, node: syntax.Node, scope: Scope) -> Sql:
    """One of two values, by a template."""
    if yes.failed or no.failed:
        return FAILED
    type_ = None if "null" in {yes.type.name} & {no.type.name} else common(yes.type, no.type)
    if type_ is None:
        first, second = quoted(str(yes.type)), quoted(str(no.type))
        hint = " Cast the null, such as `(int?) null`." if "null" in {yes.type.name, no.type.name} else ""
        return scope.report(node.position, f"Both values of `? :` must be of one type, not {first} and {second}.{hint}")
    texts = [f"CAST({side.text} AS {type_.sql})" for side in (yes, no)]
    return Sql(f"({template.format(*texts)})", type_)


def unary(node: syntax.Unary, operand: Sql, scope: Scope) -> Sql:
    """`-`, `+`, `!` and NOT."""
    if operand.failed:
        return FAILED
    if node.operator == "!":
        if operand.type != BOOL:
            return scope.report(node.position, f"`!` does not work with {quoted(str(operand.type))}.")
        return Sql(f"(NOT {operand.text})", BOOL)
    type_ = promoted(operand.type, INT)
    if operand.type.name == "uint":
        type_ = Type("long", operand.type.nullable)
    if type_ is None:
        return scope.report(node.position, f"`{node.operator}` does not work with {quoted(str(operand.type))}.")
    text = f"CAST({operand.text} AS {type_.sql})"
    return Sql(f"(-{text})" if node.operator == "-" else text, type_)


def cast(operand: Sql, target: Type, node: syntax.Node, scope: Scope) -> Sql:
    """`(type) operand`."""
    source = operand.type
    if operand.failed:
        return FAILED
    nullable = target.nullable
    if source.name == "null":
        return Sql(f"CAST(NULL AS {target.sql})", target) if nullable else _no_cast(source, target, node, scope)
    inner = operand.text if nullable or not source.nullable else f"usql_value({operand.text})"
    if source.name == target.name:
        return Sql(f"CAST({inner} AS {target.sql})", target)
    if source.numeric and target.numeric:
        whole = target.integral and not source.integral
        return Sql(f"CAST({f'trunc({inner})' if whole else inner} AS {target.sql})", target)
    if source.name == "char" and target.numeric:
        return Sql(f"CAST(unicode({inner}) AS {target.sql})", target)
    if source.integral and target.name == "char":
        return Sql(f"chr(CAST({inner} AS INTEGER))", target)
    return _no_cast(source, target, node, scope)


def _no_cast(source: Type, target: Type, node: syntax.Node, scope: Scope) -> Sql:
    hint = ""
    if target.name == "string":
        hint = " Write `.ToString()`."
    elif source.name == "string":
        hint = f" Write `{target.name}.Parse(...)`."
    message = f"A value of type {quoted(str(source))} cannot be cast to {quoted(str(target))}.{hint}"
    return scope.report(node.position, message)


def sql_test(node: syntax.SqlTest, operand: Sql, others: list[Sql], scope: Scope) -> Sql:
    """IS NULL, IN, BETWEEN and LIKE; with a null they are false, and with NOT true."""
    word = "NOT " if node.negated else ""
    if node.kind == "null":
        return Sql(f"({operand.text} IS {word}NULL)", BOOL)
    type_: Type | None = operand.type
    for other in others:
        type_ = _together(Sql("", type_), other) if type_ is not None else None
    if type_ is None or (node.kind == "like" and type_.name != "string"):
        types = ", ".join(quoted(str(each.type)) for each in (operand, *others))
        return scope.report(node.position, f"{node.kind.upper()} does not work with {types}.")
    texts = [f"CAST({each.text} AS {type_.sql})" for each in (operand, *others)]
    test = {
        "in": lambda: f"{texts[0]} IN ({', '.join(texts[1:])})",
        "between": lambda: f"{texts[0]} BETWEEN {texts[1]} AND {texts[2]}",
        "like": lambda: f"{texts[0]} LIKE {texts[1]}",
    }[node.kind]()
    return Sql(f"({word}coalesce({test}, false))", BOOL)
