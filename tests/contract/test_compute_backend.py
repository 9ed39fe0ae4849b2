"""What every compute backend must do. Real processes; storage is a real HTTP server on loopback.

A new backend joins by one entry in `BACKENDS`. Tests that look into files of the local backend say so by their name.
"""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

from shared.adapters.compute.local_process import LocalProcessBackend
from shared.core.errors import BackendError
from shared.core.jobs import JobArgument, JobFile, JobOutcome, UploadTarget
from tests.conftest import ACCOUNT_KEY
from tests.unit.runner.blob_server import QUERY, BlobServer
from tests.unit.runner.jobs import LOG, METRICS, job, text_of, value
from tests.waiting import until

BACKENDS = {"local_process": lambda data_dir: LocalProcessBackend(data_dir, grace_seconds=0.3)}

WRITE_OUTPUT = """
import sys
open(sys.argv[1], "w").write("hello")
"""
WAIT_FOR_FILE = """
import os, sys, time
open(sys.argv[1], "w").write("started")
while not os.path.exists(sys.argv[2]):
    time.sleep(0.02)
"""
SLEEP = """
import pathlib, sys, time
pathlib.Path(sys.argv[1]).write_text("started")
time.sleep(600)
"""


@pytest.fixture
def server():
    store = BlobServer()
    yield store
    store.close()


@pytest.fixture(params=list(BACKENDS))
def backend(request, tmp_path):
    made = BACKENDS[request.param](tmp_path / "data")
    yield made
    made.close()


def run(backend, spec):
    """Submit a job and wait for its result."""
    remote_id = backend.submit(spec)
    return until(lambda: backend.poll(remote_id).result)


def outcome_of(backend, spec):
    result = backend.poll(spec.name).result
    return result and result.outcome


def gone(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def runner_of(tmp_path, spec):
    return json.loads((tmp_path / "data/jobs" / spec.name / "runner.json").read_text())


def test_a_job_runs_its_script_and_uploads_what_it_wrote(backend, server):
    code = {
        "train.py": """
            import json, os, pathlib, sys
            from helper import double
            data, model = sys.argv[1:3]
            assert os.environ["AZUREML_DATAREFERENCE_data"] == data
            assert os.environ["AZUREML_DATAREFERENCE_model"] == model
            assert sys.argv[3] == f"--from={data}/x:$AZUREML_DATAREFERENCE_other", sys.argv[3]
            assert os.environ["GREETING"] == "hi"
            assert open(sys.argv[4]).read() == "single", sys.argv[4]
            assert sys.stdin.read() == ""
            model = pathlib.Path(model)
            (model / "deep er").mkdir(parents=True)
            (model / "deep er" / "m%.txt").write_text(double(open(f"{data}/sub/a.txt").read()))
            pathlib.Path("outputs/plot.txt").write_text("plot")
            pathlib.Path("logs/more").mkdir()
            pathlib.Path("logs/more/l.txt").write_text("log")
            with open(os.environ["PIPEYARD_METRICS_FILE"], "a") as stream:
                stream.write('{"name": "loss"}\\n')
            print("out"); print("err", file=sys.stderr)
            """,
        "helper.py": "def double(text): return text * 2",
    }
    arguments = (
        JobArgument(input="data"),
        JobArgument(output="model"),
        value("--from=$AZUREML_DATAREFERENCE_data/x:$AZUREML_DATAREFERENCE_other"),
        JobArgument(input="one"),
    )
    inputs: dict[str, dict[str, bytes] | bytes] = {"data": {"sub/a.txt": b"ab"}, "one": b"single", "nothing": {}}
    callback = f"{server.base_url}/callback?code=CALLBACKSECRET"
    spec = job(
        server,
        code,
        arguments=arguments,
        inputs=inputs,
        outputs=("model",),
        environment={"GREETING": "hi"},
        callback_url=callback,
    )
    result = run(backend, spec)
    assert (result.outcome, result.exit_code, result.message) == (JobOutcome.COMPLETED, 0, ""), server.blobs
    (file,) = result.outputs["model"]
    assert (file.path, file.size) == ("deep er/m%.txt", 4)
    assert file.etag
    assert server.blobs[f"data/{spec.name}/model/deep er/m%.txt"] == b"abab"
    assert result.files == ("outputs/plot.txt", "logs/more/l.txt")
    assert server.blobs[f"job/{spec.name}/logs/more/l.txt"] == b"log"
    assert server.blobs[f"job/{spec.name}/{LOG}"] == b"out\nerr\n"
    assert server.blobs[f"job/{spec.name}/{METRICS}"] == b'{"name": "loss"}\n'
    assert result.warnings == ()
    until(lambda: server.seen("POST", "callback"))


def test_a_single_file_output_takes_the_name_of_the_output(backend, server):
    spec = job(server, WRITE_OUTPUT, arguments=(JobArgument(output="model"),), outputs=("model", "unwritten"))
    result = run(backend, spec)
    assert [(file.path, file.size) for file in result.outputs["model"]] == [("", 5)]
    assert server.blobs[f"data/{spec.name}/model"] == b"hello"
    assert result.outputs["unwritten"] == ()
    assert result.warnings == ("The output unwritten was not written.",)
    assert f"job/{spec.name}/{LOG}" not in server.blobs


def test_submitting_again_starts_nothing_new(backend, server, tmp_path):
    counter = tmp_path / "count"
    code = "import sys, time\nopen(sys.argv[1], 'a').write('x')\ntime.sleep(0.2)"
    spec = job(server, code, arguments=(value(str(counter)),))
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: backend.submit(spec), range(16)))
    assert set(ids) == {spec.name}
    assert run(backend, spec).outcome is JobOutcome.COMPLETED
    backend.submit(spec)
    backend.poll(spec.name)
    time.sleep(0.1)
    assert counter.read_text() == "x"


