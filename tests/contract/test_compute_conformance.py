"""What holds for jobs wherever they run: one suite over every backend, with the services' faults on."""

from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from shared.core.errors import BackendError
from shared.core.jobs import JobOutcome
from tests.contract.conformance import BENCHES, Bench, bench, service_of
from tests.contract.emulated import JobStorage, result_of
from tests.waiting import until

ACCEPTING = {
    "azure_ml": {"method": "PUT", "path_contains": "/jobs/"},
    "databricks": {"method": "POST", "path_contains": "/runs/submit"},
    "data_lake_analytics": {"method": "PUT", "path_contains": "/Jobs/"},
}
"""The call that hands a job to a service."""


@pytest.fixture(scope="module")
def storage(azurite):
    return JobStorage(azurite.account())


@pytest.fixture(scope="module", params=list(BENCHES))
def running(request, storage, tmp_path_factory):
    """(name of the backend, the service behind it)."""
    with service_of(request.param, storage, tmp_path_factory.mktemp("service")) as service:
        yield request.param, service


@pytest.fixture
def at(running, storage, tmp_path):
    name, service = running
    with bench(name, storage, service, tmp_path) as made:
        yield made
    if service is not None:
        service.fail()


@pytest.fixture
def outside(running):
    """The name of a backend that is a service."""
    name, service = running
    if service is None:
        pytest.skip("The backend is this machine: there is no service that could fail.")
    return name


def submitted(at: Bench, job):
    """Submit as an activity does: again, where the service did not answer."""

    return until(lambda: for_now(lambda: at.backend.submit(job)))


def for_now(call):
    """What a call returns, None where its service does not answer for now."""
    try:
        return call()
    except BackendError as error:
        if not error.retryable:
            raise
        return None


def output_of(at: Bench, job, result):
    """Files of the output: as the backend tells, or as they lie there where it leaves that to the workspace."""
    if "out" in result.listed_outputs:
        return at.storage.at(job.outputs[0].place).keys()
    return {file.path for file in result.outputs["out"]}


def begun(at: Bench, job, remote_id: str) -> None:
    """Wait until the log says that the job is at work."""
    until(lambda: for_now(lambda: at.backend.poll(remote_id)) and at.working(job))
    assert at.backend.poll(remote_id).result is None, at.storage.log(job)


