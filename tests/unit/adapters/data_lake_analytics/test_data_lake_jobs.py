"""What the back-end for Data Lake Analytics sends, and what it makes of every answer. The service is scripted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from shared.adapters.compute.data_lake_analytics import DataLakeAnalyticsBackend, job_id
from shared.adapters.compute_connections import ComputeConnections
from shared.adapters.data_lake_analytics.job_api import DataLakeJobs
from shared.adapters.job_log import JobLog
from shared.adapters.secrets.none import NoSecrets
from shared.core import names
from shared.core.compute_targets import USQL_JOBS, ComputeTarget
from shared.core.errors import BackendError, NotFound
from shared.core.jobs import (
    BlobPlace,
    JobFile,
    JobInput,
    JobOutcome,
    JobOutput,
    JobSpec,
    UploadTarget,
)
from tests.fakes.http_server import HttpServer, Reply

ROOT = Path(__file__).resolve().parents[4]
GOLDEN = ROOT / "tests" / "golden" / "wire" / "data_lake_analytics"
SPECS = ROOT.parent / "shared" / "specs" / "adla-2016-11-01"
RUN = "11111111-2222-4333-8444-555555555555"
JOB = names.job_name(RUN, 3, 1)
LOG = f"ExperimentRun/dcid.{RUN}-00003/azureml-logs/70_driver_log.txt"
ACCOUNT = "http://127.0.0.1:10000/devstoreaccount1"
TARGET = UploadTarget(base_url=f"{ACCOUNT}/azureml-blobstore", query="sig=SECRET")
SCRIPT = """\
@rows = EXTRACT Name string, Size int FROM "@@raw@@/{*}.csv" USING Extractors.Csv();
@some = SELECT Name FROM @rows WHERE Size > @@least@@ && Name != "@@not@@";
OUTPUT @some TO "@@out@@/some.csv" USING Outputters.Csv();
"""
ENDED = {"startTime": "2020-08-27T03:20:33.0945484+00:00", "endTime": "2020-08-27T03:20:35.2665203+00:00"}
UNDER_WAY = (
    *("Accepted", "Compiling", "New", "Queued", "Running", "Scheduling", "Starting", "Paused", "WaitingForCapacity"),
    *("Yielded", "Finalizing", "SomethingNew"),
)


class Blobs:
    """The part of the workspace's blobs that a back-end uses, in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}

    def put(self, container: str, name: str, data: bytes, *, content_type: str = "") -> None:
        self.kept[container, name] = data

    def get(self, container: str, name: str) -> bytes:
        try:
            return self.kept[container, name]
        except KeyError:
            raise NotFound(name) from None

    def delete(self, container: str, names: list[str]) -> None:
        for name in names:
            self.kept.pop((container, name), None)

    @property
    def log(self) -> str:
        return self.kept.get((names.ARTIFACT_CONTAINER, LOG), b"").decode()


class Service(HttpServer):
    """Answers what it is told to."""

    def says(self, *answers: Any, status: int = 200, **headers: str) -> None:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.replies += [Reply(status, answer, headers) for answer in answers]

    @property
    def sent(self) -> list[dict[str, Any]]:
        """What it was asked, as documents."""
        return [
            {
                "method": request.method,
                "path": request.target,
                "authorization": request.headers.get("Authorization"),
                "content_type": request.headers.get("Content-Type"),
                "body": request.json,
            }
            for request in self.requests
        ]


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as made:
        yield made


@pytest.fixture
def blobs() -> Blobs:
    made = Blobs()
    made.put(names.SYSTEM_CONTAINER, "snapshots/files/ab/abc", SCRIPT.encode())
    return made


@pytest.fixture
def backend(service: Service, blobs: Blobs) -> DataLakeAnalyticsBackend:
    return DataLakeAnalyticsBackend(connections(service.url, blobs), TARGETED)


TARGETED = ComputeTarget(name="adla", type="DataLakeAnalytics", attached=True, properties={"emulated": True})


def connections(url: str, blobs: Any) -> ComputeConnections:
    return ComputeConnections(
        blobs=blobs, secrets=NoSecrets(), credential=None, azure_ml_workspace=None, emulators={USQL_JOBS: url}
    )