def test_many_jobs_at_once(backend, server):
    specs = [
        job(server, WRITE_OUTPUT, name=f"run-{i:05d}-1", arguments=(JobArgument(output="model"),), outputs=("model",))
        for i in range(24)
    ]
    with ThreadPoolExecutor(12) as pool:
        results = list(pool.map(lambda spec: run(backend, spec), specs))
    assert {result.outcome for result in results} == {JobOutcome.COMPLETED}
    assert all(server.blobs[f"data/{spec.name}/model"] == b"hello" for spec in specs)


def test_a_failing_script_tells_its_exit_code_and_keeps_its_files(backend, server):
    code = """
    import sys
    open("outputs/partial.txt", "w").write("p")
    open(sys.argv[1], "w").write("m")
    print("why")
    sys.exit(3)
    """
    spec = job(server, code, arguments=(JobArgument(output="model"),), outputs=("model",))
    result = run(backend, spec)
    assert (result.outcome, result.exit_code) == (JobOutcome.FAILED, 3)
    assert result.message == "train.py ended with exit code 3."
    assert result.files == ("outputs/partial.txt",)
    assert result.outputs == {}
    assert f"data/{spec.name}/model" not in server.blobs
    assert server.blobs[f"job/{spec.name}/{LOG}"] == b"why\n"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"code": ()}, "The script train.py is not in the step's source directory."),
        ({"interpreter": "/no/python"}, "/no/python could not be started: No such file or directory."),
        ({"launch": "executable", "command": (value("no-such-tool"),)}, "no-such-tool could not be started: No such"),
    ],
)
def test_what_cannot_be_started_says_so(backend, server, changes, message):
    result = run(backend, job(server, "").model_copy(update=changes))
    assert (result.outcome, result.exit_code) == (JobOutcome.FAILED, None)
    assert result.message.startswith(message)


def test_a_command_runs_without_an_interpreter(backend, server):
    spec = job(server, "", launch="executable", command=(value("sh"), value("-c"), value("echo $0 done; kill -9 $$")))
    result = run(backend, spec)
    assert (result.outcome, result.exit_code) == (JobOutcome.FAILED, -9)
    assert result.message == "sh was ended by signal 9."
    assert server.blobs[f"job/{spec.name}/{LOG}"] == b"sh done\n"


