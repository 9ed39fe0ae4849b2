"""Log records: one flat object each, with the run they are about and without secrets."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from shared.core.errors import BackendError
from shared.telemetry import run_logger
from shared.telemetry.logs import as_event, hide_secrets

SIGNED = "https://acct.blob.core.windows.net/c/b?sv=1&sig=c2lnbmF0dXJl"


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def kept() -> Iterator[Kept]:
    """Every record of the process, with the filter that `bootstrap` installs."""
    before = logging.getLogRecordFactory()
    hide_secrets()
    handler = Kept()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)
    logging.setLogRecordFactory(before)


def test_an_event_names_the_run_and_is_plain_json(kept: Kept):
    log = run_logger("shared.services.steps", run_id="8d0f", step="train", attempt=2)
    log.warning("took %d s at %s", 3, SIGNED)
    event = json.loads(json.dumps(as_event(kept.records[0])))
    assert event.items() >= {"run_id": "8d0f", "step": "train", "attempt": 2, "level": "WARNING"}.items()
    assert event["message"].startswith("[run_id=8d0f step=train attempt=2] took 3 s at https://acct.blob")
    assert "c2lnbmF0dXJl" not in json.dumps(event)


def ask() -> None:
    raise BackendError(f"It did not answer at {SIGNED}")


def test_neither_messages_nor_tracebacks_carry_secrets_whoever_writes_them(kept: Kept):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    log = logging.getLogger("somebody.elses")
    log.addHandler(handler)
    with pytest.raises(BackendError) as caught:
        ask()
    log.error("Asked %s with %s", SIGNED, {"Authorization": "Bearer abcdefghijklmnop"}, exc_info=caught.value)
    log.removeHandler(handler)
    event = as_event(kept.records[0])
    assert event["error_type"] == "BackendError"
    for text in (stream.getvalue(), json.dumps(event)):
        assert "It did not answer at https://acct.blob" in text
        assert "Traceback" in text
        assert "c2lnbmF0dXJl" not in text
        assert "abcdefghijklmnop" not in text


def test_causes_and_groups_of_exceptions_carry_no_secrets(kept: Kept):
    with pytest.raises(BackendError) as cause:
        ask()
    group = ExceptionGroup("several", [ValueError("AccountKey=Zm9vYmFy;"), KeyError("sig=cXdlcnR6")])
    group.__cause__ = cause.value
    logging.getLogger("somebody.elses").error("It failed", exc_info=group)
    event = json.dumps(as_event(kept.records[0]))
    assert all(word in event for word in ("several", "ValueError", "It did not answer"))
    assert not any(secret in event for secret in ("c2lnbmF0dXJl", "Zm9vYmFy", "cXdlcnR6"))


def test_words_and_values_that_do_not_fit_are_left_to_logging(kept: Kept):
    record = logging.getLogger("x").makeRecord("x", logging.INFO, "f", 1, "%d runs", ("many",), None)
    assert record.args == ("many",)
    named = logging.getLogger("x").makeRecord("x", logging.INFO, "f", 1, "%(runs)s", ({"steps": 1},), None)
    assert named.args == {"steps": 1}


def test_installing_twice_is_installing_once(kept: Kept):
    factory = logging.getLogRecordFactory()
    hide_secrets()
    assert logging.getLogRecordFactory() is factory
