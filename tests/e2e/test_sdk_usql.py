"""v1's AdlaStep through the SDK, on the engine and on an emulated account."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pipeyard.core import Experiment, Workspace
from pipeyard.core.compute import AdlaCompute, ComputeTarget
from pipeyard.data.data_reference import DataReference
from pipeyard.exceptions import PipeyardException, UserErrorException
from pipeyard.pipeline.core import Pipeline, PipelineData, PipelineParameter
from pipeyard.pipeline.steps import AdlaStep, PythonScriptStep

from tests.e2e.workspace import Api, Flow, Server

SCRIPT = """\
DECLARE EXTERNAL @least int = 1000;
@log = EXTRACT Region string, Duration int?, Day DateTime FROM "@@logs@@/{Day:yyyy}-{Day:MM}/{*}.tsv"
       USING Extractors.Tsv();
@total = SELECT Region, SUM(Duration) AS Total, MAX(Day).ToString("yyyy-MM") AS Last FROM @log
         GROUP BY Region HAVING SUM(Duration) > @least;
OUTPUT @total TO "@@totals@@/@@name@@.csv" ORDER BY Total DESC USING Outputters.Csv(outputHeader: true);
"""
TOTALS = '"Region","Total","Last"\n"en-gb",70,"2026-02"\n"en-us",42,"2026-02"'
READ = "import pathlib, sys; print(pathlib.Path(sys.argv[1], 'of the year.csv').read_text())"


@pytest.fixture
def workspace(server: Server) -> Iterator[Workspace]:
    made = Workspace(url=server.facts["url"])
    yield made
    made.client.close()


@pytest.fixture(params=[{"engine": "duckdb"}, {"emulated": True}], ids=["engine", "emulated"])
def account(request: pytest.FixtureRequest, workspace: Workspace, flow: Flow) -> Iterator[ComputeTarget]:
    configuration = AdlaCompute.attach_configuration(**request.param)
    made = ComputeTarget.attach(workspace, f"adla-{flow.token}", configuration)
    made.wait_for_completion()
    yield made
    made.detach()


def pipeline(workspace: Workspace, account: ComputeTarget, folder: Path, logs: str) -> Pipeline:
    (folder / "totals.usql").write_text(SCRIPT)
    (folder / "read.py").write_text(READ)
    totals = PipelineData("totals", datastore=workspace.get_default_datastore())
    least = PipelineParameter("least", 10)
    query = AdlaStep(
        "totals.usql",
        inputs=[DataReference(workspace.get_default_datastore(), "logs", logs)],
        outputs=[totals],
        params={"name": "of the year", "least": least},
        degree_of_parallelism=2,
        compute_target=account,
        source_directory=folder,
    )
    reader: Any = PythonScriptStep("read.py", "read", [totals], "local", inputs=[totals], source_directory=folder)
    return Pipeline(workspace, [query, reader])


def test_an_adla_step(workspace: Workspace, account: ComputeTarget, api: Api, flow: Flow, tmp_path: Path):
    logs = f"logs/{flow.token}"
    api.upload(f"{logs}/2026-01/a.tsv", b"en-us\t40\nen-gb\t60\n")
    api.upload(f"{logs}/2026-02/b.tsv", b"en-us\t\nen-gb\t10\nen-fr\t3\n")
    api.upload(f"{logs}/2026-01/c d.tsv", b"en-us\t2\n")
    made = pipeline(workspace, account, tmp_path, logs)
    run: Any = Experiment(workspace, f"usql_{flow.token}").submit(made)
    status = run.wait_for_completion(show_output=False)
    assert status == "Finished", run.find_step_run("totals.usql")[0].get_stdout_log()
    assert run.find_step_run("read")[0].get_stdout_log().split() == TOTALS.split()
    again: Any = Experiment(workspace, f"usql_{flow.token}").submit(made)
    again.wait_for_completion(show_output=False)
    assert [step.document["reused"] for step in again.get_steps()] == [True, True]
    more: Any = Experiment(workspace, f"usql_{flow.token}").submit(made, pipeline_parameters={"least": 50})
    more.wait_for_completion(show_output=False)
    assert "en-us" not in more.find_step_run("read")[0].get_stdout_log()


def test_the_faults_of_a_script_are_told_to_whoever_submits_it(
    workspace: Workspace, account: ComputeTarget, flow: Flow, tmp_path: Path
):
    made = pipeline(workspace, account, tmp_path, f"logs/{flow.token}")
    (tmp_path / "totals.usql").write_text(SCRIPT.replace("MAX(Day)", "MAX(Dey)"))
    place = r"/definition/steps/0/settings/script_name: totals.usql\(4,53\): error: There is no column `Dey` here"
    with pytest.raises(UserErrorException, match=place):
        Experiment(workspace, f"usql_{flow.token}").submit(made)


def test_the_retired_service_is_refused(workspace: Workspace, flow: Flow):
    configuration = AdlaCompute.attach_configuration(resource_group="g", account_name="old")
    with pytest.raises(PipeyardException, match=r"retired Data Lake Analytics on 29 February 2024(.|\n)*duckdb"):
        ComputeTarget.attach(workspace, f"old-{flow.token}", configuration)