def test_cancel_ends_the_whole_tree_even_a_grandchild_in_its_own_session(backend, server, tmp_path):
    pids = tmp_path / "pids"
    grandchild = (
        "import os, signal, time; signal.signal(15, signal.SIG_IGN); "
        "open({0!r}, 'a').write(f'{{os.getpid()}}\\n'); time.sleep(600)"
    )
    code = f"""
    import os, subprocess, sys, time
    subprocess.Popen([sys.executable, "-c", {grandchild.format(str(pids))!r}], start_new_session=True)
    subprocess.Popen(["sh", "-c", "setsid sleep 600 & echo $! >> {pids}; exit"]).wait()
    open({str(pids)!r}, "a").write(f"{{os.getpid()}}\\n")
    time.sleep(600)
    """
    spec = job(server, code)
    backend.submit(spec)
    until(lambda: (text_of(pids) or "").count("\n") == 3)
    assert backend.poll(spec.name).result is None
    backend.cancel(spec.name)
    backend.cancel(spec.name)
    result = until(lambda: backend.poll(spec.name).result)
    assert (result.outcome, result.message) == (JobOutcome.CANCELED, "The job was canceled.")
    assert all(gone(int(pid)) for pid in pids.read_text().split())
    backend.cancel(spec.name)


def test_what_a_script_leaves_running_ends_with_it(backend, server, tmp_path):
    pid_file = tmp_path / "pid"
    code = f"""
    import subprocess
    process = subprocess.Popen(["sleep", "600"], start_new_session=True)
    open({str(pid_file)!r}, "w").write(str(process.pid))
    """
    assert run(backend, job(server, code)).outcome is JobOutcome.COMPLETED
    assert gone(int(pid_file.read_text()))


def test_canceled_before_it_starts_it_never_starts(backend, server, tmp_path):
    started = tmp_path / "started"
    spec = job(server, SLEEP, arguments=(value(str(started)),))
    backend.cancel(spec.name)
    assert backend.poll(spec.name).result.outcome is JobOutcome.CANCELED
    result = run(backend, spec)
    assert (result.outcome, result.started_at) == (JobOutcome.CANCELED, None)
    assert not started.exists()


def test_cancel_breaks_off_a_download(backend, server, tmp_path):
    server.fail = lambda request: 503 if request.name.startswith("in/") else None
    spec = job(server, "", inputs={"data": b"x"})
    backend.submit(spec)
    until(lambda: server.seen("GET", f"in/{spec.name}/data"))
    begun = time.monotonic()
    backend.cancel(spec.name)
    assert until(lambda: backend.poll(spec.name).result).outcome is JobOutcome.CANCELED
    assert time.monotonic() - begun < 20


def test_a_timeout_ends_the_script(backend, server, tmp_path):
    spec = job(server, SLEEP, arguments=(value(str(tmp_path / "started")),), timeout_seconds=0.4)
    result = run(backend, spec)
    assert result.outcome is JobOutcome.TIMED_OUT
    assert result.message == "train.py was ended: no end within 0.4 s."
    assert 0.4 <= result.wall_seconds < 60


def test_the_log_and_the_metrics_arrive_while_the_script_runs(backend, server, tmp_path):
    stop = tmp_path / "stop"
    code = f"""
    import os, time
    print("first", flush=True)
    open(os.environ["PIPEYARD_METRICS_FILE"], "w").write("1\\n")
    while not os.path.exists({str(stop)!r}):
        time.sleep(0.02)
    print("last")
    """
    spec = job(server, code)
    backend.submit(spec)
    until(lambda: server.blobs.get(f"job/{spec.name}/{LOG}") == b"first\n")
    until(lambda: server.blobs.get(f"job/{spec.name}/{METRICS}") == b"1\n")
    assert backend.poll(spec.name).result is None
    stop.touch()
    assert until(lambda: backend.poll(spec.name).result).outcome is JobOutcome.COMPLETED
    assert server.blobs[f"job/{spec.name}/{LOG}"] == b"first\nlast\n"
    assert server.kinds[f"job/{spec.name}/{LOG}"] == "AppendBlob"


def test_time_and_memory_are_recorded(backend, server):
    code = """
    import time
    blob = bytearray(80_000_000)
    begun = time.process_time()
    while time.process_time() < begun + 0.3:
        pass
    """
    result = run(backend, job(server, code))
    assert 0.3 <= result.cpu_seconds < 3
    assert result.wall_seconds >= 0.3
    assert 80_000_000 < result.peak_memory_bytes < 300_000_000
    assert result.started_at < result.ended_at


