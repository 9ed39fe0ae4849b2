"""Workspaces, experiments, datastores, pipeline runs."""

import pytest
from pipeyard.core import Datastore, Experiment, Workspace
from pipeyard.exceptions import ActivityFailedException, ServiceException, UserErrorException
from pipeyard.pipeline.core import PipelineRun

from .fake_workspace import URL, step_document


@pytest.fixture
def workspace(client):
    return Workspace.from_config(client=client)


def test_a_workspace_knows_its_experiments_and_datastores(workspace):
    assert workspace.url == URL
    assert list(workspace.experiments) == ["digits"]
    assert list(workspace.datastores) == ["workspaceblobstore"]
    assert workspace.get_default_datastore().name == Datastore(workspace).name == "workspaceblobstore"
    with pytest.raises(UserErrorException, match="workspaceblobstore"):
        Datastore.get(workspace, "none")


@pytest.mark.parametrize("name", ["", "-a", "a b", "a.b", "ä", "a" * 256])
def test_names_of_experiments_follow_v1s_rule(workspace, name):
    with pytest.raises(UserErrorException, match="no name for an experiment"):
        Experiment(workspace, name)


def test_uploads_skip_what_exists_unless_told_otherwise(fake, workspace, tmp_path):
    for name in ("a.csv", "sub/b.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("one")
    store = workspace.get_default_datastore()
    reference = store.upload(tmp_path, "data", show_progress=False)
    assert reference.path_on_datastore == "data"
    assert fake.files == {"data/a.csv": b"one", "data/sub/b.csv": b"one"}
    (tmp_path / "a.csv").write_text("two")
    store.upload_files([tmp_path / "a.csv"], target_path="data", show_progress=False)
    assert fake.files["data/a.csv"] == b"one"
    store.upload_files([tmp_path / "a.csv"], target_path="data", overwrite=True, show_progress=False)
    assert fake.files["data/a.csv"] == b"two"


def test_upload_names_every_wrong_file(workspace, tmp_path):
    store = workspace.get_default_datastore()
    with pytest.raises(UserErrorException, match=r"x\.csv, .*y\.csv"):
        store.upload_files([tmp_path / "x.csv", tmp_path / "y.csv"])
    (tmp_path / "x.csv").touch()
    with pytest.raises(UserErrorException, match="outside"):
        store.upload_files([tmp_path / "x.csv"], relative_root=tmp_path / "sub")
    with pytest.raises(UserErrorException, match="no directory"):
        store.upload(tmp_path / "x.csv")


def test_download_keeps_paths_and_skips_what_exists(fake, workspace, tmp_path, capsys):
    fake.files = {"data/a.csv": b"one", "other": b"two"}
    store = workspace.get_default_datastore()
    assert store.download(tmp_path, prefix="data/") == 1
    assert (tmp_path / "data" / "a.csv").read_bytes() == b"one"
    assert store.download(tmp_path, prefix="data/") == 0
    assert "Downloaded 1 of 1 files" in capsys.readouterr().out


def test_a_workspace_cannot_write_outside_the_target(fake, workspace, tmp_path):
    fake.files = {"../evil": b"x"}
    with pytest.raises(ServiceException, match="evil"):
        workspace.get_default_datastore().download(tmp_path)


def test_waiting_prints_changes_and_returns_the_last_status(fake, workspace, capsys):
    running = [step_document("r", 0, "train", status="Running")]
    fake.add_run("r", [("Running", running), ("Running", running), ("Finished", [step_document("r", 0, "train")])])
    run = PipelineRun.get(workspace, "r")
    assert run.wait_for_completion() == "Finished"
    assert capsys.readouterr().out.splitlines() == [
        "StepRun( train ) Status: Running",
        "PipelineRun r Status: Running",
        "StepRun( train ) Status: Finished",
        "PipelineRun r Status: Finished",
    ]


def test_a_failed_run_raises_with_the_steps_reason_and_shows_its_log(fake, workspace, capsys):
    fake.logs["train"] = [("Traceback ...\n", True)]
    failed = step_document("r", 0, "train", status="Failed", error="The script ended with exit code 1.")
    fake.add_run("r", [("Failed", [failed])])
    run = PipelineRun(Experiment(workspace, "digits"), "r")
    with pytest.raises(ActivityFailedException, match=r"train: The script ended with exit code 1\."):
        run.wait_for_completion()
    assert "Traceback" in capsys.readouterr().out
    assert run.wait_for_completion(show_output=False, raise_on_error=False) == "Failed"


def test_waiting_can_be_given_up(fake, workspace, capsys):
    fake.add_run("r", [("Running", [])])
    run = PipelineRun(Experiment(workspace, "digits"), "r")
    assert run.wait_for_completion(show_output=False, timeout_seconds=0) == "Running"
    assert "the run goes on" in capsys.readouterr().out


def test_a_step_run_reads_log_metrics_and_outputs(fake, workspace, tmp_path):
    fake.add_run("r", [("Finished", [step_document("r", 0, "train"), step_document("r", 1, "report")])])
    fake.logs["train"] = [("one\n", False), ("two\n", True)]
    fake.metrics["train"] = [{"name": "accuracy", "kind": "scalar", "value": 0.9}]
    fake.outputs["train"] = {"model": {"": b"bytes"}, "plots": {"a/b.png": b"png", "c.png": b"c"}}
    run = workspace.get_run("r")
    assert [step.name for step in run.get_steps()] == ["train", "report"]
    (step,) = run.find_step_run("train")
    assert (step.id, step.get_status(), step.get_job_log()) == ("r-00000", "Finished", "one\ntwo\n")
    assert step.get_metrics() == {"accuracy": 0.9}
    outputs = step.get_outputs()
    assert outputs["model"].download(tmp_path).read_bytes() == b"bytes"
    folder = outputs["plots"].download(tmp_path)
    assert (folder / "a" / "b.png").read_bytes() == b"png"
    assert run.explain("train")[0]["sentence"] == "It never ran before."
    assert str(run.explain("train")) == "train (Finished): It never ran before."
    with pytest.raises(UserErrorException, match=r"Run\.get_context"):
        step.log("x", 1)


def test_an_altered_download_leaves_nothing_behind(fake, workspace, tmp_path):
    fake.add_run("r", [("Finished", [step_document("r", 0, "train")])])
    fake.outputs["train"] = {"model": {"": b"bytes"}}
    output = next(workspace.get_run("r").get_steps()).get_outputs()["model"]
    fake.outputs["train"]["model"][""] = b"altered"
    with pytest.raises(ServiceException, match="digest"):
        output.download(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_experiment_lists_its_runs_newest_first(fake, workspace):
    for number in range(60):
        fake.add_run(f"r{number}")
    runs = list(workspace.experiments["digits"].get_runs())
    assert [runs[0].id, runs[-1].id, len(runs)] == ["r59", "r0", 60]
