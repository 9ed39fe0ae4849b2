"""Spans in the traces of runs. Their places follow from ids (`shared.core.traces`)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.core import traces
from shared.core.redaction import redact
from shared.core.telemetry_names import ERROR

type Value = str | int | float | bool | None
type Attributes = Mapping[str, Value]

own_ids: ContextVar[tuple[int, int] | None] = ContextVar("own_ids", default=None)
"""Trace and span id of the span that is just being made; None lets chance choose."""

_tracer = trace.get_tracer("pipeyard")


def _on() -> bool:
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def _clean(attributes: Attributes) -> dict[str, str | int | float | bool]:
    given = {name: value for name, value in attributes.items() if value is not None and value != ""}
    return {name: redact(value) if isinstance(value, str) else value for name, value in given.items()}


def _ids(owner: str) -> tuple[int, int]:
    return int(traces.trace_id(owner), 16), int(traces.span_id(owner), 16)


def _below(owner: str) -> Context:
    trace_id, span_id = _ids(owner)
    parent = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return trace.set_span_in_context(NonRecordingSpan(parent), Context())


@contextmanager
def span(
    name: str, attributes: Attributes, *, below: str | None = None, context: Context | None = None
) -> Iterator[None]:
    """A span around a block. An exception marks it as failed and goes on.

    Args:
        name: Its name.
        attributes: Values that are None or empty are left out.
        below: Id of the run or step run, or name of the job, whose span is its parent. What was under way, such as a
            request, is linked. None: it is part of what is under way.
        context: A parent that came from outside, where nothing is under way and `below` is None.
    """
    if not _on():
        yield
        return
    links = []
    if below is not None:
        outer = trace.get_current_span().get_span_context()
        links = [Link(outer)] if outer.is_valid else []
        context = _below(below)
    with _tracer.start_as_current_span(
        redact(name),
        context=context,
        attributes=_clean(attributes),
        links=links,
        record_exception=False,  # its text would go out as it is
        set_status_on_exception=False,
    ) as made:
        try:
            yield
        except Exception as error:
            sentence = redact(f"{type(error).__name__}: {error}")
            made.set_attribute(ERROR, sentence)
            made.set_status(Status(StatusCode.ERROR, sentence))
            raise


def callers(headers: Mapping[str, str]) -> Context | None:
    """The span that a request's headers name, None where the host has begun one for the request already."""
    if trace.get_current_span().get_span_context().is_valid:
        return None
    return TraceContextTextMapPropagator().extract(headers)


def rename(name: str) -> None:
    """Give what is under way the name that is known only now."""
    trace.get_current_span().update_name(redact(name))


def note(attributes: Attributes, *, failed: bool = False) -> None:
    """Say more about what is under way."""
    if _on():
        current = trace.get_current_span()
        current.set_attributes(_clean(attributes))
        if failed:
            current.set_status(Status(StatusCode.ERROR))


def tell(
    name: str,
    owner: str,
    attributes: Attributes,
    *,
    start: str,
    end: str,
    below: str | None = None,
    failed: bool = False,
) -> None:
    """The span of a run, step run or job that is over, under the ids that its parts have named as their parent.

    Args:
        name: Its name.
        owner: Whose span it is.
        attributes: As for `span`.
        start: When it began, ISO 8601.
        end: When it ended.
        below: Whose span is the parent; None for the run's own.
        failed: Whether it ended badly.
    """
    if not _on():
        return
    started, ended = _nanoseconds(start), _nanoseconds(end)
    token = own_ids.set(_ids(owner))
    try:
        made = _tracer.start_span(
            redact(name),  # people name pipelines as they like
            context=Context() if below is None else _below(below),
            attributes=_clean(attributes),
            start_time=min(started, ended),
        )
    finally:
        own_ids.reset(token)
    if failed:
        made.set_status(Status(StatusCode.ERROR))
    made.end(ended)


def _nanoseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1_000_000) * 1000
