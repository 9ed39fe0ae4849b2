"""Numbers that the workspace tells, read as an exporter reads them."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from azure.core.pipeline.transport import HttpRequest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from activities.observed import observed
from shared.adapters.azure_transport import PooledTransport
from shared.core import telemetry_names
from shared.core.errors import BackendError
from shared.core.records import StepRecord
from shared.core.telemetry_names import METRICS, Metric
from shared.services.observation import compute_call
from shared.telemetry.metrics import record
from tests.fakes.http_server import HttpServer, Reply

Points = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Reader:
    """What has been told since it was last asked, by metric and dimensions."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        metrics.set_meter_provider(MeterProvider([self._reader]))
        self._before: Points = {}

    def news(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        now = self._now()
        changed = {key: value - self._before.get(key, 0) for key, value in now.items()}
        self._before = now
        return {key: value for key, value in changed.items() if value}

    def _now(self) -> Points:
        data = self._reader.get_metrics_data()
        found: Points = {}
        for metric in (m for r in (data.resource_metrics if data else []) for s in r.scope_metrics for m in s.metrics):
            for point in metric.data.data_points:
                key = (metric.name, frozenset((name, str(value)) for name, value in (point.attributes or {}).items()))
                found[key] = float(getattr(point, "sum", getattr(point, "value", 0)))
        return found


@pytest.fixture(scope="session")
def session_reader() -> Reader:
    """One for the process, because a provider can be set only once."""
    return Reader()


@pytest.fixture
def reader(session_reader: Reader) -> Reader:
    session_reader.news()
    return session_reader


def key(metric: Metric, **dimensions: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return metric.name, frozenset(dimensions.items())


@pytest.fixture
def busy() -> Iterator[str]:
    """A service that refuses for now, with the status that the path names."""
    with HttpServer(lambda request: Reply(int(request.path[1:]))) as server:
        yield server.url


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_can_be_recorded(reader: Reader, metric: Metric):
    record(metric, 3)
    assert reader.news() == {key(metric): 3}


@pytest.mark.parametrize(
    ("service", "metric"),
    [("table", telemetry_names.STORAGE_THROTTLED), ("azure_ml", telemetry_names.COMPUTE_THROTTLED)],
)
def test_refusals_for_now_are_counted_and_others_are_not(reader: Reader, busy: str, service: str, metric: Metric):
    with PooledTransport(service) as transport:
        for status in (429, 503, 404, 200):
            transport.send(HttpRequest("GET", f"{busy}/{status}"))
    assert reader.news() == {key(metric, service=service, status=status): 1 for status in ("429", "503")}


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "ok"),
        (BackendError("no"), "refused"),
        (BackendError("not now", retryable=True), "unavailable"),
        (OSError(), "error"),
    ],
)
def test_calls_of_a_backend_are_counted_by_how_they_end(reader: Reader, error: Exception | None, outcome: str):
    row = StepRecord(run_id="r", ordinal=0, name="s", backend="azure_ml")
    with pytest.raises(type(error)) if error else nullcontext(), compute_call("poll", row):
        if error is not None:
            raise error
    expected = key(telemetry_names.COMPUTE_CALLS, call="poll", backend="azure_ml", outcome=outcome)
    assert reader.news() == {expected: 1}


def test_an_activity_that_raises_is_counted_and_so_is_one_that_was_given_up(reader: Reader):
    @observed
    def check_step(payload: Any) -> Any:
        raise BackendError("not now", retryable=True)

    @observed
    def fail_step(payload: Any) -> Any:
        return payload["message"]

    with pytest.raises(BackendError):
        check_step(payload={"run_id": "r", "ordinal": 0})
    assert fail_step(payload={"run_id": "r", "ordinal": 0, "message": "it is over"}) == "it is over"
    assert reader.news() == {
        key(telemetry_names.ACTIVITIES_FAILED, activity="check_step"): 1,
        key(telemetry_names.ACTIVITIES_GIVEN_UP, activity="fail_step"): 1,
    }
