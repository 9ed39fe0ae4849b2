"""Queries are found wherever they stand, filled in as they are asked, and their faults are told with file and place."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infra import queries
from infra.queries import Query
from tests.infra.bicep_files import INFRA

needs_parser = pytest.mark.skipif(
    not queries.installed(), reason="Kusto's parser is not installed; ./dev check does it"
)

PARAMETERS = [{"name": "Time", "type": 4, "value": {"durationMs": 1}}, {"name": "Run", "type": 1, "value": "r1"}]
UNKNOWN = "does not refer to any known column, table, variable or function"
WRONG = {
    "request | take 1": (1, "The name 'request' does not refer to any known table, tabular variable or function."),
    "traces | where timestamp > ago(1d": (34, "Expected: )"),
    "requests | where duration > '1'": (27, "The operator '>' is not defined for the operand types real and string."),
    "requests | summarize p = percentile(duration)": (26, "The function 'percentile' expects 2 arguments."),
    "customMetrics | where sum(valueSum) > 0": (23, "The aggregate function 'sum' is not allowed in this context."),
}
"""By query: the column, and what is said of it."""


def workbook(query: str) -> dict[str, Any]:
    items = [{"parameters": PARAMETERS}, {"json": "# Title"}, {"query": query}]
    return {"items": [{"name": f"item{i}", "content": content} for i, content in enumerate(items)]}


def page(query: str) -> Query:
    [found] = queries.of_page("docs/page.md", f"# Title\n\n- Look.\n\n  ```kusto\n{query}\n  ```\n")
    return found


def test_every_query_of_workbook_templates_and_pages_is_found():
    places = [re.split(r"[:,]", query.place)[0] for query in queries.all_queries()]
    written = {
        str(path.relative_to(queries.ROOT)): len(re.findall(word, path.read_text(), re.MULTILINE))
        for word, paths in {
            r'"query": ': [INFRA / "workbook.json"],
            r"\bquery: '": INFRA.rglob("*.bicep"),
            r"```kusto": queries.pages(),
        }.items()
        for path in paths
    }
    assert {place: places.count(place) for place in places} == {place: n for place, n in written.items() if n}


def test_no_query_hides_in_a_sentence_or_in_another_block():
    operator = r"\| (where|summarize|project|extend|take) "
    for path in queries.pages():
        rest = re.sub(r"```kusto\n.*?```", "", path.read_text(), flags=re.DOTALL)
        assert not re.search(rf"`\w+ {operator}|^ *{operator}[^|]*$", rest, re.MULTILINE), path


def test_parameters_of_a_workbook_are_filled_in():
    text = "requests | where '{Run}' == name | summarize count() by bin(timestamp, {Time:grain})"
    [found] = queries.of_workbook("book.json", workbook(text))
    expected = "requests | where 'r1' == name | summarize count() by bin(timestamp, 30m)"
    assert found == Query("book.json, 'item2'", expected)


def test_what_a_template_loads_is_filled_in(tmp_path: Path):
    (tmp_path / "names.json").write_text(json.dumps({"metrics": {"failed": "runs.failed"}}))
    template = tmp_path / "alerts.bicep"
    template.write_text(
        "var names = loadJsonContent('names.json')\n\n"
        "    query: 'customMetrics | where name == \\'${names.metrics.failed}\\''\n"
        "    query: rule.query\n"
    )
    assert list(queries.of_template(template)) == [
        Query("alerts.bicep:3", "customMetrics | where name == 'runs.failed'")
    ]


@needs_parser
def test_what_is_wrong_is_told_with_file_query_line_and_column(tmp_path: Path):
    (tmp_path / "alerts.bicep").write_text("var a = 1\nquery: 'requests | where nmae has \\'x\\''\n")
    found = queries.faults(
        [
            *queries.of_workbook("book.json", workbook("requests\n| where tolowr(name) == 'x'")),
            *queries.of_template(tmp_path / "alerts.bicep"),
            page("  traces\n  | where message has 'x'\n  | where value > 1"),
            *(Query(text, text) for text in WRONG),
        ]
    )
    told = [re.fullmatch(r"(.+): line (\d+), column (\d+) of the query: (.+) \(KS\d+\)", fault) for fault in found]
    assert [each.groups() for each in told if each] == [
        ("book.json, 'item2'", "2", "9", "The name 'tolowr' does not refer to any known function."),
        ("alerts.bicep:2", "1", "18", f"The name 'nmae' {UNKNOWN}."),
        ("docs/page.md:6", "3", "9", f"The name 'value' {UNKNOWN}."),
        *((text, "1", str(column), words) for text, (column, words) in WRONG.items()),
    ]


@needs_parser
def test_a_parameter_that_there_is_not_is_a_fault(tmp_path: Path):
    (tmp_path / "alerts.bicep").write_text("query: 'traces | where message has \\'${names.nothing}\\''\n")
    told = queries.faults(
        [
            *queries.of_workbook("book.json", workbook("traces | where message has '{Nobody}'")),
            *queries.of_template(tmp_path / "alerts.bicep"),
        ]
    )
    assert told == [
        "book.json, 'item2': nothing has the name {Nobody}",
        "alerts.bicep:1: nothing has the name ${names.nothing}",
    ]


def test_without_the_parser_that_is_a_fault_of_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    [told] = queries.faults([page("  traces")])
    assert told.startswith("queries were not checked")
