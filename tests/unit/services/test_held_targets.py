"""A step begins at the moment at which somebody deletes its compute target or points it elsewhere."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from shared.core.compute_targets import AML_COMPUTE, AZURE_ML_JOBS, ComputeTarget
from shared.core.errors import Conflict
from shared.core.status import StepStatus
from shared.services.begin import begin_step
from shared.services.compute_registration import TargetChange, change_target, delete_target
from shared.services.submission import RunRequest, submit_run
from shared.services.target_checks import held_while_unused
from shared.services.workspace import Workspace
from shared.steps import STEP_TYPES
from tests.unit.services.scheduling import DEFINITION, MINUTE, OneBackend, World
from tests.unit.services.test_refusals import Service

STEP = {"name": "s", "type": "command", "settings": {"command": ["true"]}, "compute_target": "cpu"}
WORKSPACES = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces"
HERE, THERE = f"{WORKSPACES}/here", f"{WORKSPACES}/there"
Act = Callable[[Workspace], object]


class Clusters(OneBackend):
    """Access to compute whose jobs are on a service."""

    def offers(self, target: ComputeTarget) -> str:
        return AZURE_ML_JOBS


class Door:
    """A store; `before` and `after` are called once, at the first call of a method of these names."""

    def __init__(self, store: Any, **hooks: Callable[[], object]) -> None:
        self._store = store
        self._hooks = hooks

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        def called(*given: Any, **named: Any) -> Any:
            self._hooks.pop(f"before_{name}", lambda: None)()
            answer = method(*given, **named)
            self._hooks.pop(f"after_{name}", lambda: None)()
            return answer

        return called


def opened(world: World, service: Service, **hooks: Callable[[], object]) -> Workspace:
    """A process of its own."""
    services = dataclasses.replace(world.workspace.services, compute=Clusters(service))
    services = dataclasses.replace(services, runs=Door(services.runs, **hooks))
    return Workspace(services, STEP_TYPES, name="test", max_parallel_steps=8)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def run_id(world: World, service: Service) -> str:
    """A run whose step is about to begin."""
    properties = {"workspace_resource_id": HERE}
    target = ComputeTarget(name="cpu", type=AML_COMPUTE, attached=True, properties=properties)
    world.workspace.services.catalogue.insert(target)
    engine: Any = world.engine
    request = RunRequest.model_validate({"definition": {**DEFINITION, "steps": [STEP]}})
    return submit_run(opened(world, service), engine, request)[0].run_id


def move(workspace: Workspace) -> None:
    change_target(workspace, "cpu", TargetChange(properties={"workspace_resource_id": THERE}))


def delete(workspace: Workspace) -> None:
    assert delete_target(workspace, "cpu") is None


ACTS = pytest.mark.parametrize("act", [delete, move])


def is_refused(act: Act, workspace: Workspace) -> None:
    with pytest.raises(Conflict, match="while steps run on it"):
        act(workspace)


def ends_as(world: World, service: Service, run_id: str, act: Act) -> None:
    """What becomes of a step that has waited for the end of the act."""
    workspace = opened(world, service)
    if act is move:
        assert begin_step(workspace, run_id, 0).outcome == "running"
        assert len(service.jobs) == 1
        return
    assert begin_step(workspace, run_id, 0).status == "Failed"
    row = workspace.services.runs.get_step(run_id, 0)
    assert row is not None
    assert (row.error or "").startswith("There is no compute target `cpu`")
    assert "may" not in (row.error or "")


@ACTS
def test_the_act_ends_between_a_step_s_look_and_its_row(world, service, run_id, act):
    workspace = opened(world, service, before_insert_step=lambda: act(opened(world, service)))
    assert begin_step(workspace, run_id, 0).outcome == "queued"
    assert service.jobs == {}
    ends_as(world, service, run_id, act)


@ACTS
def test_a_step_begins_between_the_act_s_look_and_its_end(world, service, run_id, act):
    answers = []
    begin = lambda: answers.append(begin_step(opened(world, service), run_id, 0).outcome)  # noqa: E731
    act(opened(world, service, after_get_steps=begin))
    assert answers == ["queued"]
    assert service.jobs == {}
    ends_as(world, service, run_id, act)


@ACTS
def test_the_act_falls_between_a_step_s_row_and_its_second_look(world, service, run_id, act):
    workspace = opened(world, service, after_insert_step=lambda: is_refused(act, opened(world, service)))
    assert begin_step(workspace, run_id, 0).outcome == "running"
    assert len(service.jobs) == 1


@ACTS
def test_a_step_begins_before_the_act_looks(world, service, run_id, act):
    """Both see the other, and the step is the one that stays."""
    answers = []
    begin = lambda: answers.append(begin_step(opened(world, service), run_id, 0).outcome)  # noqa: E731
    is_refused(act, opened(world, service, before_list_active_run_ids=begin))
    assert answers == ["queued"]
    assert service.jobs == {}
    workspace = opened(world, service)
    assert begin_step(workspace, run_id, 0).outcome == "running"
    row = workspace.services.runs.get_step(run_id, 0)
    assert row is not None
    assert (row.status, row.attempt, len(service.jobs)) == (StepStatus.RUNNING, 1, 1)


def test_one_at_a_time_and_a_hold_that_was_forgotten_ends(world, service, run_id):
    workspace = opened(world, service)
    target = workspace.services.catalogue.get(ComputeTarget, "cpu")
    with held_while_unused(workspace, target, "deleted"):
        with pytest.raises(Conflict, match="Somebody else"):
            delete(opened(world, service))
        assert begin_step(opened(world, service), run_id, 0).outcome == "queued"
        world.clock.time += 6 * MINUTE
        assert begin_step(opened(world, service), run_id, 0).outcome == "running"
    assert workspace.services.catalogue.get(ComputeTarget, "cpu").held_since == ""
