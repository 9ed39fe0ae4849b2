"""Ids of traces and spans: the same in every process, and in the form that W3C asks for."""

import re

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.core import names, traces

RUN = "8d0f4a51-9c55-4f1f-8b6c-2d11a1b2c3d4"


def test_a_runs_trace_is_its_id_and_so_is_that_of_its_steps_and_jobs():
    owners = (RUN, names.step_run_id(RUN, 7), names.job_name(RUN, 7, 2))
    assert {traces.trace_id(owner) for owner in owners} == {RUN.replace("-", "")}
    assert len({traces.span_id(owner) for owner in owners}) == 3


def test_span_ids_never_change():
    """Another release must go on in the traces of runs that are under way."""
    assert traces.traceparent(RUN) == "00-8d0f4a519c554f1f8b6c2d11a1b2c3d4-679c9050bc58d80a-01"


def test_opentelemetry_understands_it():
    parent = traces.traceparent(names.job_name(RUN, 0, 1))
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", parent)
    context = trace.get_current_span(TraceContextTextMapPropagator().extract({"traceparent": parent}))
    found = context.get_span_context()
    assert (found.is_valid, found.trace_flags.sampled) == (True, True)
