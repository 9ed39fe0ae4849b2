"""Steps of other kinds than scripts: v1's checks, and documents that the workspace's rules accept."""

import pytest
from pipeyard.core import Workspace, databricks, runconfig
from pipeyard.core.environment import Environment
from pipeyard.core.runconfig import JarLibrary, RunConfiguration
from pipeyard.data.data_reference import DataReference
from pipeyard.data.sql_data_reference import SqlDataReference
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core import Pipeline, PipelineData, PipelineParameter, TrainingOutput
from pipeyard.pipeline.steps import (
    AdlaStep,
    AutoMLStep,
    AzureBatchStep,
    DatabricksStep,
    DataTransferStep,
    EstimatorStep,
    KustoStep,
    MpiStep,
    PythonScriptStep,
    RScriptStep,
    SynapseSparkStep,
)
from pipeyard.train.automl import AutoMLConfig
from pipeyard.train.estimator import Estimator

from shared.core.errors import InvalidDocument
from shared.core.validation import parse_definition
from shared.steps import STEP_TYPES


@pytest.fixture
def workspace(client):
    return Workspace.from_config(client=client)


@pytest.fixture
def source(tmp_path, monkeypatch):
    for name in ("a.py", "a.R", "a.usql", "q.kql"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def document_of(workspace, step):
    document = Pipeline(workspace, [step]).definition()
    parse_definition(document, STEP_TYPES)
    return document["steps"][0]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"node_type": "a", "instance_pool_id": "b"}, "not both"),
        ({"num_workers": 1, "min_workers": 1}, "not both forms"),
        ({"min_workers": 1}, "both min_workers and max_workers"),
        ({"num_workers": 1, "permit_cluster_restart": True}, "existing_cluster_id"),
        ({"existing_cluster_id": "c", "num_workers": 1}, "takes no num_workers"),
        ({"num_workers": 1}, "exactly one of notebook_path"),
        ({"num_workers": 1, "notebook_path": "/n", "main_class_name": "M"}, "exactly one of"),
        ({"num_workers": 1, "python_script_name": "a.py"}, "source_directory"),
        ({"num_workers": 1, "notebook_path": "/n"}, "compute_target"),
    ],
)
def test_databricks_steps_are_checked_as_v1_did(arguments, text):
    with pytest.raises(ValueError, match=text):
        DatabricksStep("spark", **arguments)


def test_a_databricks_step_keeps_what_it_was_given(workspace):
    step = DatabricksStep(
        "spark",
        num_workers=1,
        notebook_path="/n",
        notebook_params={"p": PipelineParameter("p", 1)},
        jar_libraries=[JarLibrary("dbfs:/a.jar")],
        compute_target="bricks",
    )
    document = document_of(workspace, step)
    assert document["type"] == "databricks"
    assert document["settings"] == {
        "num_workers": 1,
        "notebook_path": "/n",
        "notebook_params": {"p": {"parameter": "p"}},
        "jar_libraries": [{"library": "dbfs:/a.jar"}],
        "spark_version": "10.4.x-scala2.12",
        "node_type": "Standard_D3_v2",
    }


def test_parameters_of_a_databricks_step_may_be_a_set_as_in_v1s_examples(workspace):
    step = DatabricksStep(
        "spark",
        num_workers=1,
        python_script_path="dbfs:/a.py",
        python_script_params={"b", "a"},
        compute_target="bricks",
    )
    assert document_of(workspace, step)["settings"]["python_script_params"] == ["a", "b"]


def test_a_databricks_step_may_run_a_wheel(workspace):
    step = DatabricksStep(
        "spark",
        num_workers=0,
        wheel_package_name="shop",
        wheel_entry_point="prepare",
        wheel_parameters=["--n", PipelineParameter("n", 1)],
        wheel_libraries=["/Volumes/main/code/shop.whl"],
        data_security_mode="SINGLE_USER",
        compute_target="bricks",
    )
    settings = document_of(workspace, step)["settings"]
    assert settings["wheel_parameters"] == ["--n", {"parameter": "n"}]
    assert settings["wheel_libraries"] == [{"library": "/Volumes/main/code/shop.whl"}]
    assert (settings["num_workers"], settings["data_security_mode"]) == (0, "SINGLE_USER")


