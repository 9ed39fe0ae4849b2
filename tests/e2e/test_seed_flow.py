"""The flow of Microsoft's page on pipelines, as a v1 user would write it, from the first import to the endpoint."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from pipeyard.core import Dataset, Datastore, Experiment, Workspace
from pipeyard.core.authentication import InteractiveLoginAuthentication
from pipeyard.core.compute import AmlCompute, ComputeTarget
from pipeyard.data.data_reference import DataReference
from pipeyard.exceptions import ComputeTargetException, UserErrorException
from pipeyard.pipeline.core import (
    Pipeline,
    PipelineData,
    PipelineEndpoint,
    PipelineParameter,
    PipelineRun,
    PublishedPipeline,
)
from pipeyard.pipeline.steps import PythonScriptStep

from tests.e2e.workspace import Server

SCRIPTS = Path(__file__).parent / "seed_flow"


@pytest.fixture
def workspace(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Found through a configuration file, as v1's was."""
    (tmp_path / "config.json").write_text(f'{{"url": "{server.facts["url"]}"}}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PIPEYARD_URL", raising=False)
    return Workspace.from_config()


def find_or_create(workspace: Workspace, name: str) -> Any:
    try:
        return ComputeTarget(workspace=workspace, name=name)
    except ComputeTargetException:
        configuration = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4)
        return ComputeTarget.create(workspace, name, configuration)


def build(workspace: Workspace, salt: str) -> Pipeline:
    """Data, compute, steps: what the page does before it submits."""
    blob_store = Datastore(workspace, "workspaceblobstore")
    assert workspace.get_default_datastore().name == blob_store.name
    file_store = Datastore(workspace, "workspacefilestore")
    from sklearn.datasets import load_iris  # noqa: PLC0415 - slow to import, and all workers read this file

    iris = load_iris(as_frame=True).frame.rename(columns={"target": "species"})
    iris.to_csv("iris.csv", index=False)
    Path("note.txt").write_text(salt)
    blob_store.upload_files(["iris.csv"], target_path=f"seed/{salt}/table", overwrite=True)
    file_store.upload_files(["note.txt"], target_path=f"seed/{salt}/notes", overwrite=True)

    cluster = find_or_create(workspace, "seed-cluster")
    cluster.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)
    assert cluster.status.serialize()["provisioningState"] == "Succeeded"

    raw = DataReference(datastore=file_store, data_reference_name="raw", path_on_datastore=f"seed/{salt}/notes")
    extracted = PipelineData("extracted", datastore=blob_store)
    model = PipelineData("model", datastore=blob_store, pipeline_output_name="model")
    iris_data = Dataset.Tabular.from_delimited_files([(blob_store, f"seed/{salt}/table/iris.csv")])
    parameter = PipelineParameter(name="pipeline_arg", default_value="ten")
    extract = PythonScriptStep(
        name="extract",
        script_name="extract.py",
        arguments=["--input", raw, "--output", extracted, "--param", parameter],
        inputs=[raw],
        outputs=[extracted],
        compute_target=cluster,
        source_directory=str(SCRIPTS),
        allow_reuse=True,
        hash_paths=["extract.py"],
    )
    train = PythonScriptStep(
        name="train",
        script_name="train.py",
        arguments=["--extracted", extracted, "--model", model],
        inputs=[extracted, iris_data.as_named_input("iris_data")],
        outputs=[model],
        compute_target=cluster,
        source_directory=str(SCRIPTS),
    )
    return Pipeline(workspace=workspace, steps=[[extract], [train]])


@pytest.mark.filterwarnings("ignore:.*hash_paths.*")
def test_the_seed_flow(workspace: Workspace, capsys: pytest.CaptureFixture[str]):
    salt = uuid4().hex[:8]
    pipeline = build(workspace, salt)
    assert pipeline.validate() == []
    experiment = Experiment(workspace, f"seed_{salt}")

    run = experiment.submit(pipeline, regenerate_outputs=False, continue_on_step_failure=False)
    assert run.wait_for_completion(show_output=True) == "Finished"
    assert "extracted with ten from 1 files" in capsys.readouterr().out
    assert [each.id for each in experiment.get_runs()] == [run.id]
    look_at_results(run)

    reused = experiment.submit(pipeline)
    reused.wait_for_completion(show_output=False)
    assert {step.name for step in reused.get_steps() if step.properties.get("azureml.reusedrunid")} == {
        "extract",
        "train",
    }
    forced = experiment.submit(pipeline, regenerate_outputs=True)
    forced.wait_for_completion(show_output=False)
    assert not [step for step in forced.get_steps() if step.properties.get("azureml.reusedrunid")]

    publish_and_call(workspace, run, salt)


