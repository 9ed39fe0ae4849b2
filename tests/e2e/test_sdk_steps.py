"""Every kind of step that other tests do not run, against a real workspace: those with an engine, and those without."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pipeyard.core import Experiment, Workspace
from pipeyard.core.compute import (
    AdlaCompute,
    BatchCompute,
    ComputeTarget,
    ComputeTargetException,
    DatabricksCompute,
    KustoCompute,
    SynapseCompute,
)
from pipeyard.data import OutputFileDatasetConfig
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core import Pipeline, PipelineData, PipelineRun, StepSequence
from pipeyard.pipeline.steps import (
    AutoMLStep,
    AzureBatchStep,
    DatabricksStep,
    EstimatorStep,
    KustoStep,
    MpiStep,
    PythonScriptStep,
    RScriptStep,
    SynapseSparkStep,
)
from pipeyard.train.automl import AutoMLConfig
from pipeyard.train.estimator import Estimator

from tests.e2e.workspace import Server

SCRIPTS = {
    "hello.py": "import sys\nprint('hello', *sys.argv[1:])\n",
    "write.py": "import os, sys\nos.makedirs(sys.argv[1])\n"
    "open(os.path.join(sys.argv[1], 'a.csv'), 'w').write('x,y\\n1,2\\n3,4\\n')\n",
    "read.py": "from pipeyard.core import Run\n"
    "table = Run.get_context().input_datasets['table'].to_pandas_dataframe()\n"
    "print(list(table.columns), table.to_numpy().tolist())\n",
    "hello.R": "cat('hello', commandArgs(trailingOnly = TRUE))\n",
    "query.usql": "@x = SELECT 1 AS a FROM (VALUES (1)) AS T(b);\n",
}


@pytest.fixture
def workspace(server: Server) -> Iterator[Workspace]:
    workspace = Workspace(url=server.facts["url"])
    yield workspace
    workspace.client.close()


@pytest.fixture
def source(tmp_path: Path) -> str:
    for name, text in SCRIPTS.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "salt.txt").write_text(uuid.uuid4().hex)
    return str(tmp_path)


def submit(workspace: Workspace, *steps: Any) -> PipelineRun:
    experiment = Experiment(workspace, f"steps_{uuid.uuid4().hex[:8]}")
    run: PipelineRun = experiment.submit(Pipeline(workspace, list(steps)))
    run.wait_for_completion(show_output=False, raise_on_error=False)
    return run


def log_of(run: PipelineRun, step: str) -> str:
    return run.find_step_run(step)[0].get_stdout_log().strip()


def test_estimators_and_single_mpi_processes_run(workspace: Workspace, source: str) -> None:
    estimator = Estimator(source, entry_script="hello.py")
    run = submit(
        workspace,
        EstimatorStep("estimate", estimator, ["--n", 1], compute_target="local"),
        MpiStep("mpi", source, "hello.py", ["one"], "local", 1, 1),
    )
    assert run.get_status() == "Finished"
    assert log_of(run, "estimate") == "hello --n 1"
    assert log_of(run, "mpi") == "hello one"
    alone = Estimator(source, entry_script="hello.py", script_params={"--n": 2}, compute_target="local")
    script = Experiment(workspace, f"steps_{uuid.uuid4().hex[:8]}").submit(alone)
    script.wait_for_completion()
    assert script.get_job_log().strip() == "hello --n 2"


@pytest.mark.parametrize(
    ("program", "step"),
    [
        ("Rscript", lambda source: RScriptStep("hello.R", "s", ["a"], "local", source_directory=source)),
        ("mpirun", lambda source: MpiStep("s", source, "hello.py", ["a"], "local", 1, 2)),
    ],
)
def test_a_program_that_is_not_there_is_named(workspace: Workspace, source: str, program: str, step: Any) -> None:
    run = submit(workspace, step(source))
    if shutil.which(program) is not None:
        assert "hello a" in log_of(run, "s")
    else:
        assert run.get_status() == "Failed"
        assert f"{program} could not be started" in str(run.find_step_run("s")[0].get_details()["error"])


def test_a_sequence_keeps_its_order(workspace: Workspace, source: str) -> None:
    first, second, third = (
        PythonScriptStep("hello.py", name, [name], "local", source_directory=source) for name in ("a", "b", "c")
    )
    run = submit(workspace, StepSequence([[first, second], third]))
    begun = {step.name: str(step.document["started_at"]) for step in run.get_steps()}
    ended = {step.name: str(step.document["ended_at"]) for step in run.get_steps()}
    assert begun["c"] >= max(ended["a"], ended["b"])


def test_outputs_are_read_as_tables(workspace: Workspace, source: str) -> None:
    plain = PipelineData("plain", datastore=workspace.get_default_datastore()).as_dataset()
    config = OutputFileDatasetConfig("kept")
    steps: list[PythonScriptStep] = []
    tables = {
        "data": (plain, plain.parse_delimited_files().keep_columns(["y"]).as_named_input("table")),
        "config": (config, config.read_delimited_files().drop_columns(["y"]).as_input("table")),
    }
    for name, (output, table) in tables.items():
        steps.append(
            PythonScriptStep("write.py", f"write_{name}", [output], "local", outputs=[output], source_directory=source)
        )
        steps.append(PythonScriptStep("read.py", f"read_{name}", [], "local", inputs=[table], source_directory=source))
    run = submit(workspace, *steps)
    assert run.get_status() == "Finished"
    assert log_of(run, "read_data") == "['y'] [[2], [4]]"
    assert log_of(run, "read_config") == "['x'] [[1], [3]]"


def attached(workspace: Workspace, kind: str) -> str:
    """Name of a target of a kind whose service is not there."""
    configurations: dict[str, Any] = {
        "Databricks": DatabricksCompute.attach_configuration("group", "bricks", access_token="not-a-token"),
        "SynapseSpark": SynapseCompute.attach_configuration("linked", "SynapseSpark", "pool"),
        "Kusto": KustoCompute.attach_configuration("group", "kusto", kusto_connection_string="https://kusto.example"),
        "Batch": BatchCompute.attach_configuration("group", "batch"),
    }
    return str(
        ComputeTarget.attach(workspace, f"{kind.lower()[:12]}-{uuid.uuid4().hex[:6]}", configurations[kind]).name
    )


def test_a_retired_account_is_refused_when_it_is_attached(workspace: Workspace) -> None:
    with pytest.raises(ComputeTargetException, match="retired Data Lake Analytics on 29 February 2024"):
        ComputeTarget.attach(workspace, "lake", AdlaCompute.attach_configuration("group", "lake"))


def outside_steps(workspace: Workspace, source: str) -> dict[str, Any]:
    """Steps whose back-end this workspace does not have, with the word that its refusal names."""
    bricks, spark = (attached(workspace, kind) for kind in ("Databricks", "SynapseSpark"))
    kusto, batch = (attached(workspace, kind) for kind in ("Kusto", "Batch"))
    return {
        "Databricks": DatabricksStep("s", num_workers=1, notebook_path="/n", compute_target=bricks),
        "Synapse": SynapseSparkStep("hello.py", source, spark, "4g", 2, "4g", 2, 2, name="s"),
        "Kusto": KustoStep("s", kusto, "db", source, PipelineData("rows")),
        "Batch": AzureBatchStep("s", pool_id="p", executable="a", compute_target=batch, source_directory=source),
        "automated": AutoMLStep("s", AutoMLConfig("classification", compute_target="local")),
    }


@pytest.mark.parametrize("name", ["Databricks", "Synapse", "Kusto", "Batch", "automated"])
def test_a_step_without_a_back_end_says_what_is_missing(workspace: Workspace, source: str, name: str) -> None:
    step = outside_steps(workspace, source)[name]
    with pytest.raises(UserErrorException, match=f"(?i)steps/0/.*{name}"):
        submit(workspace, step)
    assert Pipeline(workspace, [step]).validate() == [], "it can be written and published"