def test_secrets_reach_neither_the_script_nor_result_or_log(backend, server, tmp_path, monkeypatch):
    code = "import os\nprint(dict(os.environ))"
    other = LocalProcessBackend(
        tmp_path / "other",
        environment={**os.environ, "AzureWebJobsStorage": "HOSTSECRET", "PIPEYARD_STORAGE": "HOSTSECRET"},
    )
    server.fail = lambda request: 403 if "more.txt" in request.name else None
    spec = job(server, code + "\nopen('outputs/more.txt', 'w').write('x')")
    result = run(other, spec)
    other.close()
    assert result.outcome is JobOutcome.FAILED
    assert result.message == f"Storage answered 403 to PUT /job/{spec.name}/outputs/more.txt."
    root = tmp_path / "other/jobs" / spec.name
    for name in ("result.json", "log.txt", "runner.log", "runner.json"):
        assert "SECRET" not in (root / name).read_text()
    assert (root / "job.json").stat().st_mode & 0o777 == 0o600
    assert b"PATH" in server.blobs[f"job/{spec.name}/{LOG}"]


@pytest.mark.parametrize("path", ["../../escaped.txt", "/tmp/escaped.txt", "a/../../b", ""])
def test_a_path_that_leaves_its_folder_is_refused(backend, server, tmp_path, path):
    file = JobFile(path=path, **server.put("evil", b"x"))
    result = run(backend, job(server, "").model_copy(update={"code": (file,)}))
    assert result.outcome is JobOutcome.FAILED
    assert "does not stay below its folder" in result.message
    assert not list(tmp_path.rglob("escaped.txt"))


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "..", "a\n"])
def test_a_name_that_is_no_name_is_refused(backend, server, name):
    with pytest.raises(BackendError):
        backend.submit(job(server, "").model_copy(update={"name": name}))
    with pytest.raises(BackendError):
        backend.poll(name)


def test_an_unknown_job_is_lost(backend):
    assert backend.poll("nobody-00000-1").result.outcome is JobOutcome.LOST


def test_forget_is_idempotent(backend, server):
    spec = job(server, "", inputs={"data": b"x"})
    assert run(backend, spec).outcome is JobOutcome.COMPLETED
    backend.forget(spec.name)
    backend.forget(spec.name)
    backend.forget("nobody-00000-1")


def test_a_submit_that_comes_after_forget_does_not_start_the_job_again(backend, server, tmp_path):
    ran = tmp_path / "ran"
    spec = job(server, f"open({str(ran)!r}, 'a').write('x')")
    assert run(backend, spec).outcome is JobOutcome.COMPLETED
    backend.forget(spec.name)
    assert run(backend, spec).outcome is JobOutcome.COMPLETED
    assert ran.read_text() == "x"


def test_a_changed_input_fails_the_job_and_harms_no_other(backend, server):
    code = "import os, sys\nos.chmod(sys.argv[1], 0o644)\nopen(sys.argv[1], 'a').write('tampered')"
    arguments = (JobArgument(input="data"),)
    result = run(backend, job(server, code, inputs={"data": b"good"}, arguments=arguments))
    assert result.outcome is JobOutcome.FAILED
    assert result.message == "train.py changed the input file data/file.bin: inputs are read-only."
    code = "import sys\nassert open(sys.argv[1]).read() == 'good'"
    again = job(server, code, name="run-00000-2", inputs={"data": b"good"}, arguments=arguments)
    assert run(backend, again).outcome is JobOutcome.COMPLETED


def test_a_wrong_digest_fails_the_job(backend, server):
    spec = job(server, "", inputs={"data": b"good"})
    server.blobs[f"in/{spec.name}/data"] = b"evil"
    result = run(backend, spec)
    assert (result.outcome, result.message) == (
        JobOutcome.FAILED,
        "The stored content of file.bin is not what its digest says.",
    )


