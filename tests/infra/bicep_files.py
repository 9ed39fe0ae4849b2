"""Bicep files as tests look at them: pycep's tree for what is declared, and the words of the text for what is used.

pycep's tree does not tell the name `location` from the text 'location', so uses are read from the text itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from pycep import BicepParser

INFRA = Path(__file__).parents[2] / "infra"

KEYWORDS = {
    *("targetScope", "param", "var", "resource", "module", "output", "existing", "if", "for", "in"),
    *("true", "false", "null", "string", "int", "bool", "object", "array"),
}
FUNCTIONS = {
    *("empty", "environment", "guid", "last", "listKeys", "loadJsonContent", "loadTextContent", "resourceGroup"),
    *("split", "subscription", "subscriptionResourceId", "tenant", "toLower", "union", "uniqueString"),
}
DECORATORS = {"description", "allowed", "minLength", "maxLength", "minValue", "maxValue", "metadata"}

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/|\#disable[^\n]*)
        | (?P<string>'(?:\\.|\$\{[^}]*\}|[^'\\\n])*')
        | (?P<word>[A-Za-z_]\w*)
        | (?P<line>\n) | (?P<space>[ \t]+) | (?P<number>\d+) | (?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
_INTERPOLATION = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Word:
    """A name where it is used, with what is reached through it: `a!.outputs.b` is `a` with ("outputs", "b")."""

    name: str
    path: tuple[str, ...]
    asserted: bool
    called: bool


@dataclass(frozen=True)
class Template:
    path: Path
    text: str
    tree: dict[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        return self.path.relative_to(INFRA).as_posix()

    def part(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.tree.get(name, {})
        return found

    @cached_property
    def loop_variables(self) -> set[str]:
        pairs = re.findall(r"\[for (?:\((\w+), (\w+)\)|(\w+)) in", self.text)
        return {each for pair in pairs for each in pair if each}

    @cached_property
    def declared(self) -> set[str]:
        parts = ("parameters", "variables", "resources", "modules")
        return {name for part in parts for name in self.part(part)}

    @cached_property
    def words(self) -> list[Word]:
        """Every name that is used: not the keys of objects, nor what stands after a dot, `@` or in a declaration."""
        declarations = r"^(param|var|output|resource|module) \w+"
        return list(_words(re.sub(declarations, r"\1", self.text, flags=re.MULTILINE)))

    def declaration(self, symbol: str) -> str:
        """Source text of a resource or module."""
        found = re.search(rf"^(?:resource|module) {symbol} .*?^\}}\]?$", self.text, re.MULTILINE | re.DOTALL)
        assert found is not None, symbol
        return found[0]


def _words(text: str) -> Iterator[Word]:
    tokens = [
        (found.lastgroup or "", found[0])
        for found in _TOKEN.finditer(text)
        if found.lastgroup not in {"comment", "space"}
    ]
    for index, (kind, value) in enumerate(tokens):
        before = tokens[index - 1][1] if index else "\n"
        after = tokens[index + 1][1] if index + 1 < len(tokens) else "\n"
        if kind == "string":
            for inner in _INTERPOLATION.findall(value):
                yield from _words(inner)
        elif kind == "word" and value not in KEYWORDS and before not in {".", "@"}:
            if after == ":" and before in {"\n", "{", ","}:
                continue
            rest = "".join(value for _, value in tokens[index + 1 : index + 9])
            reached = re.match(r"(!?)((?:\.\w+)*)", rest)
            assert reached is not None
            path = tuple(part for part in reached[2].split(".") if part)
            yield Word(value, path, asserted=reached[1] == "!", called=after == "(")


@lru_cache
def templates() -> dict[str, Template]:
    """Every template by its path below `infra`; fails where one cannot be parsed."""
    parser, found = BicepParser(), {}
    for path in sorted(INFRA.rglob("*.bicep")):
        text = path.read_text()
        found[path.relative_to(INFRA).as_posix()] = Template(path, text, dict(parser.parse(text=text)))
    return found


def module_calls() -> Iterator[tuple[Template, str, Template, str]]:
    """(file, symbol, the file that is called, source text) of every module that is used."""
    for template in templates().values():
        for symbol, module in template.part("modules").items():
            target = (template.path.parent / module["detail"]["path"]).resolve()
            called = templates()[target.relative_to(INFRA).as_posix()]
            yield template, symbol, called, template.declaration(symbol)
