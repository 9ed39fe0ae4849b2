"""Which of v1's names a script uses, and where.

Variables are followed through assignments only, without regard to scopes and branches: enough for scripts and
notebooks, and what cannot be followed is left out rather than guessed.
"""

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass

from pipeyard._migration.table import V1_PACKAGE, Name, Outcome, Verdict, load_names, names_by_import, new_module

V1_ROOTS = frozenset({V1_PACKAGE, "azureml_user"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One use of a name of v1.

    Attributes:
        line: Counted from 1.
        name: As v1 calls it, such as `Workspace.from_config`.
        outcome: What becomes of it.
    """

    line: int
    name: str
    outcome: Outcome


def uses_of(tree: ast.Module) -> list[Use]:
    """Every use of one of v1's names, in the order of the lines; what a line uses twice is named once."""
    reader = _Reader()
    reader.visit(tree)
    seen: dict[tuple[int, str], Use] = {}
    for use in reader.found:
        seen.setdefault((use.line, use.name), use)
    return sorted(seen.values(), key=lambda use: use.line)


class _Reader(ast.NodeVisitor):
    """Collects uses while it follows what variables hold: a name of the table, or a module's path."""

    def __init__(self) -> None:
        self.found: list[Use] = []
        self._held: dict[str, Name | str] = {}

    def visit_Import(self, node: ast.Import) -> None:
        """`import azureml.core [as core]`."""
        for alias in node.names:
            root = alias.name.partition(".")[0]
            if root in V1_ROOTS:
                self._held[alias.asname or root] = alias.name if alias.asname else root
                self._add(node.lineno, alias.name, _module_outcome(alias.name))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """`from azureml.core import Workspace [as W]`."""
        module = node.module or ""
        if node.level or module.partition(".")[0] not in V1_ROOTS:
            return
        for alias in node.names:
            entry = names_by_import().get((module, alias.name))
            if entry is not None:
                self._held[alias.asname or alias.name] = entry
                self._add(alias.lineno, f"{module}.{alias.name}", entry.outcome)
            elif alias.name != "*":
                self._held[alias.asname or alias.name] = f"{module}.{alias.name}"
                self._add(alias.lineno, f"{module}.{alias.name}", _untold_outcome(module, alias.name))

    def visit_Assign(self, node: ast.Assign) -> None:
        """A variable holds what the right side gives."""
        self.generic_visit(node)
        held = self._given(node.value)
        for target in node.targets:
            if isinstance(target, ast.Name):
                if held is None:
                    self._held.pop(target.id, None)
                else:
                    self._held[target.id] = held

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """`workspace.get_details`."""
        self.generic_visit(node)
        holder = self._given(node.value)
        if isinstance(holder, Name):
            outcome = holder.member(node.attr) or Outcome(verdict=Verdict.UNKNOWN)
            self._add(node.end_lineno or node.lineno, f"{holder.name}.{node.attr}", outcome)
        elif isinstance(holder, str) and isinstance(entry := _in_module(holder, node.attr), Name):
            self._add(node.lineno, f"{holder}.{node.attr}", entry.outcome)

    def visit_Call(self, node: ast.Call) -> None:
        """`DataReference(datastore, mode="upload")`."""
        self.generic_visit(node)
        called = self._given(node.func) if isinstance(node.func, ast.Name | ast.Attribute) else None
        if isinstance(called, Name):
            for keyword in node.keywords:
                if keyword.arg is not None and keyword.arg in called.arguments:
                    self._add(keyword.value.lineno, f"{called.name}({keyword.arg}=...)", called.arguments[keyword.arg])

    def _given(self, node: ast.expr) -> Name | str | None:
        """What an expression gives: an instance of a name (or the name itself), a module, or nothing known."""
        match node:
            case ast.Name():
                return self._held.get(node.id)
            case ast.Attribute():
                holder = self._given(node.value)
                if isinstance(holder, Name):
                    return load_names().get(holder.returns.get(node.attr, ""))
                return None if holder is None else _in_module(holder, node.attr)
            case ast.Call():
                return self._given(node.func)
            case _:
                return None

    def _add(self, line: int, name: str, outcome: Outcome) -> None:
        self.found.append(Use(line=line, name=name, outcome=outcome))


def _in_module(module: str, attribute: str) -> Name | str:
    return names_by_import().get((module, attribute)) or f"{module}.{attribute}"


def _module_outcome(module: str) -> Outcome:
    try:
        importlib.import_module(new_module(module))
    except ImportError:
        return Outcome(verdict=Verdict.MISSING, note=f"There is no module `{new_module(module)}`.")
    return Outcome(verdict=Verdict.SAME)


def _untold_outcome(module: str, name: str) -> Outcome:
    """The outcome of a name that is not in the table: this package may have it all the same."""
    for found in _importable(new_module(module), name):
        if found:
            return Outcome(verdict=Verdict.SAME)
    return Outcome(verdict=Verdict.MISSING, note=f"There is no `{name}` in `{new_module(module)}`.")


def _importable(module: str, name: str) -> Iterator[bool]:
    try:
        yield hasattr(importlib.import_module(module), name)
        importlib.import_module(f"{module}.{name}")
        yield True
    except ImportError:
        yield False