def test_steps_for_services_become_documents(workspace, source):
    store = workspace.get_default_datastore()
    reference = DataReference(store, "raw", "raw.csv")
    steps = [
        AdlaStep("a.usql", compute_target="lake", degree_of_parallelism=2),
        DataTransferStep("copy", reference, DataReference(store, "to", "to.csv"), "factory", "file", "file"),
        SynapseSparkStep("a.py", source, "pool", "4g", 2, "4g", 2, 2, arguments=["--n", 1]),
        KustoStep("kusto", "cluster", "db", source, PipelineData("rows_out")),
        AzureBatchStep("batch", pool_id="p", executable="a.py", compute_target="batch", source_directory=source),
        AutoMLStep("auto ml", AutoMLConfig("classification", primary_metric="AUC", compute_target="cluster")),
    ]
    document = Pipeline(workspace, steps).definition()
    parse_definition(document, STEP_TYPES)
    found = {step["name"]: step for step in document["steps"]}
    assert found["copy"]["settings"] == {"source_reference_type": "file", "destination_reference_type": "file"}
    assert found["copy"]["outputs"] == {"to_copied": {"datastore": store.name, "path": "to.csv"}}
    assert found["kusto"]["allow_reuse"] is False
    assert found["auto ml"]["compute_target"] == "cluster"
    assert set(document["outputs"]) == {"_default_metrics_auto_ml", "_default_model_auto_ml"}


