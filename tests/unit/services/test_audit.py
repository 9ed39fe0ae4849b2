"""A change that cannot be recorded is told to whoever reads the service's log."""

import logging

from shared import bootstrap
from shared.config import load_settings
from shared.core.identity import LOCAL_CALLER
from shared.services.audit import record_change
from shared.services.workspace import Workspace
from shared.steps import STEP_TYPES


def test_a_record_that_cannot_be_written_is_an_error_in_the_log(storage_account, caplog):
    services = bootstrap._services(load_settings({"PIPEYARD_STORAGE": storage_account}), bootstrap._SystemClock())
    workspace = Workspace(services, STEP_TYPES, name="test", max_parallel_steps=1)
    too_long = {str(number): "x" * 500 for number in range(2000)}  # no table row is that large
    with caplog.at_level(logging.ERROR):
        record_change(workspace, LOCAL_CALLER, "POST /api/runs", too_long, "the-run", 201)
    assert "missing from the audit log" in caplog.text
    assert "the-run" in caplog.text
