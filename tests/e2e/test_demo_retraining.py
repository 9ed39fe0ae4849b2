"""The retraining demo as a new user runs it: three batches arrive, and only better models are promoted."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def done() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local.demo", "retraining", "--json"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


def test_a_schedule_started_three_runs_that_finish(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1, "the object is the only thing on standard output"
    runs = json.loads(done.stdout)["runs"]
    assert [run["status"] for run in runs] == ["Finished"] * 3
    assert len({run["run_id"] for run in runs}) == 3
    for run in runs:
        assert [step["name"] for step in run["steps"]] == ["prepare", "train", "promote"]
        assert not any(step["reused"] for step in run["steps"])


def test_only_better_models_were_promoted(done: subprocess.CompletedProcess[str]) -> None:
    """The demo compares what `promote` logged with its description, and fails otherwise."""
    assert [line for line in done.stderr.splitlines() if line.startswith("promoted: ")] == [
        "promoted: 1",
        "promoted: 0",
        "promoted: 1",
    ]
    kept = json.loads((ROOT / ".pipeyard/demo/retraining/decision").read_text(encoding="utf-8"))
    assert kept["promoted"] is True
    assert kept["candidate"] > kept["best_before"]
