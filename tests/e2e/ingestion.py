"""An ingestion endpoint of Application Insights on this machine: keeps what a workspace sends."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.fakes.http_server import HttpServer, Reply, Request

KEY = "3b5c0f0e-8d0f-4a51-9c55-6f1f0b6c2d11"


@dataclass(frozen=True)
class SpanSeen:
    """A span as it arrived."""

    trace: str
    id: str
    parent: str | None
    name: str
    succeeded: bool
    attributes: dict[str, Any]

    @property
    def run_id(self) -> str | None:
        return self.attributes.get("pipeyard.run_id")

    @property
    def links(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = json.loads(self.attributes.get("_MS.links", "[]"))
        return found


class Ingestion:
    """What has arrived so far."""

    def __init__(self, port: int) -> None:
        self.connection_string = f"InstrumentationKey={KEY};IngestionEndpoint=http://127.0.0.1:{port}/"
        self._envelopes: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def add(self, envelopes: list[dict[str, Any]]) -> None:
        with self._lock:
            self._envelopes += envelopes

    def of_type(self, base_type: str) -> list[dict[str, Any]]:
        with self._lock:
            return [each for each in self._envelopes if each["data"]["baseType"] == base_type]

    @property
    def text(self) -> str:
        """Everything, to look for what must not be in it."""
        with self._lock:
            return json.dumps(self._envelopes)

    @property
    def spans(self) -> list[SpanSeen]:
        return [_span(each) for each in self.of_type("RemoteDependencyData") + self.of_type("RequestData")]

    def trace(self, run_id: str) -> list[SpanSeen]:
        """The spans of a run's trace."""
        return [span for span in self.spans if span.trace == run_id.replace("-", "")]

    @property
    def metrics(self) -> dict[str, float]:
        """Sum by name."""
        sums: dict[str, float] = {}
        for envelope in self.of_type("MetricData"):
            for point in envelope["data"]["baseData"]["metrics"]:
                sums[point["name"]] = sums.get(point["name"], 0) + point["value"]
        return sums


def _span(envelope: dict[str, Any]) -> SpanSeen:
    data, tags = envelope["data"]["baseData"], envelope["tags"]
    return SpanSeen(
        trace=tags["ai.operation.id"],
        id=data["id"],
        parent=tags.get("ai.operation.parentId"),
        name=data["name"],
        succeeded=data["success"],
        attributes=data["properties"],
    )


@contextmanager
def ingestion() -> Iterator[Ingestion]:
    """A running endpoint."""
    with HttpServer() as server:
        store = Ingestion(server.port)

        def keep(request: Request) -> Reply:
            packed = request.headers.get("Content-Encoding") == "gzip"
            envelopes = json.loads(gzip.decompress(request.body) if packed else request.body)
            store.add(envelopes)
            return Reply(200, {"itemsReceived": len(envelopes), "itemsAccepted": len(envelopes), "errors": []})

        server.answer = keep
        yield store
