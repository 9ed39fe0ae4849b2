"""From a script to a plan. Everything that is wrong with a script is told at once, before anything runs."""

import re
from collections.abc import Mapping
from contextlib import suppress

from ..wording import quoted
from . import syntax
from .expressions import bind, converted
from .file_formats import file_format
from .file_sets import FileSet, parse_file_set
from .literals import Unknown, value_of
from .operators import named_type
from .parsing import parse
from .places import Limits
from .plan import ExtractStep, OutputStep, Plan, QueryStep, Statement, Step
from .problems import CompileFailed, Position, Problem
from .queries import bind_query, order_clause
from .scopes import FAILED, Column, Declared, Rowset, Scope, Script, Source, Sql, Value
from .sources import duplicates
from .substitution import substitute
from .types import Type
from .writing import header_line, line_sql

_TABLE = re.compile(r"\br\d+\b")
_PARAMETER = re.compile(r"\$(p\d+)\b")


def compile_script(text: str, values: Mapping[str, str], places: Limits | None = None) -> Plan:
    """A plan that does what the script says.

    Args:
        text: The script, with `@@name@@` for inputs, outputs and parameters.
        values: Those by name. A value whose name is that of a variable of DECLARE EXTERNAL replaces its value.
        places: Where files may be read and written; None means anywhere.

    Raises:
        CompileFailed: Something is wrong; it carries every problem with its place in the script.
    """
    substituted = substitute(text, values)
    compiler = _Compiler(Script(externals=values), places)
    for statement in parse(substituted.text, compiler.script.problems):
        compiler.add_safely(statement)
    problems = [Problem(substituted.original(each.position), each.message) for each in compiler.script.problems]
    for name in sorted(values.keys() - substituted.used - compiler.overridden):
        message = (
            f"The script has neither `@@{name}@@` nor `DECLARE EXTERNAL @{name}`, but the step gives a value for it."
        )
        problems.append(Problem(Position(1, 1), message))
    if not problems and not any(isinstance(step, OutputStep) for step in compiler.steps):
        problems.append(Problem(Position(1, 1), "The script writes nothing: an OUTPUT statement is missing."))
    if problems:
        raise CompileFailed(problems)
    return Plan(_needed(compiler.steps))


def _needed(steps: list[Step]) -> tuple[Step, ...]:
    """Steps that something written depends on."""
    tables: set[str] = set()
    kept: list[Step] = []
    for step in reversed(steps):
        if isinstance(step, OutputStep) or step.table in tables:
            kept.insert(0, step)
            tables |= frozenset() if isinstance(step, ExtractStep) else step.needs
    return tuple(kept)


