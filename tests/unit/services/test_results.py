"""When a try is repeated."""

from typing import Any

import pytest

from shared.core.jobs import JobOutcome, JobResult
from shared.core.records import StepRecord
from shared.services.results import next_try_delay

NO_CONTEXT: Any = None


@pytest.mark.parametrize(
    ("attempt", "failures", "delay"),
    [(1, 0, 0.0), (2, 0, 15.0), (3, 0, 60.0), (4, 0, 240.0), (5, 0, None), (3, 2, 0.0), (6, 4, 15.0)],
)
def test_a_loss_is_made_good_at_once_and_losses_in_a_row_ever_later(attempt, failures, delay):
    row = StepRecord(run_id="r", ordinal=0, name="s", attempt=attempt, failures_counted=failures)
    for outcome in (JobOutcome.LOST, JobOutcome.INTERRUPTED):
        assert next_try_delay(NO_CONTEXT, row, JobResult(outcome=outcome), canceling=False) == delay
        assert next_try_delay(NO_CONTEXT, row, JobResult(outcome=outcome), canceling=True) is None