def spec(**changes: Any) -> JobSpec:
    place = BlobPlace(container_url=f"{ACCOUNT}/azureml-blobstore", path="raw data")
    return JobSpec.model_validate(
        {
            "name": JOB,
            "run_id": RUN,
            "step_run_id": names.step_run_id(RUN, 3),
            "step_name": "totals",
            "compute_target": "adla",
            "settings": {"script_name": "a.usql", "degree_of_parallelism": 4, "priority": 7, "runtime_version": "r1"},
            "code": (
                JobFile(
                    path="a.usql",
                    url=f"{ACCOUNT}/pipeyard/snapshots/files/ab/abc?sig=SECRET",
                    digest="sha256:abc",
                    size=len(SCRIPT),
                ),
            ),
            "command": (),
            "inputs": (JobInput(name="raw", files=(), place=place),),
            "outputs": (
                JobOutput(name="out", target=TARGET, place=place.model_copy(update={"path": "azureml/x/out"})),
            ),
            "environment": {
                "AML_PARAMETER_least": "3",
                "AML_PARAMETER_not": 'a"; OUTPUT @rows TO "x',
                "TOKEN": "SECRET",
            },
            "artifacts": TARGET,
            "log_name": names.log_name(1),
            "metrics_name": "metrics",
            **changes,
        }
    )


def test_the_requests_are_the_golden_ones(service: Service, backend: DataLakeAnalyticsBackend, blobs: Blobs):
    service.says({}, {"state": "Ended", "result": "Succeeded", **ENDED}, {"stages": []}, None)
    backend.submit(spec())
    backend.poll(JOB)
    backend.cancel(JOB)
    sent = dict(zip(("submit", "get", "statistics", "cancel"), service.sent, strict=True))
    for name, request in sent.items():
        file = GOLDEN / f"{name}.json"
        assert request == json.loads(file.read_text()), f"{file}\n{json.dumps(request, indent=2)}"
    assert "SECRET" not in json.dumps(service.sent)
    assert not any(b"SECRET" in data for (_, name), data in blobs.kept.items() if "snapshots" not in name)


def test_the_submitted_body_is_what_the_published_schema_says():
    if not SPECS.is_dir():
        pytest.skip(f"The published schemas are not at {SPECS.parent}.")
    definitions = json.loads((SPECS / "job.json").read_text())["definitions"]
    body = json.loads((GOLDEN / "submit.json").read_text())["body"]
    Draft4Validator({"$ref": "#/definitions/CreateJobParameters", "definitions": definitions}).validate(body)
    Draft4Validator({"$ref": "#/definitions/CreateUSqlJobProperties", "definitions": definitions}).validate(
        body["properties"]
    )
    known = definitions["CreateJobParameters"]["properties"].keys() | {"type", "properties"}
    assert body.keys() <= known
    recorded = json.loads((SPECS / "recorded-wire.json").read_text())["put_request"]["body"]
    assert recorded.keys() <= body.keys()


@pytest.mark.parametrize("state", UNDER_WAY)
def test_every_state_but_one_is_under_way(service: Service, backend: DataLakeAnalyticsBackend, state: str):
    service.says({}, {"state": state, "result": "None"})
    backend.submit(spec())
    found = backend.poll(JOB)
    assert (found.result, found.detail) == (None, state)


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ("Succeeded", JobOutcome.COMPLETED),
        ("Cancelled", JobOutcome.CANCELED),
        ("Failed", JobOutcome.FAILED),
        ("None", JobOutcome.LOST),
        ("SomethingNew", JobOutcome.LOST),
    ],
)
def test_every_result(service: Service, backend: DataLakeAnalyticsBackend, result: str, outcome: JobOutcome):
    info = {
        "severity": "Info",
        "errorId": "I_USER_CJS_CANCELEDBYUSER",
        "source": "User",
        "message": "Job was cancelled.",
    }
    service.says({}, {"state": "Ended", "result": result, "errorMessage": [info], **ENDED})
    backend.submit(spec())
    found = backend.poll(JOB)
    assert found.result is not None
    assert (found.result.outcome, found.detail) == (outcome, result)
    assert found.result.wall_seconds == pytest.approx(2.171972)
    assert found.result.listed_outputs == (("out",) if outcome is JobOutcome.COMPLETED else ())
    assert bool(found.result.message) == (result not in {"Succeeded", "Cancelled"})


