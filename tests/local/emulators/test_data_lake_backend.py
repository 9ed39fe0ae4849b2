"""The back-end for Data Lake Analytics against its emulator, over a real account, with everything that goes wrong."""

import hashlib
import json
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.compute.data_lake_analytics import DataLakeAnalyticsBackend, job_id
from shared.adapters.compute_connections import ComputeConnections
from shared.adapters.secrets.none import NoSecrets
from shared.adapters.storage.blobs import AzureBlobStore
from shared.core import names
from shared.core.compute_targets import USQL_JOBS, ComputeTarget
from shared.core.errors import BackendError
from shared.core.jobs import (
    BlobPlace,
    JobFile,
    JobInput,
    JobOutcome,
    JobOutput,
    JobResult,
    JobSpec,
    UploadTarget,
)
from tests.fakes.clocks import SystemClock
from tests.local.emulators.lake_emulator import SLOW, LakeEmulator, states
from tests.waiting import until

SCRIPT = """\
@rows = EXTRACT Name string, Size int, Year int FROM "@@raw@@/{Year}/{*}.csv" USING Extractors.Csv();
@big = SELECT Name + "@@suffix@@" AS Name FROM @rows WHERE Size > @@least@@ AND Year == 2024;
OUTPUT @big TO "@@out@@/big.csv" USING Outputters.Csv();
"""
SLOW_SCRIPT = SLOW.replace("$DATA/out", "@@out@@") + "// @@raw@@"
TARGET = ComputeTarget(name="adla", type="DataLakeAnalytics", attached=True, properties={"emulated": True})
SECRET = "SECRETSIGNATURE"


class Lake:
    """An emulator, the workspace's blobs, and a back-end over both."""

    def __init__(self, storage: str, data: Path) -> None:
        self.emulator = LakeEmulator(storage, data)
        self.blobs = AzureBlobStore.from_connection_string(storage, SystemClock())
        self.blobs.ensure_containers([names.SYSTEM_CONTAINER, names.ARTIFACT_CONTAINER])

    def backend(self) -> DataLakeAnalyticsBackend:
        return DataLakeAnalyticsBackend(
            ComputeConnections(
                blobs=self.blobs,
                secrets=NoSecrets(),
                credential=None,
                azure_ml_workspace=None,
                emulators={USQL_JOBS: self.emulator.url},
            ),
            TARGET,
        )

    def job(self, script: str = SCRIPT, **changes: Any) -> JobSpec:
        run_id = str(uuid.uuid4())
        account = self.emulator.container.url.rpartition("/")[0]
        digest = hashlib.sha256(script.encode()).hexdigest()
        self.blobs.put(names.SYSTEM_CONTAINER, f"snapshots/files/{digest}", script.encode())
        url = f"{account}/{names.SYSTEM_CONTAINER}/snapshots/files/{digest}?sig={SECRET}"
        place = BlobPlace(container_url=self.emulator.container.url, path="in")
        upload = UploadTarget(base_url=f"{account}/x", query=f"sig={SECRET}")
        used = {name: text for name, text in {"least": "3", "suffix": '"; \\'}.items() if f"@@{name}@@" in script}
        inputs = (JobInput(name="raw", files=(), place=place),) if 'FROM "@@raw' in script else ()
        fields: dict[str, Any] = {
            "name": names.job_name(run_id, 0, 1),
            "run_id": run_id,
            "step_run_id": names.step_run_id(run_id, 0),
            "compute_target": "adla",
            "settings": {"script_name": "a.usql"},
            "code": (JobFile(path="a.usql", url=url, digest=f"sha256:{digest}", size=len(script)),),
            "command": (),
            "inputs": inputs,
            "outputs": (JobOutput(name="out", target=upload, place=place.model_copy(update={"path": run_id})),),
            "environment": {f"AML_PARAMETER_{name}": text for name, text in used.items()} | {"TOKEN": SECRET},
            "artifacts": upload,
            "log_name": names.log_name(1),
            "metrics_name": names.metrics_name(1),
        }
        return JobSpec.model_validate(fields | changes)

    def log(self, job: JobSpec) -> str:
        name = f"{names.artifact_prefix(job.run_id, 0)}/{job.log_name}"
        return self.blobs.get(names.ARTIFACT_CONTAINER, name).decode()

    def output(self, job: JobSpec) -> bytes:
        return self.emulator.container.download_blob(f"{job.run_id}/big.csv").readall()


def ended(backend: DataLakeAnalyticsBackend, job: JobSpec, limit: float = 100) -> JobResult:
    result = until(lambda: backend.poll(job.name).result, "the job's end", limit=limit)
    assert result is not None
    return result


