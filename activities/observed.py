"""Makes an activity part of its run's trace. Every activity stands below it."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

from shared.core import names, telemetry_names
from shared.core.redaction import redact
from shared.telemetry import metrics, spans

_GAVE_UP = {names.FAIL_STEP: "message", names.CLOSE_RUN: "error"}
"""Activities that are called because another one failed for good, by the part of their input that says so."""


def observed[**P, T](activity: Callable[P, T]) -> Callable[P, T]:
    """The activity with a span below that of its step or run, and its failures counted."""
    name = activity.__name__

    @wraps(activity)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        payload: Any = kwargs["payload"] if "payload" in kwargs else args[0]
        if _GAVE_UP.get(name) in payload:
            metrics.record(telemetry_names.ACTIVITIES_GIVEN_UP, activity=name)
        owner, attributes = _place(payload)
        with spans.span(f"{telemetry_names.ACTIVITY_SPAN} {name}", attributes, below=owner):
            try:
                return activity(*args, **kwargs)
            except Exception as error:
                metrics.record(telemetry_names.ACTIVITIES_FAILED, activity=name)
                clean = _clean(error)
                if clean is error:
                    raise
                raise clean from None

    return call


def _clean(error: Exception) -> Exception:
    """The error, or one of its name without the secrets that it or one of its causes has in its text.

    The host writes down what an activity raises, with all causes, in logs and in histories; orchestrations go by names.
    """
    if all(redact(text) == text for text in _texts(error)):
        return error
    return cast("Exception", type(type(error).__name__, (Exception,), {})(redact(str(error))))


def _texts(error: BaseException) -> list[str]:
    """Of an error and of everything that it came from."""
    waiting: list[BaseException | None] = [error]
    found: dict[int, BaseException] = {}
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in found:
            found[id(each)] = each
            waiting += [each.__cause__, each.__context__]
            waiting += each.exceptions if isinstance(each, BaseExceptionGroup) else ()
    return [str(each) for each in found.values()]


def _place(payload: Mapping[str, Any]) -> tuple[str | None, dict[str, str]]:
    if "run_id" not in payload:
        return None, {}
    run_id = payload["run_id"]
    if "ordinal" not in payload:
        return run_id, {telemetry_names.RUN_ID: run_id}
    step_run_id = names.step_run_id(run_id, payload["ordinal"])
    return step_run_id, {telemetry_names.RUN_ID: run_id, telemetry_names.STEP_RUN_ID: step_run_id}
