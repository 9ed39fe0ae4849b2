"""The demo as a new user runs it: from nothing, three runs, one JSON object on the last line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FIRST, UNCHANGED, CHANGED = range(3)


@pytest.fixture(scope="module")
def runs():
    done = subprocess.run(
        [sys.executable, "-m", "local.demo", "digits", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1, "the object is the only thing on standard output"
    return [{**run, "steps": {step["name"]: step for step in run["steps"]}} for run in json.loads(done.stdout)["runs"]]


def test_three_runs_finish(runs):
    assert [run["status"] for run in runs] == ["Finished"] * 3
    assert len({run["run_id"] for run in runs}) == 3
    assert all(run["seconds"] > 0 for run in runs)


def test_the_first_run_does_all_the_work(runs):
    assert not any(step["reused"] for step in runs[FIRST]["steps"].values())
    assert {step["status"] for step in runs[FIRST]["steps"].values()} == {"Finished"}


def test_the_unchanged_run_reuses_everything_and_says_so(runs):
    assert all(step["reused"] for step in runs[UNCHANGED]["steps"].values())
    assert all("nothing changed" in step["reason"] for step in runs[UNCHANGED]["steps"].values())


def test_the_changed_run_repeats_only_the_changed_branch(runs):
    steps = runs[CHANGED]["steps"]
    assert {name for name, step in steps.items() if not step["reused"]} == {"train_forest", "compare", "report"}
    assert "`train.py` changed" in steps["train_forest"]["reason"]
    for name in ("compare", "report"):
        assert "content of input" in steps[name]["reason"]
        assert ".py" not in steps[name]["reason"], "their own files did not change"
