"""Alerts and the workbook ask for what the code tells, under the same names; and what it tells is shown somewhere."""

import json
import re
from pathlib import Path

from shared.core import telemetry_names
from tests.infra.bicep_files import INFRA

METRICS = {metric.name for metric in telemetry_names.METRICS}
ATTRIBUTES = set(telemetry_names.ATTRIBUTES)
WORKBOOK = json.loads((INFRA / "workbook.json").read_text())
LISTED = json.loads((INFRA / "telemetry.json").read_text())["metrics"]
QUERIES = {item["name"]: item["content"]["query"] for item in WORKBOOK["items"] if "query" in item["content"]}
SPANS = {
    *(telemetry_names.RUN_SPAN, telemetry_names.STEP_SPAN, telemetry_names.JOB_SPAN),
    *(telemetry_names.ACTIVITY_SPAN, telemetry_names.COMPUTE_SPAN),
}
DOCS = [INFRA.parent / "docs" / page for page in ("observability.md", "runbook.md")]


def names_in(text: str) -> set[str]:
    """Names as queries write them: quoted."""
    return set(re.findall(r"'(pipeyard\.\w[\w.]*)'", text))


def blocks(page: Path) -> list[str]:
    return re.findall(r"^ *```kusto\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL)


def test_the_list_for_the_templates_is_that_of_the_code():
    assert set(LISTED.values()) == METRICS
    assert len(set(LISTED.values())) == len(LISTED)


def test_every_name_in_the_workbook_is_one_of_the_code_and_every_one_is_shown():
    used = set().union(*(names_in(query) for query in QUERIES.values()))
    used -= {"pipeyard.runs."}  # cut off from the names of metrics
    assert used == METRICS | ATTRIBUTES


def test_metrics_are_looked_for_among_metrics_and_attributes_in_spans():
    for name, query in QUERIES.items():
        of_metrics = query.startswith("customMetrics")
        wanted = METRICS if of_metrics else ATTRIBUTES
        assert names_in(query) - {"pipeyard.runs."} <= wanted, name


def test_queries_ask_for_spans_that_there_are():
    texts = [*QUERIES.values(), *(block for page in DOCS for block in blocks(page))]
    asked = {found for text in texts for found in re.findall(r"name startswith '(\w+) '", text)}
    assert asked
    assert asked <= SPANS


def test_every_parameter_of_a_query_is_defined():
    defined = {each["name"] for item in WORKBOOK["items"] for each in item["content"].get("parameters", [])}
    used = {found for query in QUERIES.values() for found in re.findall(r"\{(\w+)(?::\w+)?\}", query)}
    assert used == defined
    for query in QUERIES.values():
        assert query.count("(") == query.count(")")
        assert query.count("'") % 2 == 0


def test_alerts_rest_on_listed_metrics():
    alerts = (INFRA / "modules/alerts.bicep").read_text()
    used = set(re.findall(r"telemetry\.metrics\.(\w+)", alerts))
    assert {"runsFailed", "runsStuck", "activitiesGivenUp"} <= used <= set(LISTED)


def test_every_metric_and_attribute_is_described():
    page = DOCS[0].read_text()
    assert [name for name in sorted(METRICS | ATTRIBUTES) if f"`{name}`" not in page] == []


def test_queries_in_the_documentation_use_names_of_the_code():
    for page in DOCS:
        for block in blocks(page):
            assert names_in(block) <= METRICS | ATTRIBUTES, page.name


def test_the_code_writes_every_metric_and_attribute_that_it_names():
    sources = [
        path.read_text()
        for folder in ("activities", "api", "shared/adapters", "shared/services", "shared/telemetry")
        for path in (INFRA.parent / folder).rglob("*.py")
    ]
    constants = {name for name, value in vars(telemetry_names).items() if name.isupper()}
    groups = {"ATTRIBUTES", "METRICS"}
    unused = [name for name in constants - groups if not any(re.search(rf"\b{name}\b", text) for text in sources)]
    assert sorted(unused) == ["JOB_ENDED_SPAN"]  # in triggers/
