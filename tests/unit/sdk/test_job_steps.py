"""ParallelRunConfig, HyperDriveConfig and NotebookRunConfig: what they refuse, and what they become."""

from pathlib import Path

import pytest
from pipeyard.contrib.notebook import AzureMLNotebookHandler, NotebookRunConfig, NotebookRunnerStep
from pipeyard.core.environment import Environment
from pipeyard.core.script_run_config import ScriptRunConfig
from pipeyard.core.workspace import Workspace
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core import PipelineData, PipelineParameter, TrainingOutput
from pipeyard.pipeline.steps import HyperDriveStep, HyperDriveStepRun, ParallelRunConfig, ParallelRunStep
from pipeyard.train.estimator import Estimator
from pipeyard.train.hyperdrive import (
    BanditPolicy,
    BayesianParameterSampling,
    GridParameterSampling,
    HyperDriveConfig,
    MedianStoppingPolicy,
    PrimaryMetricGoal,
    RandomParameterSampling,
    TruncationSelectionPolicy,
    choice,
    loguniform,
    uniform,
)


def parallel(**fields) -> ParallelRunConfig:
    known = {
        "environment": Environment("batch"),
        "entry_script": "entry.py",
        "error_threshold": -1,
        "output_action": "append_row",
        "compute_target": "local",
        "node_count": 1,
    }
    return ParallelRunConfig(**{**known, **fields})


def search(**fields) -> HyperDriveConfig:
    known = {
        "run_config": ScriptRunConfig(script="train.py"),
        "hyperparameter_sampling": RandomParameterSampling({"--rate": uniform(0, 1)}),
        "primary_metric_name": "accuracy",
        "primary_metric_goal": PrimaryMetricGoal.MAXIMIZE,
        "max_total_runs": 4,
    }
    return HyperDriveConfig(**{**known, **fields})


def test_a_search_takes_an_estimator_as_v1_did():
    estimator = Estimator("src", entry_script="train.py", script_params={"--data": "a", "--quick": ""})
    script = search(run_config=None, estimator=estimator).run_config
    assert (script.source_directory, script.script, script.arguments) == ("src", "train.py", ["--data", "a", "--quick"])
    with pytest.raises(UserErrorException, match="has inputs"):
        search(run_config=None, estimator=Estimator("src", entry_script="train.py", inputs=["a"]))


def test_every_wrong_field_of_a_parallel_run_is_named():
    wrong = {
        "environment": None,
        "error_threshold": -2,
        "output_action": "append",
        "node_count": 0,
        "mini_batch_size": "10XB",
        "run_invocation_timeout": 0,
        "run_max_try": PipelineParameter("tries", 0),
        "append_row_file_name": "a/b",
        "allowed_failed_percent": 101,
        "logging_level": "LOUD",
    }
    with pytest.raises(UserErrorException) as caught:
        parallel(**wrong)
    assert {fault.pointer for fault in caught.value.faults} == set(wrong)
    with pytest.raises(UserErrorException, match="exclude each other"):
        parallel(mini_batch_size="1", partition_keys=["a"])


def test_a_parallel_run_becomes_settings(tmp_path: Path):
    size, rows = PipelineParameter("size", "5"), PipelineData("rows")
    config = parallel(mini_batch_size=size, source_directory=tmp_path, process_count_per_node=2)
    step = ParallelRunStep(
        "score", config, inputs=[PipelineData("images")], output=rows, side_inputs=[PipelineData("m")]
    )
    settings = step.settings()
    assert settings["inputs"] == ["images"]
    assert (settings["output"], settings["mini_batch_size"]) == ("rows", size)
    assert step.step_type == "parallel_run"
    assert [port.name for port in step.ports.inputs] == ["images", "m"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"inputs": []}, "has no inputs"),
        ({"output": None}, "needs an output"),
        ({"arguments": ["model"]}, "need names"),
        ({"arguments": ["--run_max_try", 2]}, "is a field of its ParallelRunConfig"),
    ],
)
def test_what_a_parallel_run_step_refuses(fields, words):
    known = {"inputs": [PipelineData("images")], "output": PipelineData("rows")}
    with pytest.raises(ValueError, match=words):
        ParallelRunStep("score", parallel(), **{**known, **fields})


