"""What the reconciler does for runs whose orchestrations got lost in part."""

from typing import Any

import pytest

from shared.core import names
from shared.core.errors import NotFound
from shared.core.status import RunStatus, StepStatus
from shared.services.documents import definition_blob
from shared.services.run_status import change_status
from shared.services.runs import close_run, prepare_run, reconcile_runs
from shared.services.steps import fresh_row
from shared.services.stuck_runs import STUCK_AFTER
from shared.services.submission import RunRequest, submit_run
from shared.services.workspace import Workspace
from shared.steps import STEP_TYPES
from tests.unit.services.scheduling import DEFINITION, World

STEPS = [
    {"name": "one", "type": "command", "settings": {"command": ["true"]}, "outputs": {"out": {}}},
    {
        "name": "two",
        "type": "command",
        "settings": {"command": ["true"]},
        "inputs": {"one": {"kind": "pipeline_data", "step": "one", "output": "out"}},
    },
]


@pytest.fixture
def run_id(world: World) -> str:
    """A run that is under way."""
    request = RunRequest.model_validate({"definition": {**DEFINITION, "steps": STEPS}})
    engine: Any = world.engine
    run_id = submit_run(world.workspace, engine, request)[0].run_id
    prepare_run(world.workspace, run_id)
    return run_id


def record(world: World, run_id: str, status: StepStatus) -> None:
    """Write the row of the first step."""
    context = world.workspace.context(run_id)
    ended_at = world.clock.now().isoformat() if status is StepStatus.FINISHED else None
    world.workspace.record(context, fresh_row(context, 0).model_copy(update={"status": status, "ended_at": ended_at}))


class Events:
    """An engine whose runs are alive; of steps, only those that it has started itself."""

    def __init__(self) -> None:
        self.raised: list[tuple[str, str]] = []
        self.started: list[tuple[str, int]] = []

    def is_alive(self, instance_id: str) -> bool:
        return instance_id.count("-") < 5 or names.split_step_run_id(instance_id) in self.started

    def start_step(self, run_id: str, ordinal: int) -> None:
        self.started.append((run_id, ordinal))

    def raise_event(self, instance_id: str, event: str, data: dict[str, Any]) -> None:
        self.raised.append((instance_id, event))


@pytest.fixture
def engine() -> Any:
    return Events()


def test_a_step_that_was_started_again_hears_that_its_run_was_canceled(world, engine, run_id):
    """Its run has passed the cancel on before, to an orchestration that is dead."""
    record(world, run_id, StepStatus.RUNNING)
    change_status(world.workspace, run_id, RunStatus.CANCEL_REQUESTED)
    reconcile_runs(world.workspace, engine)
    assert engine.started == [(run_id, 0)]
    assert engine.raised == [(run_id, names.CANCEL_EVENT), (names.step_run_id(run_id, 0), names.CANCEL_EVENT)]


@pytest.mark.parametrize("ended", [False, True])
def test_a_step_whose_orchestration_died_before_it_had_a_row_begins_after_all(world, engine, run_id, ended):
    if ended:
        record(world, run_id, StepStatus.FINISHED)
    reconcile_runs(world.workspace, engine)
    assert engine.started == [], "the run itself may be about to start it"
    engine.raised.clear()
    world.clock.time += 2 * STUCK_AFTER
    for _ in range(2):
        reconcile_runs(world.workspace, engine)
    assert engine.started == [(run_id, int(ended))]
    assert set(engine.raised) == ({(run_id, names.STEP_ENDED_EVENT)} if ended else set())


def test_a_step_that_was_missed_in_a_run_that_was_canceled_never_begins(world, engine, run_id):
    world.clock.time += 2 * STUCK_AFTER
    change_status(world.workspace, run_id, RunStatus.CANCEL_REQUESTED)
    for _ in range(2):
        reconcile_runs(world.workspace, engine)
    assert engine.started == []
    assert world.workspace.services.runs.get_step(run_id, 0).status is StepStatus.CANCELED
    assert (run_id, names.STEP_ENDED_EVENT) in engine.raised


def test_a_run_whose_definition_is_gone_is_closed(world: World, run_id: str) -> None:
    run = world.workspace.services.runs.get_run(run_id)
    world.workspace.services.blobs.delete(names.SYSTEM_CONTAINER, [definition_blob(run.definition_id)])
    another_host = Workspace(world.workspace.services, STEP_TYPES, name="test", max_parallel_steps=8)
    with pytest.raises(NotFound, match=run.definition_id):
        prepare_run(another_host, run_id)
    close_run(another_host, run_id, RunStatus.FAILED, "It could not be prepared.")
    closed = world.workspace.services.runs.get_run(run_id)
    assert (closed.status, closed.error) == (RunStatus.FAILED, "It could not be prepared.")
