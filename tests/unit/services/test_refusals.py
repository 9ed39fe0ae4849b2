"""Steps whose compute service says no, or whose inputs are gone, while they may have a job."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.core import names
from shared.core.errors import BackendError, NotAuthenticated
from shared.core.jobs import JobOutcome, JobResult, JobSpec, JobState
from shared.ports.compute import Capabilities
from shared.services.begin import begin_step
from shared.services.identity import identify, run_token
from shared.services.left_jobs import LeftJob, end_left_jobs
from shared.services.steps import ServiceRefused, cancel_step, check_step, fail_step
from shared.services.submission import RunRequest, submit_run
from shared.services.workspace import Workspace
from shared.steps import STEP_TYPES
from tests.unit.services.scheduling import DEFINITION, MINUTE, OneBackend, World
from tests.unit.services.test_begin import READS


class Service:
    """Has every job that it was ever given, and says no for good to whatever is in `refuses`."""

    capabilities = Capabilities(derived_ids=True, poll_seconds=1)

    def __init__(self) -> None:
        self.jobs: dict[str, str] = {}
        self.refuses: set[str] = set()
        self.forgotten: list[str] = []

    def submit(self, job: JobSpec) -> str:
        self._refuse("submit")
        self.jobs.setdefault(job.name, "running")
        return job.name

    def poll(self, remote_id: str) -> JobState:
        self._refuse("poll")
        ended = JobResult(outcome=JobOutcome.CANCELED) if self.jobs.get(remote_id) == "canceled" else None
        return JobState(result=ended)

    def cancel(self, remote_id: str) -> None:
        self._refuse("cancel")
        if remote_id in self.jobs:
            self.jobs[remote_id] = "canceled"

    def forget(self, remote_id: str) -> None:
        self.forgotten.append(remote_id)

    def _refuse(self, what: str) -> None:
        if what in self.refuses:
            raise BackendError(f"You may not {what}.")


@pytest.fixture
def service() -> Service:
    return Service()


def restarted(world: World, service: Service) -> Workspace:
    """A process that remembers nothing."""
    services = dataclasses.replace(world.workspace.services, compute=OneBackend(service))
    return Workspace(services, STEP_TYPES, name="test", max_parallel_steps=8)


@pytest.fixture
def run_id(world: World, service: Service) -> str:
    """A run whose step has a job."""
    world.put("in/a.csv", b"1")
    request = RunRequest.model_validate({"definition": {**DEFINITION, "steps": [READS]}})
    engine: Any = world.engine
    run_id = submit_run(world.workspace, engine, request)[0].run_id
    assert begin_step(restarted(world, service), run_id, 0).outcome == "running"
    return run_id


def error_of(workspace: Workspace, run_id: str) -> str:
    row = workspace.services.runs.get_step(run_id, 0)
    assert row is not None
    return row.error or ""


def test_a_job_is_not_left_behind_when_an_input_is_gone_by_the_time_it_is_found_again(world, service, run_id):
    world.workspace.services.blobs.delete(names.DEFAULT_DATASTORE_CONTAINER, ["in/a.csv"])
    workspace = restarted(world, service)
    assert begin_step(workspace, run_id, 0).status == "Failed"
    assert [*service.jobs.values()] == ["canceled"]
    assert service.forgotten == [*service.jobs]
    assert "may still run" not in error_of(workspace, run_id)


def test_a_job_s_token_ends_an_hour_after_its_step_whatever_the_run_does(world, service, run_id):
    workspace = restarted(world, service)
    world.clock.time = datetime.now(UTC)  # whoever checks signatures looks at another clock
    token, _ = run_token(workspace, run_id, names.step_run_id(run_id, 0))
    signed_in = {"authorization": f"Bearer {token}"}
    world.clock.time += 100 * MINUTE
    assert identify(workspace, signed_in).name == f"run {run_id}"
    fail_step(workspace, run_id, 0, "It is over.")
    world.clock.time += 59 * MINUTE
    assert identify(workspace, signed_in).name == f"run {run_id}"
    world.clock.time += 2 * MINUTE
    with pytest.raises(NotAuthenticated, match=r"step run .* is over"):
        identify(workspace, signed_in)


def test_a_job_that_nobody_may_end_is_told(world, service, run_id):
    service.refuses = {"submit", "cancel"}
    workspace = restarted(world, service)
    assert begin_step(workspace, run_id, 0).status == "Failed"
    said = "You may not submit. Its job may still run, since it could not be canceled: You may not cancel."
    assert error_of(workspace, run_id).startswith(said)
    assert "every 10 minutes" in error_of(workspace, run_id)
    service.refuses = set()
    end_left_jobs(workspace)
    assert [*service.jobs.values()] == ["canceled"]
    assert len(workspace.services.catalogue.all(LeftJob)) == 1  # asked for is not ended
    end_left_jobs(workspace)
    assert workspace.services.catalogue.all(LeftJob) == []
    assert service.forgotten == [*service.jobs]


class Numbers(Service):
    """A service with ids of its own, which takes a job, and whose answer gets lost."""

    capabilities = Capabilities(derived_ids=False, poll_seconds=1)

    def submit(self, job: JobSpec) -> str:
        remote_id = f"1:{super().submit(job)}"
        self.jobs[remote_id] = self.jobs.pop(job.name)
        self.refuses = {"submit"}
        raise BackendError("The answer got lost.", retryable=True)

    def find(self, job_name: str) -> str | None:
        self._refuse("find")
        return next((each for each, state in self.jobs.items() if each.endswith(job_name) and state == "running"), None)


@pytest.fixture
def unanswered(world: World) -> tuple[Numbers, str]:
    """A service that has a job, and a run whose step does not know: its submit is refused from now on."""
    service = Numbers()
    world.put("in/a.csv", b"1")
    request = RunRequest.model_validate({"definition": {**DEFINITION, "steps": [READS]}})
    engine: Any = world.engine
    run_id = submit_run(world.workspace, engine, request)[0].run_id
    with pytest.raises(BackendError, match="got lost"):
        begin_step(restarted(world, service), run_id, 0)
    assert [*service.jobs.values()] == ["running"]
    return service, run_id


def test_a_job_whose_submit_was_never_answered_is_ended_with_its_step(world, unanswered):
    service, run_id = unanswered
    workspace = restarted(world, service)
    assert begin_step(workspace, run_id, 0).status == "Failed"
    assert [*service.jobs.values()] == ["canceled"]
    assert error_of(workspace, run_id) == "You may not submit."


def test_a_job_that_nobody_may_look_for_is_told_and_ended_once_somebody_may(world, unanswered):
    service, run_id = unanswered
    service.refuses |= {"find"}
    workspace = restarted(world, service)
    assert begin_step(workspace, run_id, 0).status == "Failed"
    assert names.job_name(run_id, 0, 1) in error_of(workspace, run_id)
    end_left_jobs(workspace)
    world.clock.time += MINUTE
    service.refuses = set()
    end_left_jobs(workspace)
    assert [*service.jobs.values()] == ["running"]  # only each ten minutes
    world.clock.time += 9 * MINUTE
    end_left_jobs(workspace)
    assert [*service.jobs.values()] == ["canceled"]
    end_left_jobs(workspace)
    assert workspace.services.catalogue.all(LeftJob) == []


def test_a_cancel_finds_a_job_whose_submit_was_never_answered(world, unanswered):
    service, run_id = unanswered
    service.refuses |= {"find"}
    workspace = restarted(world, service)
    cancel_step(workspace, run_id, 0)
    with pytest.raises(BackendError, match="You may not find"):
        check_step(workspace, run_id, 0, canceling=True)
    service.refuses = {"submit"}
    assert check_step(workspace, run_id, 0, canceling=True).outcome == "running"
    assert [*service.jobs.values()] == ["canceled"]
    assert check_step(workspace, run_id, 0, canceling=True).status == "Canceled"


def test_a_cancel_ends_a_step_that_no_service_has_taken(world, unanswered):
    service, run_id = unanswered
    service.jobs.clear()
    assert check_step(restarted(world, service), run_id, 0, canceling=True).status == "Canceled"


def test_a_step_whose_job_nobody_may_look_at_ends(world, service, run_id):
    """With an error that orchestrations do not take for one that heals."""
    service.refuses = {"poll", "cancel"}
    workspace = restarted(world, service)
    with pytest.raises(ServiceRefused, match="You may not poll"):
        check_step(workspace, run_id, 0, canceling=False)
    assert fail_step(workspace, run_id, 0, "You may not poll.").status == "Failed"
    assert "could not be canceled: You may not cancel." in error_of(workspace, run_id)


def test_nobody_gives_up_on_ending_what_was_canceled(world, service, run_id):
    service.refuses = {"cancel"}
    workspace = restarted(world, service)
    for end in (cancel_step, lambda *step: check_step(*step, canceling=True)):
        with pytest.raises(BackendError, match="You may not cancel"):
            end(workspace, run_id, 0)
    service.refuses = set()
    cancel_step(workspace, run_id, 0)
    assert [*service.jobs.values()] == ["canceled"]
