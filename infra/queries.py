"""The queries that Pipeyard comes with (dashboard, alerts, pages), as they are asked, and what is wrong with them.

Kusto's own parser and analysis say so (`infra/kql/`, which `./dev check` installs). Standard library only.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_KQL = ROOT / "infra" / "kql"
_TIME_RANGE = 4
"""Type of a workbook's parameter."""
_GRAIN = "30m"
"""What a workbook makes of a time range's grain: some length of time, by how long the range is."""
_LEFT_OVER = re.compile(r"\$?\{[\w.:]+\}")
_BLOCK = re.compile(r"^ *```kusto\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_IN_TEMPLATE = re.compile(r"^ *query: '((?:\\.|[^'\\\n])*)'$", re.MULTILINE)
_LOADED = re.compile(r"^var (\w+) = loadJsonContent\('([^']+)'\)$", re.MULTILINE)


@dataclass(frozen=True)
class Query:
    """A query.

    Attributes:
        place: Where it stands: file and line, or file and name.
        text: With the values of parameters.
    """

    place: str
    text: str


def all_queries() -> list[Query]:
    """Every query of the repository."""
    workbook = ROOT / "infra/workbook.json"
    return [
        *of_workbook(_name(workbook), json.loads(workbook.read_text(encoding="utf-8"))),
        *(query for template in sorted((ROOT / "infra").glob("**/*.bicep")) for query in of_template(template)),
        *(query for page in pages() for query in of_page(_name(page), page.read_text(encoding="utf-8"))),
    ]


def pages() -> list[Path]:
    """What people read."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])


def of_workbook(place: str, workbook: Mapping[str, Any]) -> Iterator[Query]:
    """Queries with the values that parameters have at first, as the portal puts them in."""
    items = workbook["items"]
    values = {}
    for parameter in (each for item in items for each in item["content"].get("parameters", [])):
        if parameter["type"] == _TIME_RANGE:
            values[f"{parameter['name']}:grain"] = _GRAIN
        else:
            values[parameter["name"]] = parameter["value"]
    for item in items:
        if "query" in item["content"]:
            text = re.sub(r"\{([\w:]+)\}", lambda found: values.get(found[1], found[0]), item["content"]["query"])
            yield Query(f"{place}, '{item['name']}'", text)


def of_template(template: Path) -> Iterator[Query]:
    """Queries with the values of files that the template loads, as Bicep puts them in."""
    text = template.read_text(encoding="utf-8")
    loaded = {name: json.loads((template.parent / path).read_text("utf-8")) for name, path in _LOADED.findall(text)}

    def value(found: re.Match[str]) -> str:
        inner: Any = loaded
        for part in found[1].split("."):
            inner = inner.get(part) if isinstance(inner, dict) else None
        return inner if isinstance(inner, str) else found[0]

    for found in _IN_TEMPLATE.finditer(text):
        filled = re.sub(r"\$\{([\w.]+)\}", value, found[1])
        yield Query(f"{_name(template)}:{_line(text, found.start(1))}", re.sub(r"\\(.)", r"\1", filled))


def of_page(place: str, text: str) -> Iterator[Query]:
    """Queries in blocks of their own."""
    for found in _BLOCK.finditer(text):
        yield Query(f"{place}:{_line(text, found.start(1))}", dedent(found[1]).rstrip())


def faults(queries: Iterable[Query]) -> list[str]:
    """What is wrong with queries: syntax, names of tables, columns and functions, types; with file, line and column."""
    node, given = shutil.which("node"), list(queries)
    if node is None or not installed():
        return ["queries were not checked: node or infra/kql/node_modules is missing; ./dev check installs the latter"]
    done = subprocess.run(
        [node, str(_KQL / "analyze.js")],
        input=json.dumps([asdict(query) for query in given]),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        return [f"queries were not checked: {done.stderr}"]
    unknown = [
        f"{query.place}: nothing has the name {found}" for query in given for found in _LEFT_OVER.findall(query.text)
    ]
    found: list[str] = json.loads(done.stdout)
    return unknown + found


def installed() -> bool:
    """Whether the parser is there."""
    return (_KQL / "node_modules").is_dir()


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