def test_local_inputs_are_links_to_a_cache_that_spares_downloads_and_outputs_feed_it(backend, server, tmp_path):
    first = job(server, WRITE_OUTPUT, name="a-1", arguments=(JobArgument(output="model"),), outputs=("model",))
    output = run(backend, first).outputs["model"][0]
    file = JobFile(
        path="", url=f"{server.base_url}/data/a-1/model?{QUERY}", digest=f"sha256:{output.sha256}", size=output.size
    )
    reader = "import sys\nassert open(sys.argv[1]).read() == 'hello'"
    for name in ("b-1", "b-2"):
        second = job(server, reader, name=name, inputs={"data": b"hello", "big": {"x": b"y" * 1000}})
        second = second.model_copy(update={"command": (value("train.py"), JobArgument(input="data"))})
        (single,) = [item for item in second.inputs if item.name == "data"]
        inputs = (single.model_copy(update={"files": (file,)}), second.inputs[1])
        assert run(backend, second.model_copy(update={"inputs": inputs})).outcome is JobOutcome.COMPLETED
    jobs, cache = tmp_path / "data/jobs", tmp_path / "data/cache/sha256"
    cached = cache / output.sha256[:2] / output.sha256
    paths = [jobs / "a-1/outputs/model", jobs / "b-1/inputs/data/file.bin", jobs / "b-2/inputs/data/file.bin"]
    assert {path.stat().st_ino for path in paths} == {cached.stat().st_ino}
    assert cached.stat().st_mode & 0o777 == 0o444
    assert not server.seen("GET", "data/a-1/model")
    assert len(server.seen("GET", "in/b-1/big/x")) == 1
    assert not server.seen("GET", "in/b-2/big/x")
    assert not list(cache.rglob("*.lock"))


def test_results_wait_for_storage_that_is_away_and_follow_it_to_new_addresses(backend, tmp_path):
    """A workspace that goes down takes its storage with it; the script has run and must not have to run again."""
    started, stop = tmp_path / "started", tmp_path / "stop"
    code = WAIT_FOR_FILE + "open(sys.argv[3], 'w').write('model')\nprint('done')"
    arguments = (value(str(started)), value(str(stop)), JobArgument(output="model"))
    before, after = BlobServer(), BlobServer()
    try:
        spec = job(before, code, arguments=arguments, outputs=("model",))
        backend.submit(spec)
        until(lambda: text_of(started))
        before.fail = lambda _request: 0  # also on connections that are kept
        before.close()
        stop.touch()
        time.sleep(1)
        assert backend.poll(spec.name).result is None
        backend.submit(job(after, code, arguments=arguments, outputs=("model",)))
        result = until(lambda: backend.poll(spec.name).result)
        assert result.outcome is JobOutcome.COMPLETED
        assert after.blobs[f"data/{spec.name}/model"] == b"model"
        assert after.blobs[f"job/{spec.name}/{LOG}"] == b"done\n"
    finally:
        after.close()


def test_local_jobs_survive_the_death_of_their_zygote(backend, server, tmp_path):
    started, stop = tmp_path / "started", tmp_path / "stop"
    spec = job(server, WAIT_FOR_FILE, arguments=(value(str(started)), value(str(stop))))
    backend.submit(spec)
    until(lambda: text_of(started))
    zygote = backend._zygote.pid
    os.kill(zygote, signal.SIGKILL)
    until(lambda: gone(zygote))
    assert backend.poll(spec.name).result is None
    later = job(server, WRITE_OUTPUT, name="later-1", arguments=(JobArgument(output="model"),), outputs=("model",))
    assert run(backend, later).outcome is JobOutcome.COMPLETED
    assert backend._zygote.pid != zygote
    stop.touch()
    assert until(lambda: backend.poll(spec.name).result).outcome is JobOutcome.COMPLETED