def look_at_results(run: PipelineRun) -> None:
    """Steps, logs, metrics, tags, files, outputs."""
    assert {step.name for step in run.get_steps()} == {"extract", "train"}
    [extract], [train] = run.find_step_run("extract"), run.find_step_run("train")
    assert extract.get_status() == "Finished"
    assert "extracted with ten" in extract.get_stdout_log()
    assert extract.get_metrics() == {"param_length": 3}
    metrics = train.get_metrics()
    assert metrics["accuracy"] > 0.9
    assert metrics["classes"] == [0, 1, 2]
    assert metrics["sizes"] == {"rows": 150, "files": 1}
    assert train.get_tags()["algorithm"] == "logistic"
    assert "summary/summary.json" in train.get_file_names()
    train.download_file("summary/summary.json", "downloaded.json")
    assert "accuracy" in Path("downloaded.json").read_text()
    assert list(extract.get_outputs()) == ["extracted"]
    data = run.get_pipeline_output("model")
    assert data.download(local_path="here") == 1
    assert Path("here", data.path_on_datastore, "coefficients.json").exists()


def publish_and_call(workspace: Workspace, run: PipelineRun, salt: str) -> None:
    """From a run to an address, and over REST."""
    published = run.publish_pipeline(name=f"seed_{salt}", description="The seed flow", version="1.0")
    assert published.id in {each.id for each in PublishedPipeline.list(workspace)}
    submitted = published.submit(workspace, f"seed_{salt}_published", pipeline_parameters={"pipeline_arg": "eleven"})
    header = InteractiveLoginAuthentication().get_authentication_header()
    body: dict[str, Any] = {
        "ExperimentName": f"seed_{salt}_rest",
        "RunSource": "API",
        "ParameterAssignments": {"pipeline_arg": 45},
    }
    runs = {"eleven": submitted, "45": post(workspace, published.endpoint, header, body)}

    endpoint = PipelineEndpoint.publish(workspace, name=f"seed_{salt}", description="Versions", pipeline=published)
    second = run.publish_pipeline(name=f"seed_{salt}_2", description="Again", version="2.0")
    endpoint.add_default(second)
    assert [version.version for version in endpoint.list_versions()] == ["0", "1"]
    assert endpoint.get_default_version() == "1"
    runs["ten"] = endpoint.submit(f"seed_{salt}_endpoint", pipeline_version="0")
    body["ParameterAssignments"] = {"pipeline_arg": "twelve"}
    runs["twelve"] = post(workspace, f"{endpoint.endpoint}/0", header, body)
    for word, each in runs.items():
        assert each.wait_for_completion(show_output=False) == "Finished"
        assert f"extracted with {word} " in each.find_step_run("extract")[0].get_stdout_log()

    published.disable()
    assert published.id not in {each.id for each in PublishedPipeline.list(workspace, active_only=True)}
    refused = requests.post(published.endpoint, headers=header, json=body, timeout=30)
    assert refused.status_code >= 400
    assert "isabled" in refused.json()["Error"]["Message"]
    published.enable()
    post(workspace, published.endpoint, header, body).wait_for_completion(show_output=False)


def post(workspace: Workspace, url: str, header: dict[str, str], body: dict[str, Any]) -> PipelineRun:
    response = requests.post(url, headers=header, json=body, timeout=30)
    response.raise_for_status()
    return PipelineRun(workspace.experiments[body["ExperimentName"]], response.json().get("Id"))


def test_the_slips_of_the_old_page_are_answered(workspace: Workspace):
    text: Any = "ws"
    with pytest.raises(UserErrorException, match=r"PublishedPipeline\.list"):
        PublishedPipeline.get(workspace, name="seed")
    for wrong in (lambda: Pipeline(workspace=text, steps=[]), lambda: Experiment(text, "seed")):
        with pytest.raises(UserErrorException, match="Workspace"):
            wrong()