def works_for(job) -> list[psutil.Process]:
    """Processes of this machine that carry a job's name, whoever started them."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if job.name in " ".join([process.cwd(), *process.cmdline()]):
                found.append(process)
    return found


def test_a_job_does_its_work(at):
    job = at.writing()
    remote_id = submitted(at, job)
    result = result_of(at.backend, remote_id)
    assert result.outcome is JobOutcome.COMPLETED, result
    assert output_of(at, job, result) == {"a.csv"}
    assert b"1," in at.storage.at(job.outputs[0].place)["a.csv"]
    assert at.storage.log(job)
    at.backend.forget(remote_id)
    at.backend.forget(remote_id)


def test_a_job_that_fails_says_why(at):
    job = at.failing()
    result = result_of(at.backend, submitted(at, job))
    assert result.outcome is JobOutcome.FAILED
    assert result.message
    assert at.complaint in at.storage.log(job) + result.message


def test_submitting_again_starts_nothing_new(at):
    job = at.writing()
    remote_id = submitted(at, job)
    assert at.reopen().submit(job) == remote_id
    assert result_of(at.backend, remote_id).outcome is JobOutcome.COMPLETED
    assert at.backend.submit(job) == remote_id
    assert at.times_run() == 1


def test_an_answer_that_is_lost_loses_no_job_and_starts_no_second_one(at, outside):
    at.service.fail(lose_replies=[{**ACCEPTING[outside], "count": 2}])
    job = at.writing()
    result = result_of(at.backend, submitted(at, job))
    assert result.outcome is JobOutcome.COMPLETED
    assert at.times_run() == 1


@pytest.mark.parametrize(
    "faults",
    [
        {"throttle_every": 2, "retry_after_seconds": 0},
        {"error_every": 3},
        {"throttle_every": 4, "error_every": 3, "retry_after_seconds": 0, "latency_seconds": 0.02},
    ],
    ids=["throttled", "failing", "both, and slow"],
)
def test_a_service_that_refuses_now_and_then_is_waited_for(at, outside, faults):
    assert outside
    at.service.fail(**faults)
    job = at.writing()
    result = result_of(at.backend, submitted(at, job))
    assert (result.outcome, output_of(at, job, result)) == (JobOutcome.COMPLETED, {"a.csv"})


def test_cancel_is_done_when_nothing_runs_on(at):
    job = at.waiting()
    remote_id = submitted(at, job)
    begun(at, job, remote_id)
    at.backend.cancel(remote_id)
    at.backend.cancel(remote_id)
    result = result_of(at.backend, remote_id)
    assert result.outcome is JobOutcome.CANCELED
    assert works_for(job) == []
    at.backend.cancel(remote_id)


def test_cancel_of_a_service_that_does_not_answer_is_asked_again(at, outside):
    assert outside
    job = at.waiting()
    remote_id = submitted(at, job)
    begun(at, job, remote_id)
    at.service.fail(lose_replies=[{"path_contains": "ancel", "count": 1}], error_every=2)

    until(lambda: for_now(lambda: at.backend.cancel(remote_id) or "asked"))
    assert result_of(at.backend, remote_id).outcome is JobOutcome.CANCELED


def test_the_log_arrives_while_the_job_runs(at):
    job = at.waiting()
    remote_id = submitted(at, job)
    begun(at, job, remote_id)
    at.backend.cancel(remote_id)
    result_of(at.backend, remote_id)


def test_a_time_limit_ends_a_job(at):
    job = at.waiting().model_copy(update={"timeout_seconds": 2.0})
    result = result_of(at.backend, submitted(at, job))
    assert result.outcome is JobOutcome.TIMED_OUT
    assert "2 s" in result.message


def test_a_job_that_nobody_knows_is_reported_as_lost(at):
    assert at.backend.poll(at.unknown_id).result.outcome is JobOutcome.LOST


def test_a_process_that_remembers_nothing_finds_the_job_again(at):
    job = at.waiting()
    remote_id = submitted(at, job)
    begun(at, job, remote_id)
    later = at.reopen()
    assert later.poll(remote_id).result is None
    later.cancel(remote_id)
    assert result_of(later, remote_id).outcome is JobOutcome.CANCELED


def test_a_job_outlives_its_service(at, outside):
    assert outside
    job = at.waiting()
    remote_id = submitted(at, job)
    begun(at, job, remote_id)
    at.service.kill()
    until(lambda: works_for(job) == [])
    at.service.start()

    assert until(lambda: for_now(lambda: at.backend.poll(remote_id))).result is None
    at.backend.cancel(remote_id)
    assert result_of(at.backend, remote_id).outcome is JobOutcome.CANCELED


def test_a_node_that_goes_down_loses_the_job_by_nobodys_fault(at, outside):
    assert outside
    at.service.fail(failing_nodes=1)
    result = result_of(at.backend, submitted(at, at.writing()))
    assert result.outcome is JobOutcome.LOST
    assert result.message


def test_no_secret_is_in_what_a_service_gets(at, outside):
    assert outside
    job = at.writing()
    remote_id = submitted(at, job)
    assert result_of(at.backend, remote_id).outcome is JobOutcome.COMPLETED
    said = [call for call in at.recorder.requests if not at.private(call.path)]
    assert any(job.name in call.target + call.text for call in said)
    for call in said:
        text = f"{call.target} {call.text}"
        assert at.storage.token not in text
        assert "sig=" not in text, call
    assert at.storage.token not in at.storage.log(job)


def test_a_benchs_folder_is_its_own(at):
    """The counter of one test is not another's, or executions would be counted wrong."""
    assert not Path(at.folder / "ran").exists()