def test_errors_come_back_with_lines_and_the_services_words(
    service: Service, backend: DataLakeAnalyticsBackend, blobs: Blobs
):
    inner = {"severity": "Error", "errorId": "E_INNER", "message": "deep reason", "innerError": None}
    errors = [
        {
            "severity": "Error",
            "errorId": "E_CSC_USER_SYNTAXERROR",
            "source": "USER",
            "message": "syntax error.",
            "description": "Invalid syntax.",
            "details": "at token 'x'",
            "resolution": "Correct it.",
            "lineNumber": 2,
            "innerError": inner,
        },
        {"severity": "Warning", "errorId": "W_1", "source": "USER", "message": "careful", "lineNumber": 3},
        {"severity": "Error", "source": "SYSTEM", "message": "and this"},
    ]
    audit = [{"newState": "New", "timeStamp": "2020-08-27T03:20:33.0945484+00:00"}]
    stage = {"stageName": "SV1", "succeededCount": 1, "totalCount": 2, "dataRead": 12345, "dataWritten": 6}
    job = {"jobId": "g", "state": "Ended", "result": "Failed", "errorMessage": errors, "stateAuditRecords": audit}
    service.says({}, {**job, **ENDED}, {"stages": [stage]})
    backend.submit(spec())
    result = backend.poll(JOB).result
    assert result is not None
    first = (
        "a.usql(2): error E_CSC_USER_SYNTAXERROR: syntax error. Invalid syntax. at token 'x' Correct it. deep reason"
    )
    assert (result.outcome, result.message) == (JobOutcome.FAILED, f"{first}\na.usql: error: and this")
    assert blobs.log.splitlines() == [
        "Data Lake Analytics job g, degree of parallelism None, priority None",
        "2020-08-27T03:20:33.094+00:00 New",
        first,
        "a.usql(3): warning W_1: careful",
        "a.usql: error: and this",
        "SV1: 1 of 2 vertices, 12,345 bytes read, 6 written",
    ]


def test_what_only_the_service_did_wrong_is_no_failure_of_the_script(
    service: Service, backend: DataLakeAnalyticsBackend
):
    lost = {"severity": "Error", "errorId": "E_RUNTIME_SYSTEM_X", "source": "SYSTEM", "message": "A node was lost."}
    service.says({}, {"state": "Ended", "result": "Failed", "errorMessage": [lost], **ENDED})
    backend.submit(spec())
    result = backend.poll(JOB).result
    assert result is not None
    assert (result.outcome, result.message) == (
        JobOutcome.LOST,
        "a.usql: error E_RUNTIME_SYSTEM_X: A node was lost.",
    )


def test_the_log_has_each_line_once(service: Service, backend: DataLakeAnalyticsBackend, blobs: Blobs):
    times = [f"2020-08-27T03:20:3{second}.0945484+00:00" for second in range(3)]
    audit = [
        {"newState": state, "timeStamp": at} for state, at in zip(("New", "Compiling", "Queued"), times, strict=True)
    ]
    service.says({}, *({"jobId": "g", "state": "x", "stateAuditRecords": audit[:count]} for count in (1, 2, 2, 3)))
    backend.submit(spec())
    for _ in range(3):
        backend.poll(JOB)
    again = DataLakeAnalyticsBackend(connections(service.url, blobs), TARGETED)
    again.poll(JOB)
    assert [line.rpartition(" ")[2] for line in blobs.log.splitlines()[1:]] == ["New", "Compiling", "Queued"]


def test_a_job_that_takes_too_long_is_ended(service: Service, backend: DataLakeAnalyticsBackend):
    running = {"state": "Running", "result": "None", "startTime": "2020-08-27T03:20:33.0945484+00:00"}
    service.says({}, running, None, {"state": "Ended", "result": "Cancelled", **ENDED})
    backend.submit(spec(timeout_seconds=2))
    assert backend.poll(JOB).result is None
    assert service.sent[-1]["path"].endswith("/CancelJob?api-version=2016-11-01")
    result = backend.poll(JOB).result
    assert result is not None
    assert (result.outcome, result.message) == (JobOutcome.TIMED_OUT, "The script was ended: no end within 2 s.")


