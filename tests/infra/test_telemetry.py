"""Alerts, the workbook and pages ask for what the code tells, under the same names; and what it tells is shown.

Whether they are Kusto's language is for `infra/queries.py` to say; here it is whether they would find anything.
"""

import ast
import json
import re

from infra.queries import all_queries
from shared.core import telemetry_names
from shared.core.telemetry_names import Metric
from tests.infra.bicep_files import INFRA

METRICS = {metric.name for metric in telemetry_names.METRICS}
CONSTANTS = {name: value.name for name, value in vars(telemetry_names).items() if isinstance(value, Metric)}
ATTRIBUTES = set(telemetry_names.ATTRIBUTES)
WORKBOOK = json.loads((INFRA / "workbook.json").read_text())
LISTED = json.loads((INFRA / "telemetry.json").read_text())["metrics"]
IN_WORKBOOK = {item["name"]: item["content"]["query"] for item in WORKBOOK["items"] if "query" in item["content"]}
SPANS = {
    *(telemetry_names.RUN_SPAN, telemetry_names.STEP_SPAN, telemetry_names.JOB_SPAN),
    *(telemetry_names.ACTIVITY_SPAN, telemetry_names.COMPUTE_SPAN),
}
QUERIES = {query.place: query.text for query in all_queries()}
PAGE = (INFRA.parent / "docs/observability.md").read_text()
SOURCES = [
    path.read_text()
    for folder in ("activities", "api", "shared/adapters", "shared/services", "shared/telemetry", "triggers")
    for path in (INFRA.parent / folder).rglob("*.py")
]


def names_in(text: str) -> set[str]:
    """Names as queries write them: quoted."""
    return set(re.findall(r"'(pipeyard\.\w[\w.]*)'", text))


def dimensions() -> dict[str, set[str]]:
    """Of every metric: the names that the code gives its dimensions where it records it."""
    found: dict[str, set[str]] = {name: set() for name in METRICS}
    for tree in map(ast.parse, SOURCES):
        assigned = {
            target.id: each.value
            for each in ast.walk(tree)
            if isinstance(each, ast.Assign)
            for target in each.targets
            if isinstance(target, ast.Name)
        }
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "metrics.record":
                # The metric itself, or a name or table that stands for one of several.
                metric = call.args[0].value if isinstance(call.args[0], ast.Subscript) else call.args[0]
                text = ast.unparse(assigned.get(metric.id, metric) if isinstance(metric, ast.Name) else metric)
                recorded = CONSTANTS.keys() & set(re.findall(r"\w+", text))
                assert recorded, text
                for name in recorded:
                    found[CONSTANTS[name]] |= {word.arg for word in call.keywords if word.arg}
    return found


def test_the_list_for_the_templates_is_that_of_the_code():
    assert set(LISTED.values()) == METRICS
    assert len(set(LISTED.values())) == len(LISTED)


def test_every_name_in_the_workbook_is_one_of_the_code_and_every_one_is_shown():
    used = set().union(*(names_in(query) for query in IN_WORKBOOK.values()))
    used -= {"pipeyard.runs."}  # cut off from the names of metrics
    assert used == METRICS | ATTRIBUTES


def test_metrics_are_looked_for_among_metrics_and_attributes_elsewhere():
    for place, query in QUERIES.items():
        wanted = METRICS if "customMetrics" in query else ATTRIBUTES
        assert names_in(query) - {"pipeyard.runs."} <= wanted, place


def test_queries_ask_for_spans_that_there_are():
    asked = {found for query in QUERIES.values() for found in re.findall(r"name startswith '(\w+) '", query)}
    assert asked
    assert asked <= SPANS


def test_queries_ask_for_dimensions_that_their_metrics_have():
    given, asked = dimensions(), set()
    for place, query in QUERIES.items():
        keys = set(re.findall(r"customDimensions\.(\w+)", query))
        metrics = names_in(query) & METRICS
        assert keys <= set().union(*(given[name] for name in metrics)), place
        asked |= {(name, key) for name in metrics for key in keys}
    assert {(name, key) for name, keys in given.items() for key in keys} <= asked, "a dimension is shown nowhere"


def test_only_histograms_are_asked_how_many_values_and_which_was_the_longest():
    # A counter and a gauge send one value without minimum and maximum.
    histograms = {metric.name for metric in telemetry_names.METRICS if metric.kind == "histogram"}
    asked = {place: names_in(query) for place, query in QUERIES.items() if re.search("value(Count|Min|Max)", query)}
    assert asked
    assert {place: names for place, names in asked.items() if not names <= histograms} == {}


def test_queries_ask_for_words_that_are_written_and_functions_that_there_are():
    said = {found for query in QUERIES.values() for found in re.findall(r"message has '(.+?)'", query)}
    assert {words for words in said if not any(words in text for text in SOURCES)} == {"webjobs-blobtrigger-poison"}
    functions = json.loads((INFRA.parent / "tests/golden/functions.json").read_text())
    lists = [found for query in QUERIES.values() for found in re.findall(r"operation_Name in \((.+?)\)", query)]
    assert lists
    assert {name for each in lists for name in re.findall(r"'(\w+)'", each)} <= set(functions)


def test_every_parameter_of_a_query_is_defined():
    defined = {each["name"] for item in WORKBOOK["items"] for each in item["content"].get("parameters", [])}
    used = {found for query in IN_WORKBOOK.values() for found in re.findall(r"\{(\w+)(?::\w+)?\}", query)}
    assert used == defined


def test_alerts_rest_on_listed_metrics():
    alerts = (INFRA / "modules/alerts.bicep").read_text()
    used = set(re.findall(r"telemetry\.metrics\.(\w+)", alerts))
    assert {"runsFailed", "runsStuck", "activitiesGivenUp"} <= used <= set(LISTED)


def test_every_metric_and_attribute_is_described():
    assert [name for name in sorted(METRICS | ATTRIBUTES) if f"`{name}`" not in PAGE] == []


def test_every_dimension_is_described_beside_its_metrics():
    rows = re.findall(r"^\| (`pipeyard\..+?) \|.*\| (.*?) ?\|$", PAGE, re.MULTILINE)
    described = {
        name: set(re.findall(r"`(\w+)`", cell.partition(":")[0]))
        for names, cell in rows
        for name in re.findall(r"`(pipeyard[\w.]+)`", names)
    }
    assert described == dimensions()


def test_the_code_writes_every_metric_and_attribute_that_it_names():
    constants = {name for name, value in vars(telemetry_names).items() if name.isupper()}
    groups = {"ATTRIBUTES", "METRICS"}
    unused = [name for name in constants - groups if not any(re.search(rf"\b{name}\b", text) for text in SOURCES)]
    assert unused == []
