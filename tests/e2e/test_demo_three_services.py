"""The demo of three services as a new user runs it: the vendors' clients against emulators that really execute."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FIRST, UNCHANGED, CANCELED = range(3)
STEPS = {"prepare", "transfer", "features", "train"}


@pytest.fixture(scope="module")
def shown():
    return subprocess.run(
        [sys.executable, "-m", "local.demo", "three_services", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="module")
def runs(shown):
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.count("\n") == 1, "the object is the only thing on standard output"
    return [{**run, "steps": {step["name"]: step for step in run["steps"]}} for run in json.loads(shown.stdout)["runs"]]


def test_every_service_does_its_step(runs):
    assert [run["status"] for run in runs] == ["Finished", "Finished", "Canceled"]
    assert {name: (step["status"], step["reused"]) for name, step in runs[FIRST]["steps"].items()} == dict.fromkeys(
        STEPS, ("Finished", False)
    )


def test_the_unchanged_run_reuses_everything(runs):
    steps = runs[UNCHANGED]["steps"]
    assert steps.keys() == STEPS
    assert all(step["reused"] and "nothing changed" in step["reason"] for step in steps.values())


def test_the_canceled_run_stops_at_the_training_and_nothing_runs_on(runs, shown):
    steps = runs[CANCELED]["steps"]
    assert {name for name, step in steps.items() if step["reused"]} == STEPS - {"train"}
    assert steps["train"]["status"] == "Canceled"
    assert "No process of any job is left on this machine." in shown.stderr


def test_the_training_says_how_good_it_is(runs, shown):
    (accuracy,) = [line.split() for line in shown.stderr.splitlines() if line.startswith("accuracy ")]
    assert 0.85 < float(accuracy[1]) <= 1
    assert "train says: epoch" in shown.stderr
    model = ROOT / ".pipeyard" / "demo" / "three_services" / "model" / "model.joblib"
    assert model.stat().st_size > 500
