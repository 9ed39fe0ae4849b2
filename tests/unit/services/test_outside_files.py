"""Files that a compute target keeps: their content is in the reuse key, as far as anybody can tell it."""

import dataclasses
from typing import Any

import pytest

from shared.core.compute_targets import DATABRICKS, ComputeTarget
from shared.core.errors import BackendError
from shared.core.jobs import JobOutcome, JobResult, JobSpec, JobState
from shared.core.status import RunStatus, StepStatus
from shared.ports.compute import Capabilities, OutsideFiles
from shared.services.begin import begin_step
from shared.services.planning import plan_run
from shared.services.runs import close_run, prepare_run
from shared.services.steps import check_step
from shared.services.submission import RunRequest, submit_run
from shared.services.workspace import Workspace
from shared.steps import STEP_TYPES
from tests.unit.services.scheduling import DEFINITION, OneBackend, World

SETTINGS = {
    "existing_cluster_id": "c",
    "notebook_path": {"parameter": "path"},
    "jar_libraries": [{"library": "dbfs:/j"}],
}
NOTEBOOK = {"name": "note", "type": "databricks", "settings": SETTINGS, "compute_target": "bricks"}
PARAMETERS = {"path": {"type": "string", "default": "/n"}}


class Bricks:
    """Keeps files; its jobs end well at once."""

    capabilities = Capabilities(derived_ids=True, poll_seconds=1, reads_in_place=True)

    def __init__(self) -> None:
        self.files: dict[str, str | BackendError] = {"/n": "one", "dbfs:/j": "jar"}
        self.asked: list[str] = []

    def outside_file(self, path: str) -> str:
        self.asked.append(path)
        found = self.files[path]
        if isinstance(found, BackendError):
            raise found
        return found

    def submit(self, job: JobSpec) -> str:
        return job.name

    def poll(self, remote_id: str) -> JobState:
        return JobState(result=JobResult(outcome=JobOutcome.COMPLETED))

    def cancel(self, remote_id: str) -> None:
        raise NotImplementedError

    def forget(self, remote_id: str) -> None:
        pass


@pytest.fixture
def bricks() -> Bricks:
    return Bricks()


@pytest.fixture
def workspace(world: World, bricks: Bricks) -> Workspace:
    services = dataclasses.replace(world.workspace.services, compute=OneBackend(bricks))
    services.catalogue.put(ComputeTarget(name="bricks", type=DATABRICKS))
    return Workspace(services, STEP_TYPES, name="test", max_parallel_steps=8)


def request() -> RunRequest:
    definition = {**DEFINITION, "parameters": PARAMETERS, "steps": [NOTEBOOK]}
    return RunRequest.model_validate({"definition": definition})


def run(world: World, workspace: Workspace, between: Any = lambda: None) -> Any:
    """The step's row after a whole run; `between` happens while the job runs."""
    engine: Any = world.engine
    run_id = submit_run(workspace, engine, request())[0].run_id
    prepare_run(workspace, run_id)
    if begin_step(workspace, run_id, 0).outcome != "ended":
        between()
        check_step(workspace, run_id, 0, canceling=False)
    close_run(workspace, run_id, RunStatus.FINISHED)
    return workspace.services.runs.get_step(run_id, 0)


def planned(workspace: Workspace) -> tuple[str, str]:
    (step,) = plan_run(workspace, request())
    return step.action, step.explanation.sentence


def test_the_backend_is_one_that_can_be_asked(bricks):
    assert isinstance(bricks, OutsideFiles)


def test_what_is_unchanged_is_reused_and_what_was_edited_runs_again(world, workspace, bricks):
    assert not run(world, workspace).reused
    assert bricks.asked[:2] == ["/n", "dbfs:/j"]
    assert planned(workspace)[0] == "reuse"
    assert run(world, workspace).reused
    bricks.files["/n"] = "two"
    assert "content of notebook /n changed" in planned(workspace)[1]
    edited = run(world, workspace)
    assert (edited.reused, edited.explanation.code) == (False, "changed")
    assert "content of notebook /n changed" in edited.explanation.sentence
    bricks.files["dbfs:/j"] = "other"
    assert "content of JAR dbfs:/j changed" in run(world, workspace).explanation.sentence


def test_what_nobody_can_tell_is_never_reused(world, workspace, bricks):
    bricks.files["/n"] = BackendError("No right to read.")
    for _ in range(2):
        row = run(world, workspace)
        assert (row.reused, row.explanation.code) == (False, "outside_unknown")
        assert row.explanation.sentence == (
            "Runs because it cannot be told whether it changed: notebook /n (No right to read)"
        )
    assert planned(workspace) == ("run", row.explanation.sentence)


def test_a_service_that_is_away_decides_nothing(world, workspace, bricks):
    run(world, workspace)
    bricks.files["/n"] = BackendError("It does not answer.", retryable=True)
    assert planned(workspace)[0] == "run"
    engine: Any = world.engine
    run_id = submit_run(workspace, engine, request())[0].run_id
    for _ in range(2):
        assert begin_step(workspace, run_id, 0).outcome == "queued"
    row = workspace.services.runs.get_step(run_id, 0)
    assert row is not None
    assert row.status is StepStatus.QUEUED
    assert row.explanation is not None
    assert row.explanation.sentence == "Waits for its compute service. It does not answer."
    bricks.files["/n"] = "one"
    assert begin_step(workspace, run_id, 0).status == "Finished"
    row = workspace.services.runs.get_step(run_id, 0)
    assert row is not None
    assert row.reused


def test_a_step_whose_service_is_away_can_be_canceled(world, workspace, bricks):
    bricks.files["/n"] = BackendError("It does not answer.", retryable=True)
    engine: Any = world.engine
    run_id = submit_run(workspace, engine, request())[0].run_id
    assert begin_step(workspace, run_id, 0).outcome == "queued"
    assert check_step(workspace, run_id, 0, canceling=True).status == "Canceled"


def test_a_notebook_that_is_edited_while_it_runs_stands_in_for_nothing(world, workspace, bricks):
    row = run(world, workspace, lambda: bricks.files.update({"/n": "two"}))
    assert row.key is None
    assert "The content of notebook /n changed while the step ran" in row.warnings[0]
    assert run(world, workspace).key is not None
