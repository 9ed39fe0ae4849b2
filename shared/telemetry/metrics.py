"""Numbers about the workspace. `shared.core.telemetry_names` lists them."""

from functools import cache
from typing import Any

from opentelemetry import metrics

from shared.core.telemetry_names import Metric

_meter = metrics.get_meter("pipeyard")


def record(metric: Metric, value: float = 1, **dimensions: str) -> None:
    """Count, measure or note something. Dimensions are few words each, never ids: every combination is a series."""
    instrument = _instrument(metric)
    if metric.kind == "counter":
        instrument.add(value, dimensions)
    elif metric.kind == "histogram":
        instrument.record(value, dimensions)
    else:
        instrument.set(value, dimensions)


@cache
def _instrument(metric: Metric) -> Any:
    if metric.kind == "counter":
        return _meter.create_counter(metric.name, description=metric.text)
    if metric.kind == "histogram":
        return _meter.create_histogram(metric.name, unit="s", description=metric.text)
    return _meter.create_gauge(metric.name, description=metric.text)
