"""`Run.get_context()`: inside a step, and while a script is tried out by hand."""

import json
import subprocess
import sys
import threading

import numpy as np
import pytest
from pipeyard._wire import MetricDocument
from pipeyard.core import Run
from pipeyard.core._metrics import collect
from pipeyard.exceptions import RunEnvironmentException, UserErrorException


@pytest.fixture
def lines(tmp_path, monkeypatch):
    file = tmp_path / "metrics.jsonl"
    monkeypatch.setenv("AZUREML_RUN_ID", "r-00003")
    monkeypatch.setenv("AZUREML_ARM_PROJECT_NAME", "digits")
    monkeypatch.setenv("AZUREML_ARM_WORKSPACE_NAME", "pipeyard")
    monkeypatch.setenv("PIPEYARD_METRICS_FILE", str(file))
    return lambda: [json.loads(line) for line in file.read_text().splitlines()]


def test_values_become_lines(lines):
    run = Run.get_context()
    run.log("accuracy", np.float64(0.5), step=2)
    run.log("count", np.int64(3))
    run.log_list("losses", np.array([1.0, 0.5]))
    run.log_row("scores", model="knn", f1=0.9)
    run.log_table("table", {"x": [1, 2], "y": [3, 4]})
    run.set_tags({"best": "knn"})
    run.flush()
    run.complete()
    assert [(line["kind"], line["name"], line["value"], line["step"]) for line in lines()] == [
        ("scalar", "accuracy", 0.5, 2),
        ("scalar", "count", 3, None),
        ("list", "losses", [1.0, 0.5], None),
        ("row", "scores", {"model": "knn", "f1": 0.9}, None),
        ("table", "table", {"x": [1, 2], "y": [3, 4]}, None),
        ("tag", "best", "knn", None),
    ]
    assert all(line["time"].endswith("+00:00") for line in lines())
    assert isinstance(run, Run)
    assert (run.id, run.experiment.name) == ("r-00003", "digits")


def test_what_json_does_not_know_travels_as_text(lines):
    run = Run.get_context()
    for value in (float("nan"), np.float32("inf"), -float("inf")):
        run.log("loss", value)
    assert [line["value"] for line in lines()] == ["NaN", "Infinity", "-Infinity"]


def test_threads_do_not_mix_their_lines(lines):
    run = Run.get_context()
    threads = [threading.Thread(target=lambda: [run.log("x", "y" * 5000) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lines()) == 80


@pytest.mark.parametrize("value", [[1], (1,), range(3), {"a": 1}, np.array([1])])
def test_collections_are_no_single_value(lines, value):
    with pytest.raises(UserErrorException, match="log_list"):
        Run.get_context().log("x", value)


def test_a_zero_dimensional_array_is_one_value(lines):
    Run.get_context().log("x", np.array(2.5))
    assert lines()[0]["value"] == 2.5


def test_offline_prints_as_v1_did(capsys, monkeypatch):
    monkeypatch.delenv("AZUREML_RUN_ID", raising=False)
    run = Run.get_context()
    run.log("accuracy", 0.5)
    run.log_list("losses", [1, 2])
    run.tag("a", "b")
    assert capsys.readouterr().out == (
        "Attempted to log scalar metric accuracy:\n0.5\n"
        "Attempted to log list metric losses:\n[1, 2]\n"
        "Attempted to tag the run with a: b\n"
    )
    assert run.id.startswith("OfflineRun_")
    assert run.experiment.name == "offline"


def test_offline_can_be_forbidden(monkeypatch):
    monkeypatch.delenv("AZUREML_RUN_ID", raising=False)
    with pytest.raises(RunEnvironmentException, match="AZUREML_RUN_ID"):
        Run.get_context(allow_offline=False)


def test_metrics_are_put_together_as_v1_gave_them():
    logged: list[MetricDocument] = [
        {"name": "accuracy", "kind": "scalar", "value": 0.5},
        {"name": "loss", "kind": "scalar", "value": 2},
        {"name": "loss", "kind": "scalar", "value": 1},
        {"name": "loss", "kind": "scalar", "value": 0},
        {"name": "list", "kind": "list", "value": [1, 2]},
        {"name": "rows", "kind": "row", "value": {"x": 1, "y": 2}},
        {"name": "rows", "kind": "row", "value": {"x": 3, "y": 4}},
        {"name": "table", "kind": "table", "value": {"x": [1, 2]}},
        {"name": "best", "kind": "tag", "value": "knn"},
    ]
    assert collect(logged) == {
        "accuracy": 0.5,
        "loss": [2, 1, 0],
        "list": [1, 2],
        "rows": {"x": [1, 3], "y": [2, 4]},
        "table": {"x": [1, 2]},
    }


def test_importing_core_loads_neither_http_nor_pydantic():
    code = "import sys, pipeyard.core; print({'httpx', 'pydantic', 'pathspec', 'typer', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"