def test_a_parallel_run_config_survives_yaml(tmp_path: Path):
    pytest.importorskip("yaml")
    config = parallel(
        mini_batch_size=PipelineParameter("size", "5"), environment_variables={"A": "1"}, partition_keys=None
    )
    config.save_to_yaml(tmp_path / "config.yml")
    workspace = Workspace("http://127.0.0.1:9")
    read = ParallelRunConfig.load_yaml(workspace, tmp_path / "config.yml", node_count=2)
    assert read.mini_batch_size.default_value == "5"
    assert (read.node_count, read.environment.name, read.environment_variables) == (2, "batch", {"A": "1"})
    (tmp_path / "broken.yml").write_text("entry_script: [", encoding="utf-8")
    with pytest.raises(UserErrorException, match="cannot be read"):
        ParallelRunConfig.load_yaml(workspace, tmp_path / "broken.yml")
    (tmp_path / "partial.yml").write_text("entry_script: a.py", encoding="utf-8")
    with pytest.raises(UserErrorException, match="is not complete"):
        ParallelRunConfig.load_yaml(workspace, tmp_path / "partial.yml")


def test_expressions_are_written_as_v1_wrote_them():
    assert choice(1, 2) == choice([1, 2]) == choice(range(1, 3)) == ["choice", [[1, 2]]]
    assert loguniform(-3, -1) == ["loguniform", [-3, -1]]


def test_wrong_samplings_and_policies():
    with pytest.raises(UserErrorException, match="Grid sampling"):
        GridParameterSampling({"--rate": uniform(0, 1)})
    with pytest.raises(UserErrorException, match="Bayesian sampling knows"):
        BayesianParameterSampling({"--rate": loguniform(0, 1)})
    with pytest.raises(UserErrorException, match="exactly one of"):
        BanditPolicy(evaluation_interval=1)
    with pytest.raises(UserErrorException, match="truncation_percentage"):
        TruncationSelectionPolicy(0)


def test_the_run_of_a_search_is_made_of_its_step_run():
    with pytest.raises(UserErrorException, match=r"needs the StepRun of a HyperDriveStep, not 'x'\. Get it with"):
        HyperDriveStepRun("x")  # type: ignore[arg-type]


def test_wrong_searches():
    with pytest.raises(UserErrorException) as caught:
        search(max_total_runs=0, max_duration_minutes=0, primary_metric_name="")
    assert {fault.pointer for fault in caught.value.faults} == {
        "/max_total_runs",
        "/max_duration_minutes",
        "/primary_metric_name",
    }
    with pytest.raises(UserErrorException, match="takes no early termination"):
        search(hyperparameter_sampling=BayesianParameterSampling({"--r": uniform(0, 1)}), policy=MedianStoppingPolicy())
    with pytest.raises(UserErrorException, match="needs a ScriptRunConfig with a script"):
        search(run_config=None)
    with pytest.raises(UserErrorException, match="resume_from"):
        search(resume_from="HD_1")
    with pytest.warns(UserWarning, match="20 or more are recommended"):
        search(hyperparameter_sampling=BayesianParameterSampling({"--r": uniform(0, 1)}))


def test_a_search_becomes_settings():
    model = PipelineData("model", training_output=TrainingOutput("Model", model_file="outputs/m.pkl"))
    config = search(policy=BanditPolicy(slack_factor=0.1), max_concurrent_runs=2)
    step = HyperDriveStep("search", config, ["--epochs", 3], outputs=[model], metrics_output=PipelineData("metrics"))
    settings = step.settings()
    assert settings["policy"] == {
        "kind": "bandit",
        "evaluation_interval": 1,
        "slack_factor": 0.1,
        "delay_evaluation": 0,
    }
    assert settings["sampling"] == {"kind": "random", "space": {"--rate": ["uniform", [0, 1]]}}
    assert settings["model_outputs"] == {"model": {"model_file": "outputs/m.pkl"}}
    assert (settings["metrics_output"], step.words()) == ("metrics", ["--epochs", 3])
    unnamed = PipelineData("model", training_output=TrainingOutput("Model"))
    with pytest.raises(ValueError, match="model_file"):
        HyperDriveStep("search", search(), outputs=[unnamed])


def test_a_notebook_becomes_settings():
    alpha = PipelineParameter("alpha", 1)
    handler = AzureMLNotebookHandler(timeout=60, progress_bar=False)
    config = NotebookRunConfig("src", "train.ipynb", parameters={"alpha": alpha}, handler=handler)
    step = NotebookRunnerStep(
        notebook_run_config=config, params={"beta": 2}, output_notebook_pipeline_data_name="executed"
    )
    assert step.name == "train.ipynb"
    assert step.settings() == {
        "notebook": "train.ipynb",
        "output_notebook": "executed",
        "parameters": {"alpha": alpha, "beta": 2},
        "timeout_seconds": 60,
    }
    assert [port.name for port in step.ports.outputs] == ["executed"]


def test_what_a_notebook_step_refuses():
    with pytest.raises(UserErrorException, match="needs a notebook"):
        NotebookRunConfig("src", "train.py")
    with pytest.raises(UserErrorException, match="does not know 'progress'"):
        AzureMLNotebookHandler(progress=True)
    with pytest.raises(ValueError, match="needs a NotebookRunConfig"):
        NotebookRunnerStep("a")
