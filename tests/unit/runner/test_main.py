"""The runner as a program of its own, without a backend."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from runner.processes import start_mark
from shared.core.jobs import JobArgument, JobResult
from tests.unit.runner.jobs import LOG, job, text_of, value
from tests.waiting import until

ROOT = Path(__file__).parents[3]
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
OLD_PYTHON = next(PYENV.glob("versions/3.9*/bin/python"), None)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "job"
    folder.mkdir()
    return folder


def start(root, spec, **environment):
    (root / "job.json").write_text(spec if isinstance(spec, str) else spec.model_dump_json())
    env = {**os.environ, "PIPEYARD_GRACE_SECONDS": "0.2", **environment}
    return subprocess.Popen([sys.executable, "-m", "runner", str(root)], cwd=ROOT, env=env)


def result_of(root):
    return JobResult.model_validate_json((root / "result.json").read_text())


def test_a_job_runs_once(root, server):
    code = "import sys; open(sys.argv[1], 'w').write('hi')"
    spec = job(server, code, arguments=(JobArgument(output="model"),), outputs=("model",))
    assert start(root, spec).wait(60) == 0
    before = (root / "result.json").stat().st_mtime_ns
    assert start(root, spec).wait(60) == 3
    assert (root / "result.json").stat().st_mtime_ns == before
    assert server.blobs[f"data/{spec.name}/model"] == b"hi"
    assert (root / "cache/sha256").is_dir()


def test_the_host_environment_stays_with_the_host(root, server):
    spec = job(server, "import os; print(dict(os.environ)); print(os.environ['PYTHONUNBUFFERED'])")
    assert start(root, spec, AzureWebJobsStorage="HOSTSECRET").wait(60) == 0
    assert b"HOSTSECRET" not in server.blobs[f"job/{spec.name}/{LOG}"]


@pytest.mark.parametrize(("number", "outcome"), [(15, "canceled"), (2, "interrupted"), (10, "interrupted")])
def test_signals_end_the_script(root, server, tmp_path, number, outcome):
    started = tmp_path / "started"
    code = "import sys, time\nopen(sys.argv[1], 'w').write('x')\nprint('log')\ntime.sleep(600)"
    spec = job(server, code, arguments=(value(str(started)),))
    process = start(root, spec)
    until(lambda: text_of(started))
    process.send_signal(number)
    assert process.wait(60) == 1
    assert result_of(root).outcome == outcome
    assert result_of(root).exit_code == -15
    assert server.blobs[f"job/{spec.name}/{LOG}"] == b"log\n"


def test_a_script_that_ignores_the_request_is_killed_after_the_grace(root, server, tmp_path):
    started = tmp_path / "started"
    code = """
    import signal, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open(sys.argv[1], 'w').write('x')
    time.sleep(600)
    """
    process = start(root, job(server, code, arguments=(value(str(started)),)))
    until(lambda: text_of(started))
    begun = time.monotonic()
    process.terminate()
    process.wait(60)
    assert 0.2 <= time.monotonic() - begun < 60
    assert result_of(root).exit_code == -9


def test_a_script_dies_with_its_runner(root, server, tmp_path):
    started = tmp_path / "started"
    code = "import os, sys, time\nopen(sys.argv[1], 'w').write(str(os.getpid()))\ntime.sleep(600)"
    process = start(root, job(server, code, arguments=(value(str(started)),)))
    pid = int(until(lambda: text_of(started)))
    process.kill()
    process.wait(60)
    until(lambda: start_mark(pid) is None)
    assert not (root / "result.json").exists()


def test_scripts_start_with_default_signals(root, server):
    code = "import subprocess; subprocess.run('yes | head -n 1', shell=True, check=True)"
    spec = job(server, code)
    assert start(root, spec).wait(60) == 0
    assert server.blobs[f"job/{spec.name}/{LOG}"] == b"y\n"


@pytest.mark.parametrize("text", ["", "{}", "no json"])
def test_a_description_that_cannot_be_read_ends_as_failed(root, text):
    assert start(root, text).wait(60) == 1
    assert result_of(root).message.startswith("The job's description cannot be read")


def test_a_log_that_storage_refuses_fails_the_job(root, server):
    server.fail = lambda request: 403 if request.method == "PUT" else None
    spec = job(server, "print('x')")
    assert start(root, spec).wait(60) == 1
    message = f"The log or the metrics could not be uploaded: Storage answered 403 to PUT /job/{spec.name}/{LOG}."
    assert result_of(root).message == message


def test_usage():
    assert (
        subprocess.run([sys.executable, "-m", "runner"], cwd=ROOT, stderr=subprocess.DEVNULL, check=False).returncode
        == 2
    )


def test_runner_json_names_the_script(root, server):
    spec = job(server, textwrap.dedent("import os; open('outputs/pid', 'w').write(f'{os.getpid()} {os.getsid(0)}')"))
    assert start(root, spec).wait(60) == 0
    runner = json.loads((root / "runner.json").read_text())
    assert (root / "work/outputs/pid").read_text() == f"{runner['script_pid']} {runner['script_pgid']}"


@pytest.mark.skipif(OLD_PYTHON is None, reason="No Python 3.9 on PATH.")
def test_an_old_python_can_run_it(root, server):
    (root / "job.json").write_text(job(server, "print(1)").model_dump_json())
    assert (
        subprocess.run([str(OLD_PYTHON), "-m", "runner", str(root)], cwd=ROOT, check=False, timeout=30).returncode == 0
    )


def test_signal_numbers_are_what_the_tests_say():
    assert (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1) == (15, 2, 10)