def test_a_copy_of_a_database_is_refused(workspace):
    store = workspace.get_default_datastore()
    rows = SqlDataReference(store, "sql", sql_table="t")
    steps = [
        DataTransferStep("read", rows, PipelineData("copied"), "factory"),
        DataTransferStep("write", DataReference(store, "raw", "raw.csv"), rows, "factory"),
    ]
    with pytest.raises(InvalidDocument) as caught:
        parse_definition(Pipeline(workspace, steps).definition(), STEP_TYPES)
    places = {fault.pointer for fault in caught.value.faults}
    assert places == {"/steps/0/settings/source", "/steps/1/settings/destination"}
    with pytest.raises(ValueError, match="needs a path"):
        DataTransferStep("all", DataReference(store, "raw", "raw.csv"), DataReference(store, "to"), "factory")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: AdlaStep("a.usql"), "compute_target"),
        (lambda: DataTransferStep("copy"), "source_data_reference and destination_data_reference and compute_target"),
        (lambda: AzureBatchStep("batch", compute_target="b"), "executable"),
        (lambda: KustoStep("kusto", "cluster"), "database_name and query_directory and output"),
        (lambda: SynapseSparkStep("a.py", ".", "pool"), "driver_memory"),
        (lambda: AutoMLStep("auto", None), "AutoMLConfig"),  # type: ignore[arg-type]
        (lambda: EstimatorStep("e"), "estimator"),
        (lambda: MpiStep("mpi", script_name="a.py"), "source_directory and compute_target"),
        (lambda: PythonScriptStep(""), "script_name"),
        (lambda: RScriptStep(""), "script_name"),
        (lambda: PythonScriptStep("a.py", runconfig_pipeline_params={"Nodes": 1}), "none of the runconfig"),
        (lambda: PythonScriptStep("a.py", runconfig_pipeline_params={"NodeCount": 1}), "PipelineParameter"),
        (lambda: TrainingOutput("Metrics", metric="a"), "neither"),
        (lambda: TrainingOutput("Model", metric="a", iteration=1), "not both"),
        (lambda: TrainingOutput("Other"), "'Metrics' or 'Model'"),
    ],
)
def test_what_is_missing_or_wrong_is_named(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def test_several_processes_and_nodes_are_asked_for(workspace, source):
    document = document_of(workspace, MpiStep("mpi", source, "a.py", ["--x", 1], "cluster", 2, 3))
    assert (document["type"], document["settings"]) == ("python_script", {"script_name": "a.py"})
    assert document["resources"] == {"node_count": 2, "process_count_per_node": 3, "communicator": "mpi"}
    assert "resources" not in document_of(workspace, MpiStep("one", source, "a.py", [], "cluster", 1, 1))
    packed = MpiStep("packed", source, "a.py", [], "cluster", 1, 1, pip_packages=["horovod"], use_gpu=True)
    assert document_of(workspace, packed)["environment"]["pip_packages"] == ["horovod"]
    torch = RunConfiguration(framework="PyTorch", communicator="Nccl")
    torch.node_count, torch.pytorch.process_count = 2, 8
    document = document_of(workspace, PythonScriptStep("a.py", compute_target="cluster", runconfig=torch))
    assert document["resources"] == {"node_count": 2, "process_count_per_node": 4, "communicator": "pytorch"}
    torch.pytorch.process_count = 3
    with pytest.raises(ValueError, match="3 PyTorch processes, which 2 nodes cannot share"):
        PythonScriptStep("a.py", compute_target="cluster", runconfig=torch)
    plain = RunConfiguration()
    plain.node_count = 2
    with pytest.raises(ValueError, match="asks for 2 nodes and does not say"):
        PythonScriptStep("a.py", compute_target="cluster", runconfig=plain)


def test_how_files_are_brought_is_said_where_it_was_asked_for(workspace, source):
    made, mounted = PipelineData("made"), PipelineData("mounted", output_mode="mount")
    first = PythonScriptStep("a.py", "first", outputs=[made, mounted], source_directory=source)
    reader = PythonScriptStep("a.py", "reader", inputs=[made, mounted.as_download()], source_directory=source)
    steps = {step["name"]: step for step in Pipeline(workspace, [first, reader]).definition()["steps"]}
    assert steps["first"]["outputs"] == {"made": {}, "mounted": {"mode": "mount"}}
    assert {name: each.get("mode") for name, each in steps["reader"]["inputs"].items()} == {
        "made": None,
        "mounted": "download",
    }


def test_r_scripts_and_estimators_run_too(workspace, source):
    assert document_of(workspace, RScriptStep("a.R", arguments=["x"]))["settings"] == {"command": ["Rscript", "a.R"]}
    estimator = Estimator(source, entry_script="a.py", pip_packages=["scikit-learn"])
    step = EstimatorStep("e", estimator, ["--x", 1], compute_target="cluster")
    document = document_of(workspace, step)
    assert document["settings"] == {"script_name": "a.py"}
    assert document["environment"]["pip_packages"] == ["scikit-learn"]


@pytest.mark.parametrize(
    "asked",
    [
        {"process_count_per_node": 3},
        {"distributed_backend": "mpi", "process_count_per_node": 3},
        {"distributed_training": runconfig.MpiConfiguration(process_count_per_node=3)},
    ],
)
def test_an_estimator_says_its_processes_packages_and_time(workspace, source, tmp_path, asked):
    (tmp_path / "needed.txt").write_text("scikit-learn\n")
    estimator = Estimator(
        source,
        entry_script="a.py",
        node_count=2,
        pip_requirements_file=tmp_path / "needed.txt",
        max_run_duration_seconds=60,
        **asked,
    )
    document = document_of(workspace, EstimatorStep("e", estimator, [], compute_target="cluster"))
    assert document["resources"] == {"node_count": 2, "process_count_per_node": 3, "communicator": "mpi"}
    assert document["environment"]["pip_packages"] == ["scikit-learn"]
    assert document["timeout_seconds"] == 60


def test_an_estimator_refuses_a_backend_that_it_does_not_know(source):
    with pytest.raises(UserErrorException, match="'mpi', not 'ps'"):
        Estimator(source, entry_script="a.py", distributed_backend="ps")


def test_an_environment_travels_with_the_step_and_survives_a_directory(workspace, source, tmp_path):
    (tmp_path / "requirements.txt").write_text("# ours\nnumpy==2.0  # pinned\n\nazureml-core\n")
    environment = Environment.from_pip_requirements("own", tmp_path / "requirements.txt")
    environment.docker.base_image = "image:1"
    environment.environment_variables = {"A": "1"}
    environment.save_to_directory(tmp_path / "env")
    loaded = Environment.load_from_directory(tmp_path / "env").clone("other")
    configuration = RunConfiguration()
    configuration.environment = loaded
    document = document_of(workspace, PythonScriptStep("a.py", runconfig=configuration))
    assert document["environment"] == {
        "name": "other",
        "image": "image:1",
        "python_version": "3.12",
        "pip_packages": ["pipeyard", "numpy==2.0"],
        "variables": {"A": "1"},
    }


def test_a_yaml_pipeline_is_read(workspace, source):
    (source / "pipeline.yml").write_text(
        """
pipeline:
  name: digits
  parameters: {seed: {type: int, default: 7}}
  data_references: {raw: {datastore: workspaceblobstore, path_on_datastore: digits/raw.csv}}
  steps:
    prepare:
      type: PythonScriptStep
      script: a.py
      inputs: {raw: {source: raw}}
      outputs: {train: {destination: train, datastore: workspaceblobstore}}
      arguments: ["--raw", "input:raw", "--train", "output:train", "--seed", "parameter:seed"]
    train:
      script: a.py
      inputs: {train: {source: train}}
      arguments: ["input:train"]
"""
    )
    document = Pipeline.load_yaml(workspace, source / "pipeline.yml").definition()
    parse_definition(document, STEP_TYPES)
    assert document["name"] == "digits"
    assert document["steps"][0]["arguments"][1::2] == [{"input": "raw"}, {"output": "train"}, {"parameter": "seed"}]
    assert document["steps"][1]["inputs"]["train"]["step"] == "prepare"


def test_libraries_are_where_v1_had_them():
    for name in databricks.__all__:
        assert getattr(runconfig, name) is getattr(databricks, name)
