import pytest

from shared.core.status import (
    RUN_TERMINAL,
    RUN_TRANSITIONS,
    STEP_TERMINAL,
    STEP_TRANSITIONS,
    RunStatus,
    StepStatus,
    run_may_become,
    step_may_become,
)


def test_every_status_is_in_its_table():
    assert RUN_TRANSITIONS.keys() == set(RunStatus)
    assert STEP_TRANSITIONS.keys() == set(StepStatus)


def test_what_has_ended_stays_as_it_is():
    assert {str(status) for status in RUN_TERMINAL} == {"Finished", "Failed", "Canceled"}
    assert {str(status) for status in STEP_TERMINAL} == {"Finished", "Failed", "Canceled", "Skipped"}
    for run in RUN_TERMINAL:
        assert [new for new in RunStatus if run_may_become(run, new)] == [run]
    for step in STEP_TERMINAL:
        assert [new for new in StepStatus if step_may_become(step, new)] == [step]


@pytest.mark.parametrize("status", RunStatus)
def test_every_run_can_end(status):
    reached, pending = set(), [status]
    while pending:
        current = pending.pop()
        if current not in reached:
            reached.add(current)
            pending.extend(new for new in RunStatus if run_may_become(current, new))
    assert reached & RUN_TERMINAL


def test_a_step_that_waits_for_a_retry_runs_again():
    assert step_may_become(StepStatus.RUNNING, StepStatus.QUEUED)
    assert step_may_become(StepStatus.QUEUED, StepStatus.RUNNING)
    assert not step_may_become(StepStatus.RUNNING, StepStatus.SKIPPED)
    assert not run_may_become(RunStatus.CANCEL_REQUESTED, RunStatus.RUNNING)
