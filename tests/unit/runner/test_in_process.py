"""The launcher as a cluster starts it: by its file, or by its text alone, from a home that others have filled."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

from shared.adapters.databricks.code_folder import launcher_files
from shared.core.jobs import JobResult
from tests.unit.runner.blob_server import QUERY
from tests.unit.runner.jobs import LOG, METRICS

JOB, SNAPSHOT = "run-00000-1", "snapshots/d"
RESULT = f"result.json?{QUERY}"
# A cluster that reads the file and runs its text: there is no `__file__`, and it shows what it has.
BY_TEXT = """
import sys
path = sys.argv.pop(1)
spark = "a session"
code = compile(open(path).read(), path, "exec")
sys.argv[0] = path
exec(code, {"__name__": "__main__", "spark": spark})
"""


class Cluster:
    def __init__(self, home, server):
        self.home = home
        self.server = server
        self.launcher = home / "launcher/x"
        for name, data in launcher_files().items():
            self._write(f"launcher/x/{name}", data)
        self.document = {
            "environment": {"GREETING": "hi", "AZUREML_RUN_TOKEN": "TOKEN", "out": "$AZUREML_DATAREFERENCE_out"},
            "artifacts": {"type": "blob", "base_url": f"{server.base_url}/job", "query": QUERY},
            "log_name": LOG,
            "metrics_name": METRICS,
            "callback_url": f"{server.base_url}/callback?code=CODE",
            "ports": ["out"],
            "result_url": f"{server.base_url}/{RESULT}",
        }

    def run(self, text, *arguments, by_text=False, script="main.py"):
        """Exit code and what went to standard error."""
        self._write(f"{SNAPSHOT}/main.py", textwrap.dedent(text).encode())
        self._write(f"{SNAPSHOT}/.pipeyard-complete", b"")
        self._write(f"jobs/{JOB}/job.json", json.dumps(self.document).encode())
        file = str(self.launcher / "launch_in_process.py")
        start = ["-c", BY_TEXT, file] if by_text else [file]
        words = [str(self.launcher), SNAPSHOT, JOB, script, *arguments, "-out", "/places/out"]
        env = {"PATH": os.environ["PATH"], "TMPDIR": str(self.home.parent)}
        command = [sys.executable, *start, *words]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd="/", timeout=60)
        return ended.returncode, ended.stdout, ended.stderr

    @property
    def log(self):
        return self.server.blobs[f"job/{LOG}"].decode()

    def result(self):
        return JobResult.model_validate_json(self.server.blobs["result.json"])

    def _write(self, name, data):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@pytest.fixture
def cluster(tmp_path, server):
    return Cluster(tmp_path / "home", server)


@pytest.mark.parametrize("by_text", [False, True])
def test_a_script_runs_as_anywhere(cluster, by_text, server):
    text = """
        import os, sys, pathlib
        assert sys.argv[1:] == ["--n", "1", "-out", "/places/out"], sys.argv
        assert pathlib.Path(__file__).parent == pathlib.Path.cwd()
        assert sorted(os.listdir(".")) == ["logs", "main.py", "outputs"], os.listdir(".")
        assert os.environ["out"] == os.environ["AZUREML_DATAREFERENCE_out"] == "/places/out"
        open(os.environ["PIPEYARD_METRICS_FILE"], "a").write('{"name": "loss"}\\n')
        open("outputs/a.txt", "w").write("kept")
        print(os.environ["GREETING"], globals().get("spark"), __name__)
        print("wrong", file=sys.stderr)
        """
    code, out, err = cluster.run(text, "--n", "1", by_text=by_text)
    said = f"hi {'a session' if by_text else None} __main__\n"
    assert (code, out, err) == (0, said, "wrong\n")
    assert cluster.log == f"{said}wrong\n"
    result = cluster.result()
    assert (result.outcome, result.exit_code, result.files) == ("completed", 0, ("outputs/a.txt",))
    assert server.blobs[f"job/{METRICS}"] == b'{"name": "loss"}\n'
    assert server.seen("POST", "callback")
    assert list(cluster.home.parent.glob("pipeyard-*")) == []
    assert not (cluster.home / SNAPSHOT / "outputs").exists()


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit(7)", 7, "main.py ended with exit code 7."),
        ("raise KeyError('TOKEN')", 1, "main.py failed: KeyError: '***'"),
        ("import absent", 1, "main.py failed: ModuleNotFoundError: No module named 'absent'"),
        ("x = (", 1, "main.py failed: "),
    ],
)
def test_how_a_script_ends_is_passed_on(cluster, text, code, message):
    assert cluster.run(text)[0] == code
    assert cluster.result().message.startswith(message)
    if "ModuleNotFoundError" in message:
        first, _, *_, last = cluster.log.splitlines()
        assert first == "Traceback (most recent call last):"
        assert last == "ModuleNotFoundError: No module named 'absent'"
        assert "pipeyard_runner" not in cluster.log


def test_a_script_that_is_not_there(cluster):
    assert cluster.run("", script="absent.py")[0] == 1
    assert cluster.result().message == "The script absent.py is not in the step's source directory."


def test_a_result_that_cannot_be_stored_fails_the_run(cluster, server):
    server.fail = lambda request: 403 if request.name == "result.json" else None
    code, _, err = cluster.run("print('fine')")
    assert code == 1
    assert "Storage answered 403" in err
    assert "SECRETSIGNATURE" not in err
