"""ParallelRunStep, HyperDriveStep and NotebookRunnerStep as their authors use them."""

import json
import uuid

import nbformat
import pytest
from pipeyard.contrib.notebook import AzureMLNotebookHandler, NotebookRunConfig, NotebookRunnerStep
from pipeyard.core import Dataset
from pipeyard.core.environment import Environment
from pipeyard.core.experiment import Experiment
from pipeyard.core.script_run_config import ScriptRunConfig
from pipeyard.core.workspace import Workspace
from pipeyard.data.data_reference import DataReference
from pipeyard.pipeline.core import Pipeline, PipelineData, PipelineParameter, TrainingOutput
from pipeyard.pipeline.steps import HyperDriveStep, HyperDriveStepRun, ParallelRunConfig, ParallelRunStep
from pipeyard.train.hyperdrive import (
    BanditPolicy,
    GridParameterSampling,
    HyperDriveConfig,
    PrimaryMetricGoal,
    RandomParameterSampling,
    choice,
)

from tests.e2e.workspace import Api, Server

TRAIN = """
import argparse, os
from pipeyard.core.run import Run
parser = argparse.ArgumentParser()
parser.add_argument("--batch-size", type=int)
args = parser.parse_args()
run = Run.get_context()
for step in range(2):
    run.log("accuracy", args.batch_size * (step + 1))
os.makedirs("outputs", exist_ok=True)
open("outputs/model.txt", "w").write(str(args.batch_size))
"""
ENTRY = """
import os
def run(mini_batch):
    return [os.path.basename(path) + ": " + open(path).read() for path in mini_batch]
"""


@pytest.fixture
def experiment(server: Server) -> Experiment:
    return Experiment(Workspace(server.facts["url"]), f"drivers_{uuid.uuid4().hex[:8]}")


def test_a_parallel_run_from_its_authors_side(experiment: Experiment, api: Api, tmp_path):
    for number in range(3):
        api.upload(f"{experiment.name}/{number}.txt", f"content {number}".encode())
    (tmp_path / "entry.py").write_text(ENTRY)
    workspace = experiment.workspace
    images = DataReference(workspace.get_default_datastore(), "images", experiment.name)
    scores = PipelineData("scores")
    config = ParallelRunConfig(
        environment=Environment("batch"),
        entry_script="entry.py",
        source_directory=tmp_path,
        error_threshold=0,
        output_action="append_row",
        append_row_file_name="scores.txt",
        compute_target="local",
        node_count=1,
        process_count_per_node=1,
        mini_batch_size=PipelineParameter("batch_size_param", "1"),
    )
    step = ParallelRunStep("score", config, inputs=[images], output=scores)
    run = experiment.submit(Pipeline(workspace, [step]), pipeline_parameters={"batch_size_param": "2"})
    assert run.wait_for_completion(show_output=False) == "Finished"
    (found,) = run.find_step_run("score")
    assert "2 mini-batches" in found.get_job_log()
    target = found.get_output("scores").download(tmp_path / "downloaded")
    assert (target / "scores.txt").read_text().splitlines() == [
        f"{number}.txt: content {number}" for number in range(3)
    ]


COUNT = """
import os, pathlib
def run(mini_batch, context):
    state = context.partition_key_value["state"]
    if state == "NY" and context.attempt == 1:
        raise ValueError("the first try fails")
    return [f"{state}: {mini_batch['sales'].sum()}"]
"""


def test_a_table_by_partition_on_two_processes_with_another_try(experiment: Experiment, tmp_path):
    store = experiment.workspace.get_default_datastore()
    (tmp_path / "src").mkdir()
    (tmp_path / "src/count.py").write_text(COUNT)
    (tmp_path / "sales.csv").write_text("state,sales\nNY,1\nCA,2\nNY,3\nTX,4\n")
    store.upload_files([tmp_path / "sales.csv"], target_path=experiment.name, show_progress=False)
    sales = Dataset.Tabular.from_delimited_files((store, f"{experiment.name}/sales.csv"))
    totals = PipelineData("totals")
    config = ParallelRunConfig(
        environment=Environment("batch"),
        entry_script="count.py",
        source_directory=tmp_path / "src",
        partition_keys=["state"],
        error_threshold=0,
        run_max_try=2,
        output_action="append_row",
        compute_target="local",
        node_count=1,
        process_count_per_node=2,
    )
    step = ParallelRunStep("count", config, inputs=[sales.as_named_input("sales")], output=totals)
    run = experiment.submit(Pipeline(experiment.workspace, [step]))
    assert run.wait_for_completion(show_output=False) == "Finished"
    (found,) = run.find_step_run("count")
    log = found.get_job_log()
    assert "3 mini-batches of sales for 2 workers" in log
    assert "failed (try 1 of 2)" in log
    assert "processed 3/3 mini-batches, 3 items, 0 items failed" in log
    rows = found.get_output("totals").download(tmp_path / "down") / "parallel_run_step.txt"
    assert rows.read_text().splitlines() == ["CA: 2", "NY: 4", "TX: 4"]


