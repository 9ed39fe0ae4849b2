"""Jobs on a cluster of Azure Machine Learning: against the emulated service, which really runs them."""

import signal

import pytest

from shared.adapters.azure_ml import job_body
from shared.adapters.azure_ml.client import AzureMlClient
from shared.adapters.azure_ml.connection import EMULATED_WORKSPACE, EmulatorCredential
from shared.adapters.compute.azure_ml import AzureMlBackend
from shared.core import names
from shared.core.compute_targets import ComputeTarget
from shared.core.definition import EnvironmentDefinition, StepResources
from shared.core.errors import BackendError
from shared.core.jobs import JobArgument, JobOutcome
from tests.contract.emulated import JobStorage, emulated, result_of
from tests.fakes.http_server import HttpServer
from tests.waiting import until

TARGET = ComputeTarget(name="cpu", type="AmlCompute", properties={"emulated": True, "max_nodes": 4})
WAIT = """
import pathlib, time
print("begun", flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def storage(azurite):
    return JobStorage(azurite.account())


@pytest.fixture(scope="module")
def service(azurite, storage, tmp_path_factory):
    folder = tmp_path_factory.mktemp("emulated") / "azure_ml"
    with emulated("azure_ml", folder, storage.connection_string) as running:
        client = AzureMlClient(running.url, EMULATED_WORKSPACE, EmulatorCredential())
        scale = {"minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT120S"}
        properties = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": scale}
        cluster = {"computeType": "AmlCompute", "properties": properties}
        client.put("computes/cpu", {"location": "local", "properties": cluster})
        client.close()
        yield running


@pytest.fixture
def recorder(service):
    """Between the backend and the service, so that a test sees every body."""
    server = HttpServer()
    server.answer = server.pass_on(service.url)
    yield server
    server.close()


@pytest.fixture
def make_backend(recorder, storage, service):
    made = []

    def make(target=TARGET):
        made.append(AzureMlBackend(storage.connections({"azure_ml": recorder.url}), target))
        return made[-1]

    yield make
    service.fail()
    for backend in made:
        backend.close()


@pytest.fixture
def backend(make_backend):
    return make_backend()


def begun(storage, job):
    return until(lambda: "begun" in storage.log(job))


def test_a_whole_job(backend, storage, recorder):
    code = {
        "train.py": """
            import os, pathlib, sys
            from helper import double
            mounted, downloaded, file, fetched, address, model, report = sys.argv[1:]
            text = "".join(open(path).read() for path in (f"{mounted}/sub/a", f"{downloaded}/b", file, f"{fetched}/c"))
            assert address.startswith("wasbs://data@"), address
            try:
                open(f"{mounted}/new", "w")
            except OSError as error:
                print("read-only:", type(error).__name__)
            pathlib.Path(model, "m.txt").write_text(double(text))
            pathlib.Path(report).write_text(text)
            pathlib.Path("outputs/plot.txt").write_text("plot")
            from pipeyard.core import Run
            Run.get_context().log("loss", 0.5)
            print("run", os.environ["AZUREML_RUN_ID"])
            """,
        "helper.py": "def double(text): return text * 2",
    }
    inputs = (
        storage.input("mounted", {"sub/a": b"1"}, mode="mount"),
        storage.input("downloaded", {"b": b"2"}, mode="download"),
        storage.input("file", b"3", mode="mount"),
        storage.input("fetched", {"c": b"4"}, place=None),
        storage.input("address", {"d": b"5"}, mode="direct"),
    )
    outputs = (storage.output("model", mode="mount"), storage.output("report"))
    words = [JobArgument(input=item.name) for item in inputs] + [JobArgument(output=item.name) for item in outputs]
    job = storage.job(
        code,
        inputs=inputs,
        outputs=outputs,
        arguments=tuple(words),
        environment={"AZUREML_RUN_TOKEN": storage.token, "AZUREML_RUN_ID": "the-step-run"},
    )
    assert backend.submit(job) == job.name
    result = result_of(backend, job.name)
    assert (result.outcome, result.message) == (JobOutcome.COMPLETED, ""), storage.log(job)
    assert result.listed_outputs == ("model",)
    assert storage.at(outputs[0].place) == {"m.txt": b"12341234"}
    (report,) = result.outputs["report"]
    assert (report.path, report.size) == ("", 4)
    assert result.files == ("outputs/plot.txt",)
    assert storage.log(job).endswith("run the-step-run\n")
    assert b'"loss"' in storage.log(job, job.metrics_name).encode()
    bodies = [sent.text for sent in recorder.requests]
    assert any(job.name in body for body in bodies)
    assert not [body for body in bodies if "sig=" in body or storage.token in body]
    backend.forget(job.name)
    assert not storage.blobs.list(names.SYSTEM_CONTAINER, names.job_folder(job.name))


def test_the_log_arrives_while_the_job_runs_and_a_cancel_ends_it(backend, storage):
    job = storage.job(WAIT)
    backend.submit(job)
    begun(storage, job)
    assert backend.poll(job.name).detail == "Running"
    backend.cancel(job.name)
    assert result_of(backend, job.name).outcome is JobOutcome.CANCELED
    backend.cancel(job.name)


def test_processes_share_the_work(backend, storage):
    code = """
    import os, pathlib, sys
    rank = os.environ["RANK"]
    pathlib.Path(sys.argv[1]).mkdir(exist_ok=True)
    pathlib.Path(sys.argv[1], f"part-{rank}").write_text(rank)
    pathlib.Path(sys.argv[2]).write_text(rank)
    pathlib.Path("outputs", "mine").write_text(rank)
    print("rank", rank, "of", os.environ["WORLD_SIZE"])
    """
    outputs = (storage.output("parts"), storage.output("same"))
    words = tuple(JobArgument(output=item.name) for item in outputs)
    resources = StepResources(node_count=2, communicator="pytorch")
    job = storage.job(code, outputs=outputs, arguments=words, resources=resources)
    backend.submit(job)
    result = result_of(backend, job.name)
    assert result.outcome is JobOutcome.COMPLETED, (result, storage.log(job))
    assert [file.path for file in result.outputs["parts"]] == ["part-0", "part-1"]
    assert result.listed_outputs == ("same",)
    assert result.files == ("outputs/mine", "rank_1/outputs/mine", "azureml-logs/70_driver_log_rank_1.txt")
    assert storage.log(job) == "rank 0 of 2\n"
    assert storage.log(job, "azureml-logs/70_driver_log_rank_1.txt") == "rank 1 of 2\n"


def test_one_process_that_fails_fails_the_job(backend, storage):
    code = """
    import os, time
    print("begun", flush=True)
    if os.environ["OMPI_COMM_WORLD_RANK"] == "1":
        raise SystemExit(7)
    time.sleep(600)
    """
    job = storage.job(code, resources=StepResources(node_count=2, communicator="mpi"))
    backend.submit(job)
    result = result_of(backend, job.name)
    assert (result.outcome, result.exit_code) == (JobOutcome.FAILED, 7)
    assert result.message == "Process 1: train.py ended with exit code 7."


def test_a_script_that_fails(backend, storage):
    job = storage.job("raise SystemExit('broken')")
    backend.submit(job)
    result = result_of(backend, job.name)
    assert (result.outcome, result.exit_code) == (JobOutcome.FAILED, 1)
    assert result.message == "train.py ended with exit code 1."
    assert "broken" in storage.log(job)


def test_the_time_limit_is_the_runner_s(backend, storage):
    job = storage.job(WAIT, timeout_seconds=1)
    backend.submit(job)
    result = result_of(backend, job.name)
    assert result.outcome is JobOutcome.TIMED_OUT
    assert result.message == "train.py was ended: no end within 1 s."


def test_a_runner_that_hangs_meets_the_service_s_limit(backend, storage, monkeypatch):
    monkeypatch.setattr(job_body, "SPARE_SECONDS", 0)
    hang = "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)\n" + WAIT
    job = storage.job(hang, timeout_seconds=3)
    backend.submit(job)
    result = result_of(backend, job.name)
    assert result.outcome is JobOutcome.TIMED_OUT
    assert result.message == "Azure Machine Learning ended the job: no end within 3 s."


def test_a_lost_reply_starts_nothing_twice(backend, storage, service, recorder):
    service.fail(lose_replies=[{"method": "PUT", "path_contains": "/jobs/", "count": 1}])
    output = storage.output("count")
    code = "import os, sys\nopen(sys.argv[1], 'w').write(os.environ['PIPEYARD_METRICS_FILE'])"
    job = storage.job(code, outputs=(output,), arguments=(JobArgument(output="count"),))
    backend.submit(job)
    backend.submit(job)
    assert result_of(backend, job.name).outcome is JobOutcome.COMPLETED
    puts = [sent for sent in recorder.requests if sent.method == "PUT" and "/jobs/" in sent.path]
    assert len(puts) == 3
    assert len({sent.body for sent in puts}) == 1


@pytest.mark.parametrize("fault", [{"throttle_every": 2, "retry_after_seconds": 1}, {"error_every": 2}])
def test_a_service_that_is_away_at_times(backend, storage, service, fault):
    service.forget_requests()
    service.fail(**fault)
    job = storage.job("print('done')")
    backend.submit(job)
    assert result_of(backend, job.name).outcome is JobOutcome.COMPLETED
    refused = {call["status"] for call in service.requests()} & {429, 503}
    assert refused


def test_a_job_that_the_service_does_not_know_is_lost(backend, storage):
    job = storage.job("")
    result = result_of(backend, job.name)
    assert result.outcome is JobOutcome.LOST
    assert job.name in result.message
    backend.forget(job.name)


def test_a_job_that_was_canceled_first_never_starts(backend, storage, recorder):
    job = storage.job("")
    backend.cancel(job.name)
    backend.submit(job)
    assert result_of(backend, job.name).outcome is JobOutcome.CANCELED
    assert not [sent for sent in recorder.requests if sent.method == "PUT"]


def test_another_process_takes_over(backend, make_backend, storage):
    job = storage.job(WAIT)
    backend.submit(job)
    begun(storage, job)
    other = make_backend()
    assert other.poll(job.name).result is None
    assert other.submit(job) == job.name
    other.cancel(job.name)
    assert result_of(make_backend(), job.name).outcome is JobOutcome.CANCELED


def test_a_job_that_the_service_runs_again_goes_on_with_its_log(backend, storage, service, tmp_path):
    """As after a preemption: what the first process left, the second one finds."""
    code = """
    import pathlib, sys, time
    print("begun", flush=True)
    if not pathlib.Path(sys.argv[1]).exists():
        pathlib.Path(sys.argv[1]).touch()
        time.sleep(600)
    """
    job = storage.job(code, arguments=(str(tmp_path / "mark"),))
    backend.submit(job)
    begun(storage, job)
    service.kill()
    service.start()
    assert result_of(backend, job.name).outcome is JobOutcome.COMPLETED
    assert storage.log(job) == "begun\nbegun\n"


def test_a_node_that_is_lost_loses_the_job(backend, storage, service):
    service.fail(failing_nodes=1)
    job = storage.job(WAIT)
    backend.submit(job)
    result = result_of(backend, job.name)
    assert result.outcome is JobOutcome.LOST
    assert "The node that the job ran on was lost" in result.message


def test_a_runner_that_is_killed_has_failed_in_the_service_s_words(backend, storage):
    job = storage.job(f"import os\nos.kill(os.getppid(), {signal.SIGKILL:d})")
    backend.submit(job)
    result = result_of(backend, job.name)
    assert result.outcome is JobOutcome.FAILED
    assert "UserTrainingScriptFailed: Execution failed" in result.message


def test_a_completed_job_without_a_result_is_lost(backend, storage):
    job = storage.job("print(1)")
    backend.submit(job)
    until(lambda: backend.poll(job.name).result)
    storage.blobs.delete(names.SYSTEM_CONTAINER, [f"{names.job_folder(job.name)}/result.json"])
    result = result_of(backend, job.name)
    assert (result.outcome, result.message) == (
        JobOutcome.LOST,
        "Azure Machine Learning: the job completed, but its runner left no result.",
    )


def test_an_environment_that_cannot_be_built_fails_with_the_build_s_log(backend, storage):
    software = EnvironmentDefinition(pip_packages=("./no-such-package",))
    job = storage.job("print(1)", software=software)
    backend.submit(job)
    result = result_of(backend, job.name)
    assert result.outcome is JobOutcome.FAILED
    assert result.message.startswith("Azure Machine Learning: UserError/ImageBuildFailure: Image build failed.")
    assert "no-such-package" in storage.log(job)
    assert "=== azureml-logs/20_image_build_log.txt" in storage.log(job)


def test_a_cluster_that_is_not_there_is_told_at_once(make_backend, storage):
    properties = {**TARGET.properties, "cluster_name": "nowhere"}
    backend = make_backend(TARGET.model_copy(update={"properties": properties}))
    with pytest.raises(BackendError, match="nowhere") as caught:
        backend.submit(storage.job("print(1)"))
    assert not caught.value.retryable
