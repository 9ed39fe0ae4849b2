"""One run, followed through everything that its workspace tells about it: what arrives at Application Insights."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.queries import all_queries
from shared.core import names, telemetry_names, traces
from tests.e2e.ingestion import Ingestion, SpanSeen, ingestion
from tests.e2e.workspace import ACCOUNT_KEY, Api, Flow, Server
from tests.waiting import until

CALLER = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
SPAN_IN_SCRIPT = """
import os
from opentelemetry import propagate, trace
from opentelemetry.sdk.trace import TracerProvider
provider = TracerProvider()
parent = propagate.extract({"traceparent": os.environ["TRACEPARENT"]})
with provider.get_tracer("train").start_as_current_span("epoch", context=parent) as span:
    note("span", trace=f"{span.get_span_context().trace_id:032x}", above=f"{span.parent.span_id:016x}")
note(); out(); note("token", token=os.environ["AZUREML_RUN_TOKEN"])
"""


@pytest.fixture(scope="module")
def told() -> Iterator[Ingestion]:
    with ingestion() as running:
        yield running


@pytest.fixture(scope="module")
def observed(told: Ingestion, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A workspace that sends telemetry, more often than it would by itself."""
    environment = {
        "APPLICATIONINSIGHTS_CONNECTION_STRING": told.connection_string,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_BLRP_SCHEDULE_DELAY": "100",
        "OTEL_METRIC_EXPORT_INTERVAL": "500",
    }
    made = Server(tmp_path_factory.mktemp("observed"), environment=environment)
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def observed_flow(observed: Server, tmp_path: Path) -> Iterator[Flow]:
    api = Api(observed.facts["url"])
    yield Flow(api, tmp_path)
    api.close()


def whole_trace(told: Ingestion, run_id: str) -> dict[str, SpanSeen]:
    """Spans of a run by id, once its own span has come: it is told last, apart from `close_run` around it."""
    until(lambda: any(each.name == "activity close_run" for each in told.trace(run_id)), "the run's last span")
    until(lambda: any(each.name.startswith("run ") for each in told.trace(run_id)), "the run's own span")
    found = told.trace(run_id)
    by_id = {span.id: span for span in found}
    assert len(by_id) == len(found), "each span is told once"
    return by_id


def one(spans: dict[str, SpanSeen], name: str) -> SpanSeen:
    found = [span for span in spans.values() if span.name == name]
    assert len(found) == 1, (name, [span.name for span in spans.values()])
    return found[0]


def check_tree(spans: dict[str, SpanSeen], run_id: str) -> None:
    """No span without a parent but the run's own, and each names the run."""
    assert [span.id for span in spans.values() if span.parent is None] == [traces.span_id(run_id)]
    assert [span.name for span in spans.values() if span.parent is not None and span.parent not in spans] == []
    assert {span.run_id for span in spans.values()} == {run_id}


def check_queries(told: Ingestion) -> None:
    """What queries take from spans and metrics is on those that have arrived, and in the tables that they ask."""
    spans = [each["data"]["baseData"] for each in told.of_type("RemoteDependencyData")]  # table `dependencies`
    asked = {query.place: query.text for query in all_queries() if query.text.startswith("dependencies")}
    assert asked
    for place, text in asked.items():
        kind = re.findall(r"name startswith '(\w+ )'", text)[0]
        found = [span for span in spans if span["name"].startswith(kind)]
        if "success == false" in text.partition("| summarize")[0]:
            found = [span for span in found if span["success"] is False]
        given = {name for span in found for name in span["properties"]}
        assert set(re.findall(r"customDimensions\['(.+?)'\]", text)) <= given, place
    kinds = {metric.name: metric.kind for metric in telemetry_names.METRICS}
    points = [point for each in told.of_type("MetricData") for point in each["data"]["baseData"]["metrics"]]
    for point in points:
        assert {"name", "value", "count"} <= point.keys()  # valueSum, valueCount
        assert ({"min", "max"} <= point.keys()) == (kinds[point["name"]] == "histogram"), point