def test_a_search_as_a_step_whose_model_the_next_step_reads(experiment: Experiment, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "train.py").write_text(TRAIN)
    config = HyperDriveConfig(
        run_config=ScriptRunConfig(source_directory=source, script="train.py", compute_target="local"),
        hyperparameter_sampling=GridParameterSampling({"--batch-size": choice(8, 32, 16)}),
        policy=BanditPolicy(evaluation_interval=2, slack_factor=10),
        primary_metric_name="accuracy",
        primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=3,
        max_concurrent_runs=2,
    )
    metrics = PipelineData("metrics_data", pipeline_output_name="all_metrics")
    model = PipelineData("model", training_output=TrainingOutput("Model", model_file="outputs/model.txt"))
    step = HyperDriveStep("search", config, metrics_output=metrics, outputs=[model])
    run = experiment.submit(Pipeline(experiment.workspace, [step]))
    assert run.wait_for_completion(show_output=False) == "Finished"
    search = HyperDriveStepRun(run.find_step_run("search")[0])
    best = search.get_best_run_by_primary_metric()
    assert best is not None
    assert search.get_hyperparameters()[best.id] == {"--batch-size": 32}
    assert best.get_metrics()["accuracy"] == [32, 64]
    ranked = search.get_children_sorted_by_primary_metric()
    assert [trial["best_primary_metric"] for trial in ranked] == [64, 32, 16]
    assert search.get_children_sorted_by_primary_metric(top=1, reverse=True)[0]["best_primary_metric"] == 16
    assert len(list(search.get_children())) == len(search.get_metrics()) == 3
    assert search.get_output("model").download(tmp_path / "best").read_text() == "32"
    place = run.get_pipeline_output("all_metrics")
    place.download(str(tmp_path / "metrics"))
    document = json.loads((tmp_path / "metrics" / place.path_on_datastore).read_text())
    assert document[best.id] == {"accuracy": [32, 64]}
    again = experiment.submit(Pipeline(experiment.workspace, [step]))
    again.wait_for_completion(show_output=False)
    reused = HyperDriveStepRun(again.find_step_run("search")[0])
    again_best = reused.get_best_run_by_primary_metric()
    assert again_best is not None
    assert again_best.id == best.id


def test_a_search_that_is_submitted_by_itself(experiment: Experiment, tmp_path):
    (tmp_path / "train.py").write_text(TRAIN)
    config = HyperDriveConfig(
        run_config=ScriptRunConfig(source_directory=tmp_path, script="train.py"),
        hyperparameter_sampling=RandomParameterSampling({"--batch-size": choice([4, 5])}, {"seed": 1}),
        primary_metric_name="accuracy",
        primary_metric_goal=PrimaryMetricGoal.MINIMIZE,
        max_total_runs=2,
    )
    run = experiment.submit(config, tags={"kind": "search"})
    assert run.wait_for_completion(show_output=False) == "Finished"
    assert run.tags["kind"] == "search"
    assert len(run.get_hyperparameters()) == 2
    best = run.get_best_run_by_primary_metric()
    assert best.get_metrics()["accuracy"][0] in {4, 5}


def test_a_notebook_from_its_authors_side(experiment: Experiment, tmp_path):
    parameters = nbformat.v4.new_code_cell("greeting = 'none'\nnumber = 0")
    parameters.metadata["tags"] = ["parameters"]
    cells = [parameters, nbformat.v4.new_code_cell("open(text, 'w').write(f'{greeting} {number + 1}')")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "hello.ipynb")
    config = NotebookRunConfig(
        source_directory=tmp_path,
        notebook="hello.ipynb",
        parameters={"greeting": PipelineParameter("greeting", "hello")},
        handler=AzureMLNotebookHandler(timeout=60, progress_bar=False, log_output=True),
    )
    step = NotebookRunnerStep(
        name="hello",
        notebook_run_config=config,
        params={"number": 41},
        outputs=[PipelineData("text")],
        output_notebook_pipeline_data_name="executed",
    )
    run = experiment.submit(Pipeline(experiment.workspace, [step]), pipeline_parameters={"greeting": "bye"})
    assert run.wait_for_completion(show_output=False) == "Finished"
    (found,) = run.find_step_run("hello")
    assert found.get_output("text").download(tmp_path / "got").read_text() == "bye 42"
    assert json.loads(found.get_output("executed").download(tmp_path / "got").read_text())["cells"]
