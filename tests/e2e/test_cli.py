"""The command line against a real workspace: its own process, its own storage, real scripts."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.demo_workspace import running_workspace

LIMIT_SECONDS = 90

PRODUCE = """\
import argparse, pathlib, sys
from pipeyard.core import Run
parser = argparse.ArgumentParser()
parser.add_argument("--output", type=pathlib.Path)
parser.add_argument("--factor", type=int)
args = parser.parse_args()
if args.factor < 0:
    sys.exit("negative factors are not supported")
args.output.mkdir(parents=True)
(args.output / "numbers.txt").write_text("\\n".join(str(args.factor * n) for n in range(5)))
Run.get_context().log("count", 5)
print("wrote 5 numbers, größer als nichts")
"""
CONSUME = """\
import argparse, pathlib, time
parser = argparse.ArgumentParser()
parser.add_argument("--input", type=pathlib.Path)
parser.add_argument("--output", type=pathlib.Path)
parser.add_argument("--sleep", type=float)
args = parser.parse_args()
time.sleep(args.sleep)
total = sum(int(line) for line in (args.input / "numbers.txt").read_text().splitlines())
args.output.write_text(str(total))
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    with running_workspace(tmp_path_factory.mktemp("workspace")) as url:
        yield url


@pytest.fixture
def pipeline(tmp_path):
    for name, text in (("produce", PRODUCE), ("consume", CONSUME)):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.py").write_text(text)
    produce = {
        "name": "produce",
        "source_directory": "produce",
        "settings": {"script_name": "produce.py"},
        "arguments": ["--output", {"output": "numbers"}, "--factor", {"parameter": "factor"}],
        "outputs": {"numbers": {}},
    }
    consume = {
        "name": "consume",
        "source_directory": "consume",
        "settings": {"script_name": "consume.py"},
        "arguments": [
            "--input",
            {"input": "numbers"},
            "--output",
            {"output": "total"},
            "--sleep",
            {"parameter": "sleep"},
        ],
        "inputs": {"numbers": {"kind": "pipeline_data", "step": "produce", "output": "numbers"}},
        "outputs": {"total": {}},
    }
    parameters = {"factor": {"type": "int", "default": 1}, "sleep": {"type": "float", "default": 0.0}}
    file = tmp_path / "pipeline.json"
    file.write_text(json.dumps({"name": "sums", "parameters": parameters, "steps": [produce, consume]}))
    return file


@pytest.fixture
def cli(workspace, tmp_path):
    """Runs a command line in a process; gives exit code, stdout, stderr."""
    environment = {"PIPEYARD_URL": workspace, "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"}

    def run(*words: str | Path):
        done = subprocess.run(
            [sys.executable, "-m", "pipeyard", *map(str, words)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment,
            cwd=tmp_path,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    return run


def document(result):
    code, out, err = result
    assert code == 0, err
    return json.loads(out)


def test_a_pipeline_from_validation_to_download(cli, pipeline, tmp_path):
    assert cli("validate", pipeline)[0] == 0
    planned = document(cli("plan", pipeline, "--experiment", "whole", "--json"))["steps"]
    assert planned[0]["action"] == "run"
    words = ("submit", pipeline, "--experiment", "whole", "--label", "ticket=ML-7", "--json", "--follow")
    first = document(cli(*words))
    assert [step["status"] for step in first["steps"]] == ["Finished", "Finished"]
    assert first["run"]["labels"] == {"ticket": "ML-7"}
    second = document(cli(*words))
    assert [step["reused"] for step in second["steps"]] == [True, True]
    assert cli("plan", pipeline, "--experiment", "whole", "--fail-if-would-run", "consume")[0] == 0

    run_id = first["run"]["run_id"]
    assert "größer als nichts" in cli("logs", run_id, "produce", "--follow")[1]
    code, _, told = cli("logs", run_id, "produce", "--attempt", "9")
    assert code == 1
    assert "has no try 9: it has had one try until now" in told
    assert document(cli("metrics", run_id, "--json"))["produce"][0]["value"] == 5
    assert "consume  total" in cli("outputs", run_id)[1]
    assert cli("download", run_id, "consume", "total", "--to", tmp_path / "got")[0] == 0
    assert (tmp_path / "got" / "total").read_text() == "10"
    assert cli("download", run_id, "produce", "numbers")[0] == 0
    assert (tmp_path / "numbers" / "numbers.txt").read_text().startswith("0\n1\n")


def test_a_changed_parameter_is_explained(cli, pipeline):
    words = (pipeline, "--experiment", "why")
    assert cli("submit", *words, "-p", "factor=5", "--wait")[0] == 0
    assert cli("plan", *words, "-p", "factor=6", "--fail-if-would-run", "produce")[0] == 1
    run = document(cli("submit", *words, "-p", "factor=6", "--wait", "--json"))["run"]
    code, out, _ = cli("explain", run["run_id"], "produce")
    assert code == 0
    assert "factor" in out


def test_a_failed_run_ends_with_1_and_can_be_resumed(cli, pipeline):
    code, out, err = cli("submit", pipeline, "--experiment", "failing", "-p", "factor=-1", "--follow")
    assert code == 1
    assert "produce: Failed" in out
    assert "ended as Failed" in err
    run = document(cli("runs", "--experiment", "failing", "--json"))["value"][0]
    assert "negative factors are not supported" in cli("logs", run["run_id"], "produce")[1]
    assert cli("status", run["run_id"], "--follow")[0] == 1
    code, _, _ = cli("resume", run["run_id"], "--wait")
    assert code == 1
    resumed = document(cli("runs", "--experiment", "failing", "--json"))["value"][0]
    assert resumed["resumed_from"] == run["run_id"]


def test_a_canceled_run_is_canceled_once_its_job_has_ended(cli, pipeline):
    run = document(cli("submit", pipeline, "--experiment", "stop", "-p", "sleep=60", "--json"))
    deadline = time.monotonic() + LIMIT_SECONDS
    while document(cli("status", run["run_id"], "--json"))["steps"][1]["status"] != "Running":
        assert time.monotonic() < deadline
    code, out, _ = cli("cancel", run["run_id"], "--wait")
    assert (code, out) == (0, f"{run['run_id']} is Canceled.\n")


def test_the_same_key_submits_once(cli, pipeline):
    words = ("submit", pipeline, "--experiment", "once", "--idempotency-key", "only-once", "--json")
    assert document(cli(*words))["run_id"] == document(cli(*words))["run_id"]


def test_faults_are_listed_with_pointers(cli, pipeline):
    definition = json.loads(pipeline.read_text())
    definition["steps"][1]["inputs"]["numbers"]["step"] = "prodcue"
    definition["steps"][0]["colour"] = "red"
    pipeline.write_text(json.dumps(definition))
    for command in ("validate", "submit", "plan"):
        code, out, err = cli(command, pipeline)
        assert (code, out) == (1, "")
        assert "  /steps/0/colour: " in err
        assert "Traceback" not in err


def test_unknown_things_are_said_in_one_sentence(cli):
    for words in (("status", "00000000-0000-0000-0000-000000000000"), ("status", "none"), ("logs", "none", "step")):
        code, out, err = cli(*words)
        assert (code, out) == (1, "")
        assert err.startswith("error: ")
        assert len(err.splitlines()) == 1