@pytest.fixture(scope="module")
def shared_lake(azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    made = Lake(azurite.account(), tmp_path_factory.mktemp("lake") / "data")
    yield made
    made.emulator.stop()
    made.blobs.close()


@pytest.fixture
def lake(shared_lake: Lake) -> Iterator[Lake]:
    shared_lake.emulator.faults()
    yield shared_lake
    shared_lake.emulator.faults()


@pytest.fixture
def backend(lake: Lake) -> DataLakeAnalyticsBackend:
    return lake.backend()


def test_a_script_runs_and_its_log_and_files_are_there(lake: Lake, backend: DataLakeAnalyticsBackend):
    job = lake.job()
    assert backend.submit(job) == job.name
    result = ended(backend, job)
    assert (result.outcome, result.listed_outputs, result.message) == (JobOutcome.COMPLETED, ("out",), "")
    assert lake.output(job) == b'"b""; \\"\r\n'
    assert "SV1_Extract: 1 of 1 vertices, 16 bytes read, 0 written" in lake.log(job)
    backend.forget(job.name)
    backend.forget(job.name)


def test_a_lost_reply_does_not_start_a_second_job(lake: Lake, backend: DataLakeAnalyticsBackend):
    lake.emulator.faults(lose_replies=[{"method": "PUT", "path_contains": "/Jobs/", "count": 2}])
    job = lake.job()
    backend.submit(job)
    assert ended(backend, job).outcome is JobOutcome.COMPLETED
    assert backend.submit(job) == job.name
    assert states(lake.emulator.get(job_id(job.name))).count("Running") == 1


def test_a_busy_and_failing_service_is_outlasted(lake: Lake, backend: DataLakeAnalyticsBackend):
    lake.emulator.faults(throttle_every=3, retry_after_seconds=0, error_every=4, latency_seconds=0.01)
    job = lake.job()
    backend.submit(job)
    assert ended(backend, job).outcome is JobOutcome.COMPLETED
    lake.emulator.faults(throttle_every=1, retry_after_seconds=100)
    with pytest.raises(BackendError, match="TooManyRequests: There were too many requests") as raised:
        backend.poll(job.name)
    assert raised.value.retryable


def test_the_log_arrives_while_the_job_runs_and_a_cancel_is_confirmed(lake: Lake, backend: DataLakeAnalyticsBackend):
    job = lake.job(SLOW_SCRIPT)
    backend.submit(job)
    until(lambda: backend.poll(job.name).detail == "Running", "the job to run")
    assert lake.log(job).endswith(" Running\n")
    backend.cancel(job.name)
    result = ended(backend, job)
    assert (result.outcome, result.listed_outputs) == (JobOutcome.CANCELED, ())
    assert "I_USER_CJS_CANCELEDBYUSER: Job was cancelled." in lake.log(job)
    backend.cancel(job.name)


def test_a_time_limit_ends_the_job(lake: Lake, backend: DataLakeAnalyticsBackend):
    job = lake.job(SLOW_SCRIPT, timeout_seconds=0.5)
    backend.submit(job)
    assert ended(backend, job).outcome is JobOutcome.TIMED_OUT


def test_a_lost_node_is_no_failure(lake: Lake, backend: DataLakeAnalyticsBackend):
    lake.emulator.faults(failing_nodes=1)
    job = lake.job(SLOW_SCRIPT)
    backend.submit(job)
    result = ended(backend, job)
    assert (result.outcome, "A node of the cluster was lost" in result.message) == (JobOutcome.LOST, True)


def test_an_error_of_the_script_is_its_failure(lake: Lake, backend: DataLakeAnalyticsBackend):
    job = lake.job(SCRIPT.replace("Name string, Size int", "Size int, Name string"))
    backend.submit(job)
    result = ended(backend, job)
    assert result.outcome is JobOutcome.FAILED
    assert result.message.startswith("a.usql: error E_RUNTIME_USER_EXECUTION: wasb://data@")
    relative = lake.job(SCRIPT.replace("@@raw@@/{Year}", "in/{Year}"), inputs=())
    backend.submit(relative)
    result = ended(backend, relative)
    assert result.message.startswith("a.usql(1): error E_CSC_USER_SYNTAXERROR: There is no store behind this path")


def test_secrets_are_nowhere(lake: Lake, backend: DataLakeAnalyticsBackend):
    job = lake.job()
    backend.submit(job)
    ended(backend, job)
    kept = json.dumps(lake.emulator.get(job_id(job.name))) + lake.log(job)
    kept += "".join(path.read_text() for path in (lake.emulator.data / "jobs").rglob("*") if path.is_file())
    note = lake.blobs.get(names.SYSTEM_CONTAINER, f"{names.job_folder(job.name)}/job.json").decode()
    assert SECRET not in kept + note
    assert "AccountKey" not in kept + note


def test_a_restart_of_both_finds_the_job_and_one_that_vanished_is_lost(azurite, tmp_path: Path):
    lake = Lake(azurite.account(), tmp_path / "data")
    try:
        job = lake.job(SLOW_SCRIPT)
        first = lake.backend()
        first.submit(job)
        until(lambda: first.poll(job.name).detail == "Running", "the job to run")
        lake.emulator.kill()
        lake.emulator.start()
        again = lake.backend()
        again.submit(job)
        until(lambda: again.poll(job.name).detail == "Running", "the job to run again")
        assert lake.log(job).count(" Running\n") == 2
        lake.emulator.kill()
        shutil.rmtree(lake.emulator.data)
        lake.emulator.start()
        result = lake.backend().poll(job.name).result
        assert result is not None
        assert result.outcome is JobOutcome.LOST
        assert "does not know the job" in result.message
        assert "JobNotFound" in result.message
    finally:
        lake.emulator.stop()
        lake.blobs.close()