class _Compiler:
    def __init__(self, script: Script, places: Limits | None) -> None:
        self.script = script
        self.places = places
        self.steps: list[Step] = []
        self.overridden: set[str] = set()

    def add_safely(self, statement: syntax.Statement) -> None:
        """Bind one statement, however deeply its expressions are nested."""
        try:
            self.add(statement)
        except RecursionError:
            message = "The statement is nested too deeply: take it apart into several ones."
            self.script.report(statement.position, message)
            if isinstance(statement, syntax.Assign):
                self.script.rowsets[statement.variable] = Rowset("", None)

    def add(self, statement: syntax.Statement) -> None:
        """Bind one statement."""
        match statement:
            case syntax.Declare():
                self._declare(statement)
            case syntax.Assign():
                self._assign(statement)
            case syntax.ExtractStatement():
                self._extract(statement)
            case syntax.OutputStatement():
                self._output(statement)
            case syntax.Broken(variable=name, declared=declared):
                if declared:
                    self.script.variables.setdefault(name, Declared(FAILED, None, known=False))
                else:
                    self.script.rowsets.setdefault(name, Rowset("", None))

    def _declare(self, node: syntax.Declare) -> None:
        script = self.script
        if node.variable in script.variables and not node.external:
            script.report(node.position, f"The variable {quoted(node.variable)} is declared twice.")
            return
        value, override = node.value, script.externals.get(node.variable[1:]) if node.external else None
        if node.external and override is None and node.variable in script.variables:
            return  # a DECLARE before it has given the value
        sql = bind(value, Scope(script, clause="DECLARE"))
        type_ = named_type(node.type) if node.type is not None else sql.type
        if override is not None:
            self.overridden.add(node.variable[1:])
            given = _external(override, type_, node)
            if given is None:
                message = f"The value that the step gives for {quoted(node.variable)} is no {quoted(str(type_))}."
                script.report(node.position, message)
            else:
                value, sql = given, bind(given, Scope(script))
        if isinstance(value, syntax.Literal) and value.type == "int" and type_.integral and not sql.failed:
            sql = Sql(f"CAST({sql.text} AS {type_.sql})", type_)  # C# takes a constant that fits
        changed = converted(sql, type_)
        if changed is None or type_.name == "null":
            changed = script.report(
                node.position, f"A value of type {quoted(str(sql.type))} is no {quoted(str(type_))}."
            )
        try:
            known: Value = value_of(value, script)
            script.variables[node.variable] = Declared(changed, known, known=True)
        except Unknown:
            script.variables[node.variable] = Declared(changed, None, known=False)

    def _assign(self, node: syntax.Assign) -> None:
        selected = bind_query(node.query, self.script)
        if not self._is_free(node.variable, node.position):
            return
        if selected is None:
            self.script.rowsets[node.variable] = Rowset("", None)
            return
        table = self.script.fresh("r")
        self.script.rowsets[node.variable] = Rowset(table, selected.columns)
        statement = self._statement(f"CREATE TABLE {table} AS {selected.sql}")
        needs = frozenset(_TABLE.findall(selected.sql))
        self.steps.append(QueryStep(node.variable, table, statement, needs))

    def _is_free(self, variable: str, position: Position) -> bool:
        """Whether a rowset may have this name: in U-SQL, too, names are given once."""
        if variable in self.script.variables:
            self.script.report(position, f"{quoted(variable)} is a variable already.")
            return False
        if variable in self.script.rowsets:
            self.script.report(position, f"The rowset {quoted(variable)} is there already: use another name.")
            return False
        return True

    def _statement(self, sql: str) -> Statement:
        names = set(_PARAMETER.findall(sql))
        return Statement(sql, {name[1:]: text for text, name in self.script.parameters.items() if name[1:] in names})

    def _extract(self, node: syntax.ExtractStatement) -> None:
        script, before = self.script, len(self.script.problems)
        if not self._is_free(node.variable, node.position):
            return
        columns = tuple(Column(each.name, named_type(each.type)) for each in node.columns)
        duplicates([column.name for column in columns], node.position, script)
        for each in node.columns:
            if each.type.name == "string" and each.type.nullable:
                script.report(each.type.position, "A string can be null anyway: leave out the `?`.")
        files = [found for path in node.paths if (found := self._file_set(path, columns)) is not None]
        form = file_format(node.using, "Extractors", script)
        if form is None or len(script.problems) > before:
            script.rowsets[node.variable] = Rowset("", None)
            return
        table = script.fresh("r")
        script.rowsets[node.variable] = Rowset(table, columns)
        self.steps.append(ExtractStep(node.variable, table, columns, tuple(files), form))

    def _path(self, node: syntax.Expression) -> str | None:
        """The text of a path, which must be known before anything runs."""
        before = len(self.script.problems)
        sql = bind(node, Scope(self.script))
        if len(self.script.problems) > before or sql.failed:
            return None
        with suppress(Unknown):
            path = value_of(node, self.script)
            if isinstance(path, str) and path:
                return path
        self.script.report(node.position, "A path must be a constant text that is not empty.")
        return None

    def _file_set(self, node: syntax.Expression, columns: tuple[Column, ...]) -> FileSet | None:
        path = self._path(node)
        if path is None:
            return None
        if self.places is not None and (message := self.places.read_fault(path)) is not None:
            self.script.report(node.position, message)
        try:
            files = parse_file_set(path)
        except ValueError as error:
            self.script.report(node.position, str(error))
            return None
        types = {column.name: column.type for column in columns}
        for name in sorted(files.columns):
            if name not in types:
                self.script.report(
                    node.position, f"The path gives a column {quoted(name)}, which EXTRACT does not have."
                )
            elif files.kind(name) == "date" and types[name].name != "DateTime":
                self.script.report(node.position, f"The path gives dates: column {quoted(name)} must be `DateTime`.")
        if files.columns >= types.keys():
            self.script.report(node.position, "At least one column must come from the files themselves.")
        return files

    def _target_fault(self, path: str) -> str | None:
        """What is wrong with writing a path, as a sentence."""
        if any(isinstance(step, OutputStep) and step.path == path for step in self.steps):
            return "Another OUTPUT writes this file already."
        if "{" in path or "}" in path:
            return "Patterns in OUTPUT are not covered: write one OUTPUT for each file."
        return None if self.places is None else self.places.write_fault(path)

    def _output(self, node: syntax.OutputStatement) -> None:
        script = self.script
        rowset = script.rowsets.get(node.variable)
        if rowset is None:
            hint = script.suggester.suggest(node.variable, list(script.rowsets))
            message = f"The rowset {quoted(node.variable)} is not known." + (f" {hint}" if hint else "")
            script.report(node.position, message)
        path = self._path(node.path)
        form = file_format(node.using, "Outputters", script)
        if path is not None and (fault := self._target_fault(path)) is not None:
            script.report(node.path.position, fault)
        if rowset is None or rowset.columns is None or path is None or form is None:
            return
        scope = Scope(script, (Source((node.variable,), rowset.table, rowset.columns),), clause="ORDER BY")
        clause = "" if node.ordering is None else order_clause(node.ordering, scope)
        if clause is None:
            return
        sql = f"SELECT {line_sql(rowset.columns, form, script)} FROM {rowset.table}{clause}"
        needs = frozenset({rowset.table})
        header = header_line(rowset.columns, form)
        self.steps.append(OutputStep(node.variable, path, self._statement(sql), needs, header, form))


def _external(text: str, type_: Type, node: syntax.Declare) -> syntax.Expression | None:
    """The value that replaces the one of a DECLARE EXTERNAL; None where it cannot be one of the type."""
    if type_.name == "string":
        return syntax.Literal("string", text, position=node.position)
    if type_.name == "bool" and text.lower() in {"true", "false"}:
        return syntax.Literal("bool", text.lower() == "true", position=node.position)
    number = re.fullmatch(r"(-?)(\d+)(\.\d+)?", text) if type_.numeric else None
    if number is not None and (number[3] is None or not type_.integral):
        literal = syntax.Literal(type_.name, number[2] + (number[3] or ""), position=node.position)
        return syntax.Unary("-", literal, position=node.position) if number[1] else literal
    if type_.name not in {"DateTime", "Guid"}:
        return None
    parse_ = syntax.Member(syntax.Name(type_.name), "Parse", position=node.position)
    return syntax.Call(parse_, (syntax.Literal("string", text, position=node.position),), position=node.position)