def test_a_job_that_the_service_does_not_know_is_lost(service: Service, backend: DataLakeAnalyticsBackend):
    service.says({}, status=200)
    backend.submit(spec())
    service.says({"error": {"code": "JobNotFound", "message": "No such job."}}, status=404)
    result = backend.poll(JOB).result
    assert result is not None
    assert result.outcome is JobOutcome.LOST
    assert result.message.endswith("any more. JobNotFound: No such job.")
    service.says(None, status=404)
    backend.cancel(JOB)


def test_a_lost_reply_submits_the_same_job_again(service: Service, backend: DataLakeAnalyticsBackend):
    service.says(None, status=0)
    service.says({}, {}, status=503)
    service.says({"error": {"code": "JobExists", "message": "There is one."}}, status=409)
    assert backend.submit(spec()) == JOB
    assert len(service.sent) == 4
    assert all(request == service.sent[0] for request in service.sent)
    assert job_id(JOB) in service.sent[0]["path"]
    backend.forget(JOB)


def test_a_busy_service_is_asked_again_as_it_says_and_not_for_long(service: Service):
    pauses: list[float] = []
    jobs = DataLakeJobs(service.url, pauses.append)
    service.says(None, status=429, Retry_After="3")
    service.says({"state": "New"})
    assert jobs.get("x")[0] == {"state": "New"}
    assert pauses == [3]
    service.says({"error": {"code": "Busy", "message": "Later."}}, status=429, Retry_After="60")
    with pytest.raises(BackendError, match=r"does not answer for now \(HTTP 429\). Busy: Later.") as raised:
        jobs.get("x")
    assert raised.value.retryable
    assert pauses == [3]


def test_refusals_have_the_services_words(service: Service, backend: DataLakeAnalyticsBackend):
    service.says({"error": {"code": "QuotaExceeded", "message": "Too many units."}}, status=403)
    with pytest.raises(BackendError, match=r"refused the job \(HTTP 403\). QuotaExceeded: Too many units.") as raised:
        backend.submit(spec())
    assert not raised.value.retryable


def test_everything_wrong_with_a_script_is_told_before_it_is_submitted(
    service: Service, backend: DataLakeAnalyticsBackend, blobs: Blobs
):
    with pytest.raises(BackendError) as raised:
        backend.submit(spec(environment={"AML_PARAMETER_least": "3; DROP", "AML_PARAMETER_spare": "1"}))
    first, second, third = str(raised.value).splitlines()
    assert first.startswith("a.usql(1,1): error: The script has neither `@@spare@@`")
    assert second.startswith("a.usql(2,45): error: The value of `least` is a text")
    assert third.startswith("a.usql(2,67): error: The step has no input, output or parameter called `not`")
    with pytest.raises(BackendError, match="`raw` and `out`"):
        backend.submit(spec(inputs=(JobInput(name="raw", files=()),), outputs=(JobOutput(name="out", target=TARGET),)))
    with pytest.raises(BackendError, match=r"b.usql is not in the step's source directory"):
        backend.submit(spec(settings={"script_name": "b.usql"}))
    with pytest.raises(BackendError, match="settings of step `totals` are wrong"):
        backend.submit(spec(settings={"script_name": "a.usql", "priority": 0}))
    assert service.sent == []


def test_the_retired_service_is_never_called(blobs: Blobs):
    for url, target in [
        ("https://acct.azuredatalakeanalytics.net", TARGETED),
        ("http://127.0.0.1:1", TARGETED.model_copy(update={"properties": {}})),
    ]:
        with pytest.raises(BackendError, match=r"29 February 2024.*duckdb"):
            DataLakeAnalyticsBackend(connections(url, blobs), target)


def test_notes_in_a_log_that_is_there(blobs: Blobs):
    blobs.put(names.ARTIFACT_CONTAINER, LOG, b"before")
    log = JobLog(blobs, JOB)  # type: ignore[arg-type]
    log.note("one", "two\nlines", "one")
    log.note("one", "two\nlines", "one", "three")
    assert blobs.log == "before\none\ntwo\nlines\none\nthree\n"
