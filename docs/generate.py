"""Writes the pages that follow from the code: the SDK's reference, and the table of v1's names.

`./dev docs` runs it; a test compares what it would write with what is there.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import griffe
from pipeyard._migration.table import Name, Outcome, Verdict, load_names, new_module

DOCS = Path(__file__).parent
SDK = DOCS.parent / "sdk"
MOVING = "moving-from-v1.md"
TABLE_BEGINS = "<!-- table: made by ./dev docs from sdk/pipeyard/_migration/names.toml -->"
TABLE_ENDS = "<!-- end of table -->"
NO_REFERENCE = frozenset({"pipeyard.cli", "pipeyard.jobs"})
"""Programs rather than modules to import; the command line's reference is its own help."""
VERDICTS = {Verdict.SAME: "works as is", Verdict.DIFFERS: "differs", Verdict.MISSING: "not offered"}


def pages() -> dict[Path, str]:
    """Every generated page by its place."""
    package = griffe.load("pipeyard", search_paths=[str(SDK)], docstring_parser="google")
    assert isinstance(package, griffe.Module)  # noqa: S101 - a package is a module
    found = {DOCS / "reference" / f"{module.path}.md": _module_page(module) for module in _public_modules(package)}
    moving = DOCS / MOVING
    before, _, rest = moving.read_text(encoding="utf-8").partition(TABLE_BEGINS)
    _, _, after = rest.partition(TABLE_ENDS)
    return {**found, moving: f"{before}{TABLE_BEGINS}\n\n{_table()}\n{TABLE_ENDS}{after}"}


def _public_modules(module: griffe.Module) -> Iterator[griffe.Module]:
    if module.path in NO_REFERENCE:
        return
    if any(_public_members(module)):
        yield module
    for name, child in sorted(module.modules.items()):
        if not name.startswith("_") and not child.is_alias:
            yield from _public_modules(child)


def _public_members(module: griffe.Module | griffe.Class) -> Iterator[griffe.Class | griffe.Function]:
    """Classes and functions that are defined here and have a docstring."""
    for name, member in module.members.items():
        if name.startswith("_") or member.is_alias or member.docstring is None:
            continue
        if isinstance(member, griffe.Class | griffe.Function):
            yield member


def _module_page(module: griffe.Module) -> str:
    parts = [f"# `{module.path}`", _text(module)]
    for member in _public_members(module):
        if isinstance(member, griffe.Class):
            parts += _class(member)
        else:
            parts += [f"## `{member.name}{_signature(member)}`", _text(member)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _class(found: griffe.Class) -> list[str]:
    bases = ", ".join(str(base) for base in found.bases)
    parts = [f"## `{found.name}`" + (f" ({bases})" if bases else ""), _text(found)]
    constructor = found.members.get("__init__")
    if isinstance(constructor, griffe.Function):
        parts.append(f"```python\n{found.name}{_signature(constructor)}\n```")
    for name, member in found.members.items():
        if name.startswith("_") or member.is_alias or member.docstring is None:
            continue
        if isinstance(member, griffe.Function):
            parts += [f"### `{name}{_signature(member)}`", _text(member)]
        elif isinstance(member, griffe.Attribute):
            parts += [f"### `{name}`", _text(member)]
    return parts


def _signature(function: griffe.Function) -> str:
    parameters = [parameter for parameter in function.parameters if parameter.name not in {"self", "cls"}]
    shown: list[str] = []
    for parameter in parameters:
        star = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}
        kind = parameter.kind or griffe.ParameterKind.positional_or_keyword
        if kind is griffe.ParameterKind.keyword_only and "*" not in shown and not any(s.startswith("*") for s in shown):
            shown.append("*")
        optional = parameter.default is not None and kind not in star
        shown.append(star.get(kind, "") + parameter.name + (f"={parameter.default}" if optional else ""))
    return f"({', '.join(shown)})"


def _text(documented: griffe.Object) -> str:
    """A docstring as Markdown: its sections become lists."""
    if documented.docstring is None:
        return ""
    text = inspect.cleandoc(documented.docstring.value)
    text = re.sub(r"^(Args|Attributes|Raises|Returns|Yields):\n", r"\n**\1**\n\n", text, flags=re.MULTILINE)
    text = re.sub(r"^ {4}(\w[\w.]*): ", r"- `\1`: ", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"^ {4,}(?=\S)", "  ", text, flags=re.MULTILINE))


def _table() -> str:
    lines = ["| v1 | here | verdict | |", "|---|---|---|---|"]
    for name in load_names().values():
        lines += _rows(name)
    return "\n".join(lines) + "\n"


def _rows(name: Name) -> Iterator[str]:
    module = name.modules[0] if name.modules else ""
    before = f"{module}.{name.name}" if module else name.name
    offered = name.outcome.verdict is not Verdict.MISSING
    after = f"`{new_module(module)}.{name.name}`" if module and offered else ""
    yield _row(f"`{before}`", after, name.outcome)
    same = sorted(member for member, outcome in name.members.items() if outcome.verdict is Verdict.SAME)
    if same and offered:
        yield _row(", ".join(f"`.{member}`" for member in same), "", Outcome(verdict=Verdict.SAME))
    for member, outcome in sorted(name.members.items()):
        if outcome.verdict is not Verdict.SAME:
            yield _row(f"`{name.name}.{member}`", "", outcome)
    for argument, outcome in sorted(name.arguments.items()):
        yield _row(f"`{name.name}({argument}=...)`", "", outcome)


def _row(before: str, after: str, outcome: Outcome) -> str:
    return f"| {before} | {after} | {VERDICTS[outcome.verdict]} | {outcome.note} |"


def main() -> None:
    """Write every page that changed, and remove reference pages of modules that are gone."""
    wanted = pages()
    for stale in set((DOCS / "reference").glob("*.md")) - set(wanted):
        stale.unlink()
    for page, text in wanted.items():
        page.parent.mkdir(exist_ok=True)
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {page.relative_to(DOCS.parent)}\n")


if __name__ == "__main__":
    main()
