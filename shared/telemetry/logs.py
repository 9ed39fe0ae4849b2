"""Logging: records that name the run, step and try they are about, and carry no secrets."""

import logging
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

from shared.core.redaction import redact

_CONTEXT = ("run_id", "step_run_id", "step", "attempt")


class RunLogger(logging.LoggerAdapter[logging.Logger]):
    """Puts `run_id`, `step` and `attempt` in front of a message and onto the record."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Add the context; see `logging.LoggerAdapter.process`."""
        context = dict(self.extra or {})
        kwargs["extra"] = {**context, **kwargs.get("extra", {})}
        words = " ".join(f"{name}={value}" for name, value in context.items())
        return f"[{words}] {msg}", kwargs


def run_logger(name: str, **context: object) -> RunLogger:
    """A logger for one run, step or try."""
    return RunLogger(logging.getLogger(name), context)


def hide_secrets() -> None:
    """Take secrets out of every record of this process the moment it is made, whoever writes it and wherever to."""
    make = logging.getLogRecordFactory()
    if getattr(make, "hides_secrets", False):
        return

    def make_clean(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        try:
            record.msg, record.args = redact(record.getMessage()), ()
        except Exception:  # noqa: BLE001 - also of a value's own `__str__`: whoever writes a line must not fail with it
            return record  # words and values do not fit together: `logging` itself says so
        if record.exc_info and record.exc_info[1] is not None and not record.exc_text:
            # Formatters take this text where it is there.
            record.exc_text = redact("".join(traceback.format_exception(record.exc_info[1])).rstrip())
        return record

    make_clean.hides_secrets = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make_clean)


def as_event(record: logging.LogRecord) -> dict[str, str | int]:
    """A record as one flat JSON object: when, who, what, about which run."""
    event: dict[str, str | int] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "message": redact(record.getMessage()),
    }
    for name in _CONTEXT:
        value = getattr(record, name, None)
        if value is not None:
            event[name] = value if isinstance(value, int) else redact(str(value))
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        event["error_type"] = type(error).__name__
        event["error"] = redact(str(error))
        event["stack"] = redact("".join(traceback.format_exception(error)).rstrip())
    return event