def test_local_jobs_survive_a_killed_host_and_its_process_group(server, tmp_path):
    started, stop = tmp_path / "started", tmp_path / "stop"
    spec = job(server, WAIT_FOR_FILE, arguments=(value(str(started)), value(str(stop))))
    host = (
        "import sys, time, pathlib\nfrom shared.adapters.compute.local_process import LocalProcessBackend\n"
        "from shared.core.jobs import JobSpec\nbackend = LocalProcessBackend(pathlib.Path(sys.argv[1]))\n"
        "backend.submit(JobSpec.model_validate_json(sys.stdin.read()))\nprint(backend._zygote.pid, flush=True)\n"
        "time.sleep(600)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", host, str(tmp_path / "data")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        cwd=Path(__file__).parents[2],
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        process.stdin.write(spec.model_dump_json())
        process.stdin.close()
        zygote = int(process.stdout.readline())
        until(lambda: text_of(started))
        os.killpg(process.pid, signal.SIGKILL)
    until(lambda: gone(zygote))
    backend = LocalProcessBackend(tmp_path / "data")
    try:
        assert backend.poll(spec.name).result is None
        stop.touch()
        assert until(lambda: backend.poll(spec.name).result).outcome is JobOutcome.COMPLETED
    finally:
        backend.close()


def test_local_a_killed_runner_is_detected_and_nothing_of_its_job_stays(backend, server, tmp_path):
    pids = tmp_path / "pids"
    code = f"""
    import os, subprocess, time
    process = subprocess.Popen(["sleep", "600"], start_new_session=True)
    open({str(pids)!r}, "w").write(f"{{os.getpid()}} {{process.pid}}")
    time.sleep(600)
    """
    spec = job(server, code)
    backend.submit(spec)
    found = [int(pid) for pid in until(lambda: text_of(pids)).split()]
    os.kill(runner_of(tmp_path, spec)["pid"], signal.SIGKILL)
    result = until(lambda: backend.poll(spec.name).result)
    assert result.outcome is JobOutcome.LOST
    until(lambda: all(gone(pid) for pid in found))
    assert backend.poll(spec.name).result == result


def test_local_a_reused_process_id_is_not_taken_for_the_runner(backend, server, tmp_path):
    spec = job(server, WRITE_OUTPUT, arguments=(value(str(tmp_path / "x")),))
    run(backend, spec)
    root = tmp_path / "data/jobs" / spec.name
    (root / "result.json").unlink()
    (root / "runner.json").write_text(json.dumps({"pid": os.getpid(), "started": "1"}))
    assert backend.poll(spec.name).result.outcome is JobOutcome.LOST


def test_local_a_job_stored_by_a_host_that_died_is_started_by_a_poll(backend, server, tmp_path):
    spec = job(server, "")
    root = tmp_path / "data/jobs" / spec.name
    root.mkdir()
    (root / "job.json").write_text(spec.model_dump_json())
    os.utime(root / "job.json", (0, 0))
    assert until(lambda: backend.poll(spec.name).result).outcome is JobOutcome.COMPLETED


def test_local_closing_interrupts_running_jobs(server, tmp_path):
    backend = LocalProcessBackend(tmp_path / "data", grace_seconds=0.3)
    specs = [job(server, SLEEP, name=f"r-{i}", arguments=(value(str(tmp_path / f"started-{i}")),)) for i in range(3)]
    for spec in specs:
        backend.submit(spec)
    until(lambda: all(text_of(tmp_path / f"started-{i}") for i in range(3)))
    zygote = backend._zygote.pid
    begun = time.monotonic()
    backend.close()
    assert time.monotonic() - begun < 20
    assert {outcome_of(backend, spec) for spec in specs} == {JobOutcome.INTERRUPTED}
    assert gone(zygote)
    with pytest.raises(BackendError):
        backend.submit(job(server, "", name="late"))


def test_a_job_works_against_a_real_azurite(backend, tmp_path, server, storage_account):
    stop = tmp_path / "stop"
    code = f"""
    import os, sys, time
    print("first", flush=True)
    while not os.path.exists({str(stop)!r}):
        time.sleep(0.02)
    print("last")
    open(sys.argv[1], "w").write("hello")
    """
    with BlobServiceClient.from_connection_string(storage_account) as service:
        container = service.create_container("jobs")
        sas = generate_container_sas(
            str(service.account_name),
            "jobs",
            account_key=ACCOUNT_KEY,
            permission=ContainerSasPermissions(create=True, write=True, add=True),
            expiry=datetime.now(UTC) + timedelta(hours=1),
        )
        spec = job(server, code, arguments=(JobArgument(output="model"),), outputs=("model",))
        output = spec.outputs[0].model_copy(
            update={"target": UploadTarget(base_url=f"{container.url}/model", query=sas)}
        )
        target = UploadTarget(base_url=f"{container.url}/job", query=sas)
        backend.submit(spec.model_copy(update={"outputs": (output,), "artifacts": target}))
        log = container.get_blob_client(f"job/{LOG}")
        until(log.exists)
        until(lambda: log.download_blob().readall() == b"first\n")
        stop.touch()
        result = until(lambda: backend.poll(spec.name).result)
        assert result.outcome is JobOutcome.COMPLETED, result
        assert log.download_blob().readall() == b"first\nlast\n"
        assert container.get_blob_client("model").download_blob().readall() == b"hello"
        assert (
            container.get_blob_client("model").get_blob_properties().etag.strip('"') == result.outputs["model"][0].etag
        )
        container.close()
