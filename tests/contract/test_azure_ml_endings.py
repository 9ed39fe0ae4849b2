"""Ends of jobs on Azure Machine Learning: what the service says and what the runner says, put together."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.azure_ml.job_folder import SILENCE_SECONDS, VALID_FOR, JobFolder
from shared.adapters.compute.azure_ml import AzureMlBackend
from shared.core import names
from shared.core.compute_targets import ComputeTarget
from shared.core.errors import BackendError
from shared.core.jobs import JobOutcome, JobResult
from tests.contract.emulated import JobStorage
from tests.fakes.http_server import HttpServer, Reply
from tests.unit.adapters.azure_ml.workspace import WORKSPACE

PROPERTIES = {"emulated": True, "workspace_resource_id": WORKSPACE}
TARGET = ComputeTarget(name="cpu", type="AmlCompute", properties=PROPERTIES)
STOPPED = JobResult(outcome=JobOutcome.CANCELED, message="The job was canceled.", wall_seconds=3.0)
DONE = JobResult(outcome=JobOutcome.COMPLETED)
OVER = JobResult(outcome=JobOutcome.TIMED_OUT, message="train.py was ended: no end within 5 s.")
BROKEN = JobResult(outcome=JobOutcome.FAILED, message="train.py ended with exit code 1.")
AWAY = JobResult(outcome=JobOutcome.LOST, message="Storage did not answer.")


class Service:
    """The service with one job, in whatever state a test wants."""

    def __init__(self, arm):
        self.arm = arm
        self.status = "Running"
        self.details = {}
        self.history = 200
        self.refused = {}
        self.gone = set()
        arm.answer = self._answer

    def error(self, *codes, message="It broke."):
        inner = None
        for code in reversed(codes):
            inner = {"code": code, "innerError": inner}
        self.details["error"] = {"error": {**(inner or {}), "message": message}}

    def _answer(self, sent):
        if sent.path == WORKSPACE:
            return Reply(200, {"properties": {"discoveryUrl": f"{self.arm.url}/discovery"}})
        if sent.path == "/discovery":
            return Reply(200, {"api": self.arm.url})
        if sent.path.startswith("/history/"):
            return Reply(self.history, self.details)
        if sent.path.startswith("/logs/"):
            return Reply(206, content=b"see https://a/b?sig=SECRET\nthe end\n")
        if sent.method in self.refused and "/jobs/" in sent.path:
            return Reply(self.refused[sent.method], {"error": {"code": "UserError", "message": "No."}})
        if sent.path in self.gone:
            self.gone.discard(sent.path)
            return Reply(404, {"error": {"code": "UserError", "message": "The environment is not there."}})
        return Reply(200, {"properties": {"status": self.status}})


@pytest.fixture
def service():
    arm = HttpServer()
    yield Service(arm)
    arm.close()


@pytest.fixture
def storage(storage_account):
    return JobStorage(storage_account)


@pytest.fixture
def backend(service, storage):
    made = AzureMlBackend(storage.connections({"azure_ml": service.arm.url}), TARGET)
    yield made
    made.close()


@pytest.fixture
def job(backend, storage):
    made = storage.job("", timeout_seconds=60)
    backend.submit(made)
    return made


def leave(storage, job, result):
    data = result.model_dump_json().encode()
    storage.blobs.put(names.SYSTEM_CONTAINER, f"{names.job_folder(job.name)}/result.json", data)


@pytest.mark.parametrize(
    ("status", "codes", "told", "outcome", "words"),
    [
        ("Completed", (), DONE, "completed", ""),
        ("Completed", (), None, "lost", "left no result"),
        ("Completed", (), BROKEN, "failed", "exit code 1"),
        ("Failed", ("UserError",), BROKEN, "failed", "exit code 1"),
        ("Failed", ("UserError",), OVER, "timed_out", "no end within 5 s"),
        ("Failed", ("UserError", "ImageBuildFailure"), None, "failed", "UserError/ImageBuildFailure: It broke."),
        ("Failed", (), None, "failed", "gives no reason"),
        ("Failed", ("ServiceError",), None, "lost", "ServiceError: It broke."),
        ("Failed", ("UserError", "NodePreempted"), None, "lost", "NodePreempted"),
        ("Failed", ("UserError",), STOPPED, "lost", "It broke."),
        ("Failed", ("UserError",), AWAY, "lost", "It broke."),
        ("Failed", ("UserError", "OutputUpload"), DONE, "failed", "OutputUpload"),
        ("Failed", ("UserError", "JobConfigurationMaxWallClockTimeExceeded"), None, "timed_out", "WallClockTime"),
        ("Canceled", (), None, "canceled", "The job was canceled in Azure Machine Learning."),
        ("Canceled", (), DONE, "canceled", "canceled"),
        ("Canceled", (), STOPPED, "canceled", "canceled"),
        ("Canceled", (), OVER, "timed_out", "no end within 5 s"),
        ("Canceled", ("UserError", "JobRunDurationExceeded"), STOPPED, "timed_out", "no end within 60 s"),
    ],
)
def test_the_end_of_a_job(backend, service, storage, job, status, codes, told, outcome, words):
    if told is not None:
        leave(storage, job, told)
    service.status = status
    if codes:
        service.error(*codes)
    state = backend.poll(job.name)
    assert state.result is not None
    assert (state.detail, state.result.outcome) == (status, outcome)
    assert words in state.result.message
    if outcome != "completed":
        assert not state.result.outputs
    if told is STOPPED:
        assert state.result.wall_seconds == 3.0


def test_what_was_asked_for_is_what_happened(backend, service, storage, job):
    backend.cancel(job.name)
    for service.status in ("Canceled", "Failed"):
        result = backend.poll(job.name).result
        assert (result.outcome, result.message) == (JobOutcome.CANCELED, "The job was canceled.")
    leave(storage, job, DONE)
    service.status = "Completed"
    assert backend.poll(job.name).result.outcome is JobOutcome.COMPLETED


def test_a_cancel_by_the_service_after_the_limit_is_a_time_out(backend, service, job):
    service.status = "Canceled"
    service.details = {"startTimeUtc": "2026-01-01T00:00:00.1234567+00:00", "endTimeUtc": "2026-01-01T00:01:01+00:00"}
    assert backend.poll(job.name).result.outcome is JobOutcome.TIMED_OUT


@pytest.mark.parametrize("days", [2, 4])
def test_a_job_that_outlived_its_addresses_says_so_and_is_not_repeated(backend, service, job, days):
    end = datetime.now(UTC) + timedelta(days=days)
    service.details = {"startTimeUtc": datetime.now(UTC).isoformat(), "endTimeUtc": end.isoformat()}
    service.status = "Failed"
    result = backend.poll(job.name).result
    assert result.outcome is JobOutcome.FAILED
    assert ("addresses for its results had expired" in result.message) is (days > VALID_FOR.days)


def test_a_job_s_document_opens_nothing_that_the_service_puts_in_place(backend, storage):
    """But what the node has to fetch or to send by itself."""
    placed, fetched = storage.input("placed", {"a": b"1"}), storage.input("fetched", {"a": b"1"}, place=None)
    outputs = storage.output("written", mode="mount"), storage.output("sent", mode="upload")
    job = storage.job("", inputs=(placed, fetched), outputs=outputs)
    backend.submit(job)
    told = JobFolder(storage.blobs, job.name).job()
    assert told is not None
    assert "sig=" not in "".join(file.url for file in (*told.code, *told.inputs[0].files))
    assert "sig=" in told.inputs[1].files[0].url
    assert (told.outputs[0].target.query, told.outputs[1]) == ("", job.outputs[1])


def test_a_history_that_refuses_keeps_no_job_from_ending(backend, service, job):
    service.status, service.history = "Failed", 403
    assert backend.poll(job.name).result.outcome is JobOutcome.FAILED


def test_a_history_that_is_away_is_asked_again(backend, service, job, monkeypatch):
    monkeypatch.setattr("shared.adapters.azure_ml.client.RETRY_SECONDS", 0)
    service.status, service.history = "Failed", 503
    with pytest.raises(BackendError) as caught:
        backend.poll(job.name)
    assert caught.value.retryable


def test_the_service_s_log_becomes_the_step_s_where_that_has_none(backend, service, storage, job):
    service.status = "Failed"
    service.details = {"logFiles": {"user_logs/std_log.txt": f"{service.arm.url}/logs/1?sig=x"}}
    backend.poll(job.name)
    text = "=== user_logs/std_log.txt (kept by Azure Machine Learning)\nsee https://a/b\nthe end\n"
    assert storage.log(job) == text
    run_id, ordinal, _ = names.split_job_name(job.name)
    log = f"{names.artifact_prefix(run_id, ordinal)}/{job.log_name}"
    storage.blobs.put(names.ARTIFACT_CONTAINER, log, b"the step's own")
    backend.poll(job.name)
    assert storage.log(job) == "the step's own"


@pytest.mark.parametrize("garbage", [b"", b"{}", b"[]", b'{"outcome": "fine"}'])
def test_a_result_that_cannot_be_read_is_none(backend, service, storage, job, garbage):
    storage.blobs.put(names.SYSTEM_CONTAINER, f"{names.job_folder(job.name)}/result.json", garbage)
    service.status = "Completed"
    assert backend.poll(job.name).result.outcome is JobOutcome.LOST


@pytest.mark.parametrize("status", ["NotResponding", "Paused", "Unknown", "SomethingNew"])
def test_a_silent_job_is_waited_for_but_not_for_ever(backend, service, storage, job, status):
    service.status = status
    assert backend.poll(job.name).result is None
    since = {"since": time.time() - SILENCE_SECONDS - 1, "until": time.time()}
    data = json.dumps(since).encode()
    storage.blobs.put(names.SYSTEM_CONTAINER, f"{names.job_folder(job.name)}/silence", data)
    result = backend.poll(job.name).result
    assert (result.outcome, result.message) == (
        JobOutcome.LOST,
        f"Azure Machine Learning has called the job {status} for 30 minutes; it was given up.",
    )
    assert service.arm.requests[-1].path.endswith(f"{job.name}/cancel")
    # Nobody got to record that, and by now the service has ended the job.
    for service.status in ("Canceled", "Failed"):
        assert backend.poll(job.name).result.outcome is JobOutcome.LOST


def test_a_silent_job_is_given_up_though_the_service_will_not_cancel_it(backend, service, storage, job):
    service.refused, service.status = {"POST": 400}, "NotResponding"
    since = {"since": time.time() - SILENCE_SECONDS - 1, "until": time.time()}
    data = json.dumps(since).encode()
    storage.blobs.put(names.SYSTEM_CONTAINER, f"{names.job_folder(job.name)}/silence", data)
    assert backend.poll(job.name).result.outcome is JobOutcome.LOST


@pytest.mark.parametrize("status", ["Finalizing", "NotResponding"])
def test_a_cancel_that_the_state_forbids_is_asked_for_again(backend, service, job, status):
    """Until the job has ended: a step must not end as failed while its job may go on."""
    service.refused, service.status = {"POST": 409}, status
    with pytest.raises(BackendError) as caught:
        backend.cancel(job.name)
    assert caught.value.retryable
    service.status = "Completed"
    backend.cancel(job.name)


def test_a_job_that_is_there_and_may_not_change_was_submitted_before(backend, service, job):
    """As after an upgrade, which brings other code to nodes."""
    service.refused = {"PUT": 400}
    assert backend.submit(job) == job.name
    service.refused |= {"GET": 404}
    with pytest.raises(BackendError, match="answered 400") as caught:
        backend.submit(job)
    assert not caught.value.retryable


def test_assets_that_somebody_deleted_are_made_again(backend, service, storage, job):
    other = storage.job("")
    service.gone = {f"{WORKSPACE}/jobs/{other.name}"}
    environments = [sent for sent in service.arm.requests if "/environments/" in sent.path]
    assert backend.submit(other) == other.name
    assert len([sent for sent in service.arm.requests if "/environments/" in sent.path]) == len(environments) + 1


def test_looks_that_lie_far_apart_belong_to_different_silences(storage):
    folder = JobFolder(storage.blobs, "job")
    assert [folder.silence(now) for now in (1000, 1500, 2000)] == [0, 500, 1000]
    assert [folder.silence(now) for now in (9000, 9100)] == [0, 100]
