"""Steps that are found again after a crash: what their result may stand in for."""

import dataclasses
from typing import Any

import pytest

from shared.core import names
from shared.core.errors import BackendError
from shared.core.jobs import JobOutcome, JobResult, JobSpec, JobState
from shared.ports.compute import Capabilities
from shared.services.begin import begin_step
from shared.services.steps import check_step
from shared.services.submission import RunRequest, submit_run
from shared.services.workspace import Workspace
from shared.steps import STEP_TYPES
from tests.unit.services.scheduling import DEFINITION, OneBackend, World

READS = {
    "name": "s",
    "type": "command",
    "settings": {"command": ["true"]},
    "inputs": {"data": {"kind": "data_reference", "datastore": names.DEFAULT_DATASTORE, "path": "in/a.csv"}},
}


class Compute:
    """Takes every job and says that it has finished; the first submit never arrives, as when the app ends before it."""

    capabilities = Capabilities(derived_ids=True, poll_seconds=1)

    def __init__(self) -> None:
        self.jobs: list[JobSpec] = []
        self.away = True

    def submit(self, job: JobSpec) -> str:
        if self.away:
            raise BackendError("The app ended here.", retryable=True)
        self.jobs.append(job)
        return job.name

    def poll(self, remote_id: str) -> JobState:
        return JobState(result=JobResult(outcome=JobOutcome.COMPLETED, exit_code=0))

    def cancel(self, remote_id: str) -> None:
        raise NotImplementedError

    def forget(self, remote_id: str) -> None:
        pass


def restarted(world: World, compute: Compute) -> Workspace:
    """A process that remembers nothing."""
    services = dataclasses.replace(world.workspace.services, compute=OneBackend(compute))
    return Workspace(services, STEP_TYPES, name="test", max_parallel_steps=8)


def submit(world: World) -> str:
    request = RunRequest.model_validate({"definition": {**DEFINITION, "steps": [READS]}})
    engine: Any = world.engine
    return submit_run(world.workspace, engine, request)[0].run_id


@pytest.mark.parametrize("changed", [True, False])
def test_a_result_stands_in_for_nothing_where_the_data_changed_before_the_job_was_there(world: World, changed):
    compute = Compute()
    world.put("in/a.csv", b"1")
    run_id = submit(world)
    with pytest.raises(BackendError):
        begin_step(restarted(world, compute), run_id, 0)
    compute.away = False
    if changed:
        world.put("in/a.csv", b"2")
    workspace = restarted(world, compute)
    noted = workspace.services.runs.get_step(run_id, 0)
    assert noted is not None
    assert noted.key is not None
    assert begin_step(workspace, run_id, 0).outcome == "running"
    assert check_step(workspace, run_id, 0, canceling=False).status == "Finished"
    assert (workspace.services.reuse.find(noted.key) is None) is changed
    world.put("in/a.csv", b"1")
    answer = begin_step(restarted(world, compute), submit(world), 0)
    assert answer.outcome == ("running" if changed else "ended")
    assert len(compute.jobs) == (2 if changed else 1)
