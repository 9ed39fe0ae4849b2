"""Ids of traces and spans, derived from ids of runs.

A run's trace has the run's own id, and the span of a run, a step run or a job follows from its id. So any process
finds its place in a run's trace at any time, and nothing has to be carried through orchestrations.
"""

import hashlib

_RUN_ID_LENGTH = 36


def trace_id(owner: str) -> str:
    """Trace of a run, or of the run that a step run or job belongs to: the run's id without dashes."""
    return owner[:_RUN_ID_LENGTH].replace("-", "")


def span_id(owner: str) -> str:
    """Span of a run (by its id), a step run (likewise) or a job (by its name)."""
    return hashlib.sha256(f"pipeyard.span/{owner}".encode()).hexdigest()[:16]


def traceparent(owner: str) -> str:
    """The span as the header or variable of W3C Trace Context says it; always sampled."""
    return f"00-{trace_id(owner)}-{span_id(owner)}-01"
