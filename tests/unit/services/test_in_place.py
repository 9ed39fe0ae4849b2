"""Jobs that read and write data where it lies: what they leave is looked up, and what they read is looked at again."""

import dataclasses
from typing import Any

import pytest

from shared.core import names
from shared.core.jobs import JobOutcome, JobResult, JobSpec, JobState
from shared.ports.compute import Capabilities
from shared.services.begin import begin_step
from shared.services.steps import Answer, check_step
from shared.services.submission import RunRequest, submit_run
from shared.services.workspace import Workspace
from shared.steps import STEP_TYPES
from tests.unit.services.scheduling import DEFINITION, OneBackend, World

MAKE = {"name": "make", "type": "command", "settings": {"command": ["make"]}, "outputs": {"out": {"mode": "mount"}}}
READ = {
    "name": "read",
    "type": "command",
    "settings": {"command": ["read"]},
    "inputs": {
        "made": {"kind": "pipeline_data", "step": "make", "output": "out"},
        "data": {"kind": "data_reference", "datastore": names.DEFAULT_DATASTORE, "path": "in", "mode": "download"},
    },
}


class Service:
    """A service whose jobs end well at once and tell nothing of their outputs."""

    capabilities = Capabilities(derived_ids=True, poll_seconds=1, reports_detail=True, reads_in_place=True)

    def __init__(self) -> None:
        self.jobs: dict[str, JobSpec] = {}
        self.detail = ""
        self.outcome = JobOutcome.COMPLETED

    def submit(self, job: JobSpec) -> str:
        self.jobs[job.name] = job
        return job.name

    def poll(self, remote_id: str) -> JobState:
        if self.detail:
            return JobState(detail=self.detail)
        listed = tuple(output.name for output in self.jobs[remote_id].outputs)
        return JobState(result=JobResult(outcome=self.outcome, listed_outputs=listed))

    def cancel(self, remote_id: str) -> None:
        raise NotImplementedError

    def forget(self, remote_id: str) -> None:
        del self.jobs[remote_id]


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def workspace(world: World, service: Service) -> Workspace:
    world.put("in/a.csv", b"1")
    services = dataclasses.replace(world.workspace.services, compute=OneBackend(service))
    return Workspace(services, STEP_TYPES, name="test", max_parallel_steps=8)


@pytest.fixture
def run_id(world: World, workspace: Workspace) -> str:
    return submit(world, workspace)


def submit(world: World, workspace: Workspace) -> str:
    request = RunRequest.model_validate({"definition": {**DEFINITION, "steps": [MAKE, READ]}})
    engine: Any = world.engine
    return submit_run(workspace, engine, request)[0].run_id


def make(world: World, workspace: Workspace, run_id: str, files: dict[str, bytes]) -> None:
    """The first step, whose job writes files to the place of its output."""
    begin_step(workspace, run_id, 0)
    for path, content in files.items():
        world.put(f"{names.output_path(run_id, 0, 'out')}{path}", content)
    assert check_step(workspace, run_id, 0, canceling=False).status == "Finished"


def read(workspace: Workspace, run_id: str) -> Answer:
    begin_step(workspace, run_id, 1)
    return check_step(workspace, run_id, 1, canceling=False)


def test_outputs_are_what_lies_at_their_place(world, workspace, service, run_id):
    make(world, workspace, run_id, {"/a": b"a", "/sub/b": b"bb"})
    world.put(f"{names.output_path(run_id, 0, 'out')}_other", b"not of this output")
    output = workspace.services.runs.get_step(run_id, 0).outputs["out"]
    assert [(file.path, file.size) for file in output.files] == [("a", 1), ("sub/b", 2)]
    assert all(file.digest.startswith("md5:") for file in output.files)
    begin_step(workspace, run_id, 1)
    (job,) = service.jobs.values()
    places = {each.name: (each.mode, each.place.path) for each in job.inputs}
    assert places == {"made": ("mount", output.path), "data": ("download", "in")}
    assert job.inputs[0].place.container_url.endswith(f"/{names.DEFAULT_DATASTORE_CONTAINER}")


def test_a_single_file_is_one(world, workspace, service, run_id):
    make(world, workspace, run_id, {"": b"whole"})
    output = workspace.services.runs.get_step(run_id, 0).outputs["out"]
    assert (output.is_file, output.file_count, output.total_bytes) == (True, 1, 5)
    begin_step(workspace, run_id, 1)
    (job,) = service.jobs.values()
    (made,) = (each for each in job.inputs if each.name == "made")
    assert (made.file_name, made.place.path) == ("out", output.path)


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("changed", ["", "in/a.csv", "in/b.csv", "made", "beside"])
def test_a_result_stands_in_for_nothing_where_an_input_changed_meanwhile(world, workspace, run_id, changed, restarts):
    make(world, workspace, run_id, {"/a": b"a"})
    begin_step(workspace, run_id, 1)
    if changed:
        made = names.output_path(run_id, 0, "out")
        world.put({"made": f"{made}/a", "beside": f"{made}/b"}.get(changed, changed), b"other")
    if restarts:
        workspace = Workspace(workspace.services, STEP_TYPES, name="test", max_parallel_steps=8)
    assert check_step(workspace, run_id, 1, canceling=False).status == "Finished"
    row = workspace.services.runs.get_step(run_id, 1)
    assert (row.key is None) is bool(changed)
    assert ("will not be reused" in str(row.warnings)) is bool(changed)


def test_what_the_service_says_of_a_job_is_kept_until_it_ends(workspace, service, run_id):
    begin_step(workspace, run_id, 0)
    for detail in ("Queued", "Preparing", "Preparing"):
        service.detail = detail
        assert check_step(workspace, run_id, 0, canceling=False).outcome == "running"
        assert workspace.services.runs.get_step(run_id, 0).detail == detail
    service.detail = ""
    assert check_step(workspace, run_id, 0, canceling=False).outcome == "ended"
    assert workspace.services.runs.get_step(run_id, 0).detail == ""


def test_what_a_lost_try_wrote_is_not_in_the_output_of_the_next(world, workspace, service, run_id):
    begin_step(workspace, run_id, 0)
    world.put(f"{names.output_path(run_id, 0, 'out')}/of-the-first", b"x")
    world.put(f"{names.output_path(run_id, 0, 'out')}2/of-another", b"x")
    service.outcome = JobOutcome.LOST
    assert check_step(workspace, run_id, 0, canceling=False).outcome == "queued"
    service.outcome = JobOutcome.COMPLETED
    make(world, workspace, run_id, {"/of-the-second": b"y"})
    output = workspace.services.runs.get_step(run_id, 0).outputs["out"]
    assert [file.path for file in output.files] == ["of-the-second"]
    kept = workspace.services.blobs.list(names.DEFAULT_DATASTORE_CONTAINER, names.output_path(run_id, 0, "out2"))
    assert len(kept) == 1