def test_a_run_is_one_trace_from_the_request_to_the_script(told: Ingestion, observed_flow: Flow) -> None:
    flow = observed_flow
    flow.api.http.headers["traceparent"] = f"00-{CALLER[0]}-{CALLER[1]}-01"
    ended = flow.run(flow.step("train", SPAN_IN_SCRIPT), flow.step("score", data=["train"])).finished()
    run_id, spans = ended.run_id, whole_trace(told, ended.run_id)
    check_tree(spans, run_id)

    step_run_id, job = names.step_run_id(run_id, 0), names.job_name(run_id, 0, 1)
    run = one(spans, f"run {flow.name}")
    step, job_span = one(spans, "step train"), one(spans, "job train")
    assert (run.id, step.id, job_span.id) == tuple(traces.span_id(owner) for owner in (run_id, step_run_id, job))
    assert (step.parent, job_span.parent) == (run.id, step.id)
    for name in ("submit", "activity prepare_run", "activity close_run"):
        assert one(spans, name).parent == run.id, name
    begun = [span for span in spans.values() if span.name == "activity begin_step" and span.parent == step.id]
    assert len(begun) == 1
    submits = [span for span in spans.values() if span.name == "compute submit" and span.parent == begun[0].id]
    assert len(submits) == 1
    checks = {span.id for span in spans.values() if span.name == "activity check_step" and span.parent == step.id}
    polls = {span.parent for span in spans.values() if span.name == "compute poll" and span.parent in checks}
    assert polls == checks
    assert checks != set()
    assert [span.parent for span in spans.values() if span.name == "job_ended"].count(step.id) == 1

    expected = {
        telemetry_names.STEP_RUN_ID: step_run_id,
        telemetry_names.STEP: "train",
        telemetry_names.EXPERIMENT: flow.name,
        telemetry_names.ATTEMPT: "1",
        telemetry_names.COMPUTE_TARGET: "local",
        telemetry_names.OUTCOME: "Finished",
    }
    assert step.attributes.items() >= expected.items()
    inside = flow.notes("span", "train")[0]
    assert (inside["trace"], inside["above"]) == (run_id.replace("-", ""), job_span.id), "the script joins"

    request = until(
        lambda: [s for s in told.spans if s.trace == CALLER[0] and s.name == "POST /api/runs"], "the request's span"
    )[0]
    assert (request.parent, request.run_id) == (CALLER[1], run_id)
    assert {"operation_Id": CALLER[0], "id": request.id} in one(spans, "submit").links


def test_a_failed_step_says_why_and_a_reused_one_what_it_saved(told: Ingestion, observed_flow: Flow) -> None:
    flow = observed_flow
    good = flow.step("good")
    flow.run(good).finished()
    ended = flow.run(good, flow.step("bad", "raise SystemExit(3)", data=["good"]))
    assert ended.status == "Failed"
    spans = whole_trace(told, ended.run_id)
    check_tree(spans, ended.run_id)
    assert one(spans, "step good").attributes[telemetry_names.OUTCOME] == "Reused"
    bad = one(spans, "step bad")
    assert not bad.succeeded
    assert bad.attributes[telemetry_names.ERROR] == ended.steps["bad"]["error"]
    assert not one(spans, f"run {flow.name}").succeeded
    logs = until(lambda: [e for e in told.of_type("MessageData") if ended.run_id in str(e)], "the log record")
    assert logs[0]["data"]["baseData"]["properties"]["pipeyard.step"] == "bad"
    until(lambda: told.metrics.get(telemetry_names.RUNS_FAILED.name), "metrics")
    assert told.metrics[telemetry_names.STEPS_REUSED.name] == 1
    assert told.metrics[telemetry_names.SECONDS_SAVED.name] > 0
    check_queries(told)


def test_after_a_kill_the_trace_goes_on_where_it_was(told: Ingestion, observed: Server, observed_flow: Flow) -> None:
    flow = observed_flow
    gate = flow.notes_file.with_name("gate")
    held = flow.step("held", "note(); gate(); out()", env={"GATE": str(gate)})
    run_id = flow.submit(flow.step("before"), {**held, "inputs": {}}, flow.step("after", data=["held"]))
    flow.wait_for_note("start", "held")
    open_spans = {traces.span_id(owner) for owner in (run_id, names.step_run_id(run_id, 1))}

    def all_told() -> bool:
        """Everything that has ended so far has arrived: what has not is lost with the process."""
        found = told.trace(run_id)
        ids = {span.id for span in found} | open_spans
        begun = sum(span.name == "activity begin_step" for span in found)
        return begun == 2 and traces.span_id(names.step_run_id(run_id, 0)) in ids and {s.parent for s in found} <= ids

    until(all_told, "the spans so far")
    observed.kill()
    gate.touch()
    observed.start()
    flow.api.wait(run_id).finished()
    spans = whole_trace(told, run_id)
    check_tree(spans, run_id)
    assert one(spans, "restart").parent == traces.span_id(run_id)
    assert one(spans, "job held").parent == traces.span_id(names.step_run_id(run_id, 1))
    assert sum(span.name == "activity prepare_run" for span in spans.values()) == 2
    until(lambda: told.metrics.get(telemetry_names.RUNS_RESTARTED.name), "metrics")


def test_no_secret_is_told(told: Ingestion, observed_flow: Flow) -> None:
    flow = observed_flow
    ended = flow.run(flow.step("talks", 'note(); out(); note("token", token=os.environ["AZUREML_RUN_TOKEN"])'))
    whole_trace(told, ended.finished().run_id)
    token = flow.notes("token", "talks")[0]["token"]
    assert token not in told.text
    assert ACCOUNT_KEY not in told.text
    assert "sig=" not in told.text
    assert "eyJ" not in told.text
