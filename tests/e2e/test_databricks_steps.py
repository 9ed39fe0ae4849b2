"""Databricks steps through the SDK, on the workspace's emulator: orchestrated, logged, reused when nothing changed."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pipeyard.core import Datastore, Experiment, Workspace
from pipeyard.core.compute import ComputeTarget, DatabricksCompute
from pipeyard.data.data_reference import DataReference
from pipeyard.pipeline.core import Pipeline, PipelineData, PipelineParameter, PipelineRun
from pipeyard.pipeline.steps import DatabricksStep, PythonScriptStep

from tests.e2e.workspace import Server

NOTEBOOK = """# Databricks notebook source
import os
source, clean = dbutils.widgets.get("raw"), dbutils.widgets.get("clean")
os.makedirs(clean, exist_ok=True)
text = open(source + "/a.txt").read()
open(clean + "/a.txt", "w").write({expression})
dbutils.notebook.exit(dbutils.widgets.get("word"))
"""
TRAIN = """
import argparse, os
from pipeyard.core import Run
parser = argparse.ArgumentParser()
parser.add_argument("-clean", dest="clean")
parser.add_argument("-model", dest="model")
known, _ = parser.parse_known_args()
os.makedirs(known.model, exist_ok=True)
open(known.model + "/model.txt", "w").write(open(known.clean + "/a.txt").read() + "!")
run = Run.get_context()
run.log("length", 3)
run.tag("kind", "tiny")
print("trained", flush=True)
"""
SCORE = "import sys\nprint(open(sys.argv[1] + '/model.txt').read())\n"

Import = Callable[[str, str], None]


@pytest.fixture
def workspace(server: Server) -> Iterator[Workspace]:
    workspace = Workspace(url=server.facts["url"])
    yield workspace
    workspace.client.close()


@pytest.fixture
def bricks(workspace: Workspace) -> str:
    configuration = DatabricksCompute.attach_configuration(emulated=True)
    name = f"bricks-{uuid.uuid4().hex[:8]}"
    return str(ComputeTarget.attach(workspace, name, configuration).name)


@pytest.fixture
def write(server: Server) -> Iterator[Import]:
    """Writes a notebook as a person would."""
    headers = {"Authorization": "Bearer me"}
    with httpx.Client(base_url=server.facts["emulators"]["databricks"], headers=headers, timeout=60) as client:

        def put(path: str, text: str) -> None:
            folder = path.rpartition("/")[0]
            client.post("/api/2.0/workspace/mkdirs", json={"path": folder}).raise_for_status()
            form = {"path": f"{path}.py", "format": "AUTO", "overwrite": "true"}
            client.post("/api/2.0/workspace/import", data=form, files={"content": text.encode()}).raise_for_status()

        yield put


def pipeline(workspace: Workspace, bricks: str, notebook: str, folder: Path, salt: str) -> Pipeline:
    store = Datastore.get(workspace, "workspaceblobstore")
    raw = DataReference(store, data_reference_name="raw", path_on_datastore=f"bricks/{salt}")
    clean, model = PipelineData("clean", datastore=store), PipelineData("model", datastore=store)
    cluster: dict[str, Any] = {
        "spark_version": "16.4.x-scala2.12",
        "node_type": "Standard_DS3_v2",
        "compute_target": bricks,
    }
    prepare = DatabricksStep(
        "prepare",
        inputs=[raw],
        outputs=[clean],
        num_workers=1,
        notebook_path=notebook,
        notebook_params={"word": PipelineParameter("word", "done")},
        **cluster,
    )
    train = DatabricksStep(
        "train",
        inputs=[clean],
        outputs=[model],
        min_workers=1,
        max_workers=2,
        python_script_name="train.py",
        source_directory=str(folder),
        **cluster,
    )
    score = PythonScriptStep("score.py", "score", [model], "local", inputs=[model], source_directory=str(folder))
    return Pipeline(workspace, [prepare, train, score])


def ran(run: PipelineRun) -> dict[str, str]:
    """Why each step ran or was reused."""
    explained = {step.name: step.document["explanation"] for step in run.get_steps()}
    return {name: str(why and why["sentence"]) for name, why in explained.items()}


def submit(workspace: Workspace, experiment: str, made: Pipeline) -> PipelineRun:
    run: PipelineRun = Experiment(workspace, experiment).submit(made)
    run.wait_for_completion(show_output=False, raise_on_error=False)
    errors = {step.name: step.get_details().get("error") for step in run.get_steps()}
    assert run.get_status() == "Finished", errors
    return run


def test_a_pipeline_over_databricks_and_this_machine(
    workspace: Workspace, bricks: str, write: Import, tmp_path: Path
) -> None:
    salt = uuid.uuid4().hex[:8]
    notebook = f"/Shared/prepare-{salt}"
    write(notebook, NOTEBOOK.format(expression="text.upper()"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.txt").write_text("ab")
    code = tmp_path / "code"
    code.mkdir()
    (code / "train.py").write_text(TRAIN)
    (code / "score.py").write_text(SCORE + f"# {salt}\n")
    workspace.get_default_datastore().upload(str(tmp_path / "data"), f"bricks/{salt}", show_progress=False)
    made = pipeline(workspace, bricks, notebook, code, salt)
    experiment = f"bricks-{salt}"

    first = submit(workspace, experiment, made)
    prepare, train, score = (first.find_step_run(name)[0] for name in ("prepare", "train", "score"))
    assert score.get_stdout_log().strip() == "AB!"
    assert train.get_stdout_log() == "trained\n"
    assert train.get_metrics() == {"length": 3}
    assert train.get_tags()["kind"] == "tiny"
    assert "Databricks: the notebook's result:\ndone" in prepare.get_stdout_log()
    assert "/?o=" in prepare.get_stdout_log()

    reused = ran(submit(workspace, experiment, made))
    assert all(sentence.startswith("Reused") for sentence in reused.values()), reused

    write(notebook, NOTEBOOK.format(expression="text.lower()"))
    changed = submit(workspace, experiment, made)
    assert f"content of notebook {notebook} changed" in ran(changed)["prepare"]
    assert changed.find_step_run("score")[0].get_stdout_log().strip() == "ab!"


def test_a_notebook_that_cannot_be_looked_at_is_not_reused_and_says_why(
    workspace: Workspace, bricks: str, tmp_path: Path
) -> None:
    notebook = f"/Shared/absent-{uuid.uuid4().hex[:8]}"
    step = DatabricksStep(
        "s",
        num_workers=1,
        notebook_path=notebook,
        node_type="n",
        spark_version="16.4.x-scala2.12",
        compute_target=bricks,
    )
    run: PipelineRun = Experiment(workspace, "bricks-absent").submit(Pipeline(workspace, [step]))
    run.wait_for_completion(show_output=False, raise_on_error=False)
    sentence = ran(run)["s"]
    assert f"cannot be told whether it changed: notebook {notebook} (Databricks has no {notebook})" in sentence
    assert "Unable to access the notebook" in str(run.find_step_run("s")[0].get_details()["error"])
