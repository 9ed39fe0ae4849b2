"""Spans as an exporter gets them. In a process of its own, because a provider is set for good."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.core import traces

ROOT = Path(__file__).resolve().parents[3]
RUN = "8d0f4a51-9c55-4f1f-8b6c-2d11a1b2c3d4"
STEP = f"{RUN}-00000"
SCRIPT = f"""
import json
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from shared.adapters.azure_monitor import tracing
from shared.telemetry import spans

kept = InMemorySpanExporter()
provider = tracing(Resource.create({{}}))
provider.add_span_processor(SimpleSpanProcessor(kept))
trace.set_tracer_provider(provider)

with trace.get_tracer("host").start_as_current_span("the host's"):
    with spans.span("activity", {{"empty": "", "none": None, "place": "https://a/b?sig=c2VjcmV0"}}, below="{STEP}"):
        with spans.span("inside", {{}}):
            spans.note({{"seen": 1}})
try:
    with spans.span("fails", {{}}, below="{RUN}"):
        raise OSError("no answer from https://a/b?sig=c2VjcmV0 with Bearer abcdefghijkl")
except OSError:
    pass
times = {{"start": "2026-01-01T00:00:00+00:00", "end": "2026-01-01T00:00:02.5+00:00"}}
spans.tell("step", "{STEP}", {{"why": "password=hunter2"}}, below="{RUN}", failed=True, **times)
spans.tell("run", "{RUN}", {{}}, **times)
spans.tell("run of sig=c2VjcmV0", "{RUN}", {{}}, **times)
print(json.dumps([json.loads(span.to_json()) for span in kept.get_finished_spans()]))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return {span["name"]: span for span in json.loads(done.stdout)}


def hexadecimal(owner: str) -> str:
    return f"0x{traces.span_id(owner)}"


def test_parents_follow_from_ids_and_what_was_under_way_is_linked(told: dict[str, dict[str, Any]]):
    host, activity = told["the host's"]["context"], told["activity"]
    assert activity["parent_id"] == hexadecimal(STEP)
    assert activity["context"]["trace_id"] == f"0x{RUN.replace('-', '')}" != host["trace_id"]
    assert [link["context"]["span_id"] for link in activity["links"]] == [host["span_id"]]
    assert told["inside"]["parent_id"] == activity["context"]["span_id"]
    assert told["inside"]["attributes"] == {"seen": 1}


def test_the_span_of_a_run_or_step_has_the_id_that_its_parts_name(told: dict[str, dict[str, Any]]):
    assert (told["run"]["context"]["span_id"], told["run"]["parent_id"]) == (hexadecimal(RUN), None)
    assert (told["step"]["context"]["span_id"], told["step"]["parent_id"]) == (hexadecimal(STEP), hexadecimal(RUN))
    assert len({span["context"]["trace_id"] for name, span in told.items() if name != "the host's"}) == 1
    assert (told["step"]["start_time"], told["step"]["end_time"]) == (
        "2026-01-01T00:00:00.000000Z",
        "2026-01-01T00:00:02.500000Z",
    )


def test_failures_say_why_and_nothing_has_secrets_in_it(told: dict[str, dict[str, Any]]):
    failed = {name for name, span in told.items() if span["status"]["status_code"] == "ERROR"}
    assert failed == {"fails", "step"}
    error = told["fails"]["attributes"]["pipeyard.error"]
    assert error == "OSError: no answer from https://a/b?sig=[hidden] with Bearer [hidden]"
    assert told["activity"]["attributes"] == {"place": "https://a/b?sig=[hidden]"}
    everything = json.dumps(told)
    assert [each for each in ("c2VjcmV0", "abcdefghijkl", "hunter2") if each in everything] == []
