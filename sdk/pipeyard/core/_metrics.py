"""Metrics: how a script's values leave the process, and how logged values are put together again.

Inside a step each call appends one JSON line `{"name", "kind", "value", "step", "time"}` to the file that
`PIPEYARD_METRICS_FILE` names, with one write, so that processes of one step do not mix their lines. JSON has no
`NaN` and no infinity; they travel as the strings "NaN", "Infinity" and "-Infinity".
"""

import json
import math
import os
import sys
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pipeyard._wire import MetricDocument

SCALAR = "scalar"
LIST = "list"
ROW = "row"
TABLE = "table"
TAG = "tag"
UNTAG = "untag"
PROPERTY = "property"
_NO_METRICS = frozenset({TAG, UNTAG, PROPERTY, "failure"})
METRICS_VARIABLE = "PIPEYARD_METRICS_FILE"


class MetricSink(Protocol):
    """Where logged values go."""

    def write(self, kind: str, name: str, value: Any, step: int | None = None) -> None:
        """Take one value."""
        ...


class FileSink:
    """Appends to the metrics file of a step. The file appears with the first value."""

    def __init__(self, path: str) -> None:
        self._path = path

    def write(self, kind: str, name: str, value: Any, step: int | None = None) -> None:
        """Append one line."""
        now = datetime.fromtimestamp(time.time(), tz=UTC).isoformat(timespec="microseconds")
        record = {"name": name, "kind": kind, "value": plain(value), "step": step, "time": now}
        line = json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)


class ConsoleSink:
    """Prints what a submitted run would have logged (v1's offline run)."""

    def write(self, kind: str, name: str, value: Any, step: int | None = None) -> None:
        """Print one value."""
        del step
        if kind == TAG:
            sys.stdout.write(f"Attempted to tag the run with {name}: {value}\n")
        else:
            sys.stdout.write(f"Attempted to log {kind} metric {name}:\n{value}\n")


def plain(value: Any) -> Any:
    """A value as JSON knows it: numpy's numbers and arrays become Python's, other objects become text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _non_finite(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return [plain(item) for item in value] if isinstance(value, Iterable) else str(value)


def _non_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def collect(documents: "Iterable[MetricDocument]") -> dict[str, Any]:
    """Logged values by name, as v1 gave them: one value alone, several as a list, rows and tables as columns."""
    metrics: dict[str, Any] = {}
    seen: set[str] = set()
    for document in documents:
        kind, name, value = document.get("kind", SCALAR), document["name"], document["value"]
        if kind in _NO_METRICS:
            continue
        if kind in {ROW, TABLE} and isinstance(value, dict):
            _extend_columns(metrics.setdefault(name, {}), value)
        elif kind == LIST:
            metrics[name] = [*metrics.get(name, ()), *value]
        elif name not in seen:
            metrics[name] = value
        else:
            metrics[name] = [*metrics[name], value] if isinstance(metrics[name], list) else [metrics[name], value]
        seen.add(name)
    return metrics


def facts(documents: "Iterable[MetricDocument]") -> tuple[dict[str, str], dict[str, str]]:
    """(tags, properties) among logged lines."""
    tags: dict[str, str] = {}
    properties: dict[str, str] = {}
    for document in documents:
        kind, name, value = document.get("kind", SCALAR), document["name"], document["value"]
        if kind == TAG:
            tags[name] = "" if value is None else str(value)
        elif kind == UNTAG:
            tags.pop(name, None)
        elif kind == PROPERTY:
            properties[name] = str(value)
    return tags, properties


def _extend_columns(columns: dict[str, Any], added: Mapping[str, Any]) -> None:
    for column, value in added.items():
        if column not in columns:
            columns[column] = value
            continue
        before = columns[column] if isinstance(columns[column], list) else [columns[column]]
        columns[column] = [*before, *(value if isinstance(value, list) else [value])]
