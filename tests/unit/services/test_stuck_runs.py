"""Runs that do not get on."""

from datetime import timedelta
from typing import Any

import pytest

from shared.core.records import RunRecord, StepRecord
from shared.core.status import RunStatus, StepStatus
from shared.services.runs import reconcile_runs
from shared.services.stuck_runs import STUCK_AFTER, is_stuck
from shared.services.submission import RunRequest, submit_run
from tests.unit.services.scheduling import DEFINITION, START, World

LATE = START + STUCK_AFTER + timedelta(seconds=1)


def run(**fields: Any) -> RunRecord:
    given = {"run_id": "r", "experiment": "e", "pipeline": "p", "created_at": START.isoformat(), "step_count": 2}
    return RunRecord.model_validate({**given, "status": RunStatus.RUNNING, "definition_id": "d", **fields})


def row(status: StepStatus, ended_at: str | None = None) -> StepRecord:
    return StepRecord(run_id="r", ordinal=0, name="s", status=status, ended_at=ended_at)


def test_a_run_to_which_nothing_happens_for_long_is_stuck():
    assert is_stuck(run(), [], LATE)
    assert is_stuck(run(), [row(StepStatus.FINISHED, START.isoformat())], LATE)


@pytest.mark.parametrize(
    ("rows", "fields"),
    [
        ([row(StepStatus.RUNNING)], {}),
        ([row(StepStatus.QUEUED)], {}),
        ([row(StepStatus.FINISHED, LATE.isoformat())], {}),
        ([], {"started_at": LATE.isoformat()}),
    ],
    ids=["a step runs", "a step waits", "a step has just ended", "it has just begun"],
)
def test_a_run_that_gets_on_is_not(rows: list[StepRecord], fields: dict[str, str]):
    assert not is_stuck(run(**fields), rows, LATE)


def test_the_reconciler_says_which_run_is_stuck(world: World, caplog: pytest.LogCaptureFixture):
    engine: Any = world.engine
    request = RunRequest.model_validate({"definition": DEFINITION})
    made, _ = submit_run(world.workspace, engine, request)
    assert reconcile_runs(world.workspace, engine) == [made.run_id]
    assert caplog.records == []
    world.clock.time = LATE
    reconcile_runs(world.workspace, engine)
    assert [record.run_id for record in caplog.records] == [made.run_id]  # type: ignore[attr-defined]
