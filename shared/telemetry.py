"""Logging: one logger tree, and records that name the run, step and try they are about."""

import logging
from collections.abc import MutableMapping
from typing import Any


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
