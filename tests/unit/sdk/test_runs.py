"""Runs inside a job and offline, and what v1's scripts get wrong."""

import io
import json
from typing import Any

import pytest
from pipeyard.core import Experiment, Run, Workspace
from pipeyard.core._run_states import dataset_details
from pipeyard.core.authentication import InteractiveLoginAuthentication, TokenAuthentication
from pipeyard.core.compute import AksCompute, AmlCompute, ComputeTarget, ComputeTargetException
from pipeyard.core.environment import Environment
from pipeyard.core.model import Model
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core import Module, Pipeline, PipelineDraft, PipelineEndpoint, PipelineRun, PublishedPipeline

from .fake_workspace import URL, step_document

NAME: Any = "ws"
RUN_ID = "9d0ff7ab-6a2e-4f52-9d50-4d8f1a4f2d11"


class Plot:
    def savefig(self, target, **_):
        target.write_bytes(b"png")


@pytest.fixture
def workspace(client):
    return Workspace.from_config(client=client)


@pytest.fixture
def job(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AZUREML_RUN_ID", f"{RUN_ID}-00000")
    monkeypatch.setenv("AZUREML_ARM_PROJECT_NAME", "digits")
    monkeypatch.setenv("PIPEYARD_METRICS_FILE", str(tmp_path / "metrics.jsonl"))
    monkeypatch.setenv("PIPEYARD_URL", URL)
    return tmp_path


@pytest.fixture
def offline(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AZUREML_RUN_ID", raising=False)
    return Run.get_context()


def test_files_of_a_job_go_where_they_are_kept(job):
    run = Run.get_context()
    (job / "model.bin").write_text("m")
    (job / "plots" / "a").mkdir(parents=True)
    (job / "plots" / "a" / "b.png").write_text("p")
    run.upload_file("model.bin", "model.bin")
    run.upload_file("logs/notes.txt", io.BytesIO(b"notes"))
    run.upload_folder("plots", job / "plots")
    assert run.get_file_names() == ["logs/notes.txt", "outputs/model.bin", "outputs/plots/a/b.png"]
    for wrong in ("../evil", "", "a/../../b"):
        with pytest.raises(UserErrorException, match="cannot name"):
            run.upload_file(wrong, "model.bin")
    with pytest.raises(UserErrorException, match="no file"):
        run.upload_file("x", "none")


def test_pictures_and_special_tables_become_files_with_a_metric(job):
    run = Run.get_context()
    run.log_image("roc curve", plot=Plot())
    run.log_confusion_matrix("matrix", {"schema_type": "confusion_matrix", "data": {"labels": [0, 1]}})
    run.log_residuals("residuals", '{"data": {}}')
    lines = [json.loads(line) for line in (job / "metrics.jsonl").read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["image", "confusion_matrix", "residuals"]
    assert (job / lines[0]["value"]).read_bytes() == b"png"
    assert json.loads((job / lines[1]["value"]).read_text())["data"]["labels"] == [0, 1]
    with pytest.raises(UserErrorException, match="not both"):
        run.log_image("none")
    with pytest.raises(UserErrorException, match="no JSON"):
        run.log_predictions("bad", "{")


def test_tags_properties_and_parts_of_a_job(job):
    run = Run.get_context()
    run.tag("a", "1")
    run.remove_tags(["a"])
    run.add_properties({"p": "1"})
    with pytest.raises(UserErrorException, match="cannot be changed"):
        run.add_properties({"p": "2"})
    assert (run.tags, run.properties) == ({}, {"p": "1"})
    for number, part in enumerate(run.create_children(2, tag_key="part", tag_values=None)):
        part.log("x", number)
    names = [json.loads(line)["name"] for line in (job / "metrics.jsonl").read_text().splitlines()]
    assert names[-2:] == ["child_1/x", "child_2/x"]


def test_an_offline_run_has_everything(offline, capsys):
    offline.log("loss", 2)
    offline.log("loss", 1)
    offline.log_image("picture", path=__file__)
    offline.log_accuracy_table("table", {"data": {}})
    offline.set_tags({"a": "1"})
    offline.add_properties({"p": "1"})
    offline.upload_file("a", "b")
    offline.register_model("m", "outputs/m")
    child = offline.child_run("child")
    offline.start()
    offline.flush()
    assert offline.get_metrics("loss") == {"loss": [2, 1]}
    assert (offline.tags, offline.get_properties()) == ({"a": "1"}, {"p": "1"})
    assert (offline.status, offline.get_details()["status"], offline.parent) == ("Running", "Running", None)
    assert (child.parent, child.name, [*offline.get_children()]) == (offline, "child", [child])
    assert (offline.get_file_names(), offline.number, offline.type) == ([], 0, "OfflineRun")
    assert dict(offline.input_datasets) == {}
    offline.complete()
    assert offline.wait_for_completion()["status"] == "Completed"
    assert "Attempted to upload file a: b" in capsys.readouterr().out


def test_a_run_by_id_is_what_the_id_says(fake, workspace):
    fake.add_run(RUN_ID, [("Finished", [step_document(RUN_ID, 0, "train"), step_document(RUN_ID, 1, "b")])])
    experiment = Experiment(workspace, "digits")
    assert type(Run(experiment, RUN_ID)) is PipelineRun
    step = Run(experiment, f"{RUN_ID}-00001")
    assert (step.name, step.status, step.parent.id) == ("b", "Completed", RUN_ID)
    assert workspace.get_run(f"{RUN_ID}-00000").name == "train"
    details = step.get_details()
    assert {"runId", "target", "status", "startTimeUtc", "endTimeUtc", "logFiles", "warnings"} <= details.keys()


def test_waiting_prints_why_a_step_failed_that_has_no_log(fake, workspace, capsys):
    failed = step_document(RUN_ID, 0, "train", status="Failed", error="Nothing here can take it.")
    fake.add_run(RUN_ID, [("Running", [failed]), ("Failed", [failed])])
    run = PipelineRun.get(workspace, RUN_ID)
    assert run.wait_for_completion(show_output=True, raise_on_error=False) == "Failed"
    assert capsys.readouterr().out.count("StepRun( train ) Error: Nothing here can take it.\n") == 1


def test_details_name_the_datasets_that_flow():
    step = {
        "inputs": {
            "raw": {"kind": "dataset", "dataset_id": "d1", "mode": "mount"},
            "rows": {"kind": "dataset", "parameter": "p", "mode": "direct"},
            "x": {"kind": "literal", "value": 1},
        },
        "outputs": {"clean": {"register_dataset": {"name": "numbers"}}, "plain": {}},
    }
    found = dataset_details(step, {"p": {"dataset_id": "d2"}})
    assert [item["dataset"]["id"] for item in found["inputDatasets"]] == ["d1", "d2"]
    assert found["inputDatasets"][1]["consumptionDetails"]["mechanism"] == "Direct"
    assert [item["outputDetails"]["outputName"] for item in found["outputDatasets"]] == ["clean"]


@pytest.mark.parametrize(
    "call",
    [
        lambda: PublishedPipeline.get(NAME, "id"),
        lambda: PublishedPipeline.list(NAME),
        lambda: PipelineEndpoint.get(NAME, name="x"),
        lambda: PipelineDraft.list(NAME),
        lambda: PipelineRun.get(NAME, "id"),
        lambda: Module.get(NAME, name="x"),
        lambda: Model.list(NAME),
        lambda: Environment.get(NAME, "x"),
        lambda: ComputeTarget(NAME, "x"),
        lambda: Experiment(NAME, "x"),
        lambda: Run.get(NAME, "x"),
        lambda: Pipeline.load_yaml(NAME, "x"),
    ],
)
def test_a_workspaces_name_is_refused_everywhere(call):
    with pytest.raises(UserErrorException, match="Workspace object"):
        call()


@pytest.mark.parametrize(
    "call",
    [
        Workspace.get_default_keyvault,
        lambda workspace: Workspace.create("x"),
        lambda workspace: Experiment(workspace, "x").archive(),
        lambda workspace: Experiment(workspace, "x").tag("a"),
        lambda workspace: Environment("x").build(workspace),
        lambda workspace: AksCompute.attach_configuration("x"),
        Model.deploy,
    ],
)
def test_what_is_not_offered_says_what_to_do_instead(workspace, call):
    with pytest.raises(UserErrorException, match="does not offer") as caught:
        call(workspace)
    assert caught.value.code == "not_offered"


def test_configurations_of_clusters_are_checked_at_once():
    with pytest.raises(ComputeTargetException, match=r"vm_priority.*min_nodes"):
        AmlCompute.provisioning_configuration(vm_priority="cheap", min_nodes=-1, max_nodes=1)
    with pytest.raises(ComputeTargetException, match="max_nodes is required"):
        AmlCompute.provisioning_configuration()


def test_without_sign_in_the_header_is_empty(monkeypatch):
    for name in ("PIPEYARD_TOKEN", "AZUREML_RUN_TOKEN", "PIPEYARD_AUDIENCE"):
        monkeypatch.delenv(name, raising=False)
    assert InteractiveLoginAuthentication().get_authentication_header() == {}
    monkeypatch.setenv("PIPEYARD_TOKEN", "abc")
    assert InteractiveLoginAuthentication().get_authentication_header() == {"Authorization": "Bearer abc"}
    own = TokenAuthentication(lambda audience: f"for {audience}", audience="api://x")
    assert own.get_authentication_header() == {"Authorization": "Bearer for api://x"}


def test_a_workspace_shows_the_names_of_v1s_file(tmp_path, monkeypatch):
    monkeypatch.setenv("PIPEYARD_URL", URL)
    names = {"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}
    (tmp_path / "config.json").write_text(json.dumps(names))
    workspace = Workspace.from_config(tmp_path)
    assert (workspace.name, workspace.resource_group, workspace.subscription_id) == ("w", "g", "s")
    assert workspace.url == URL
    workspace.write_config(tmp_path / "copy")
    assert json.loads((tmp_path / "copy" / ".azureml" / "config.json").read_text()) == {"url": URL, **names}
    assert Workspace("s2", "g2", "w2").get_details()["name"] == "w2"
