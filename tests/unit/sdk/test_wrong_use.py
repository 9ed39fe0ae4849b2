"""What people write by mistake, and the exceptions that tell them: v1's types, with a sentence that helps."""

# mypy: disable-error-code="arg-type,call-overload,dict-item"
# Wrong types are what is tested here.

import pytest
from pipeyard.core import Datastore, Experiment, Run, Workspace
from pipeyard.core.compute import AmlCompute
from pipeyard.core.conda_dependencies import CondaDependencies
from pipeyard.data import OutputFileDatasetConfig
from pipeyard.data.data_reference import DataReference
from pipeyard.data.datapath import DataPath
from pipeyard.exceptions import (
    ActivityFailedException,
    AuthenticationException,
    AzureMLException,
    ComputeTargetException,
    ServiceException,
    UserErrorException,
)
from pipeyard.pipeline.core import Pipeline, PipelineParameter, PipelineRun, ScheduleRecurrence
from pipeyard.pipeline.steps import CommandStep, PythonScriptStep
from pipeyard.widgets import RunDetails

from .fake_workspace import URL, step_document


@pytest.fixture
def workspace(client):
    return Workspace.from_config(client=client)


@pytest.fixture
def script(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").touch()
    return "train.py"


@pytest.fixture
def offline(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("AZUREML_RUN_ID", "PIPEYARD_METRICS_FILE"):
        monkeypatch.delenv(name, raising=False)
    return Run.get_context()


def test_scripts_that_catch_v1s_value_errors_go_on_working():
    with pytest.raises(ValueError, match="frequency") as caught:
        ScheduleRecurrence("day", 1).validate()
    assert isinstance(caught.value, UserErrorException)
    assert isinstance(caught.value, AzureMLException)
    assert caught.value.faults


@pytest.mark.parametrize("kind", [ServiceException, AuthenticationException, ActivityFailedException])
def test_what_no_argument_could_have_prevented_is_no_value_error(kind):
    assert not issubclass(kind, ValueError)


@pytest.mark.parametrize("url", ["", "localhost:7071", "ftp://somewhere"])
def test_an_address_without_a_scheme_is_refused_at_once(url):
    with pytest.raises(UserErrorException, match=r"http:// or https://"):
        Workspace(url=url)


def test_v1s_names_of_a_workspace_are_shown_as_texts(monkeypatch):
    monkeypatch.setenv("PIPEYARD_URL", URL)
    assert Workspace(5, "group", "name").subscription_id == "5"


@pytest.mark.parametrize("run_id", [None, "", 7])
def test_what_is_no_id_of_a_run_is_never_asked_for(fake, workspace, run_id):
    for ask in (workspace.get_run, lambda value: PipelineRun(Experiment(workspace, "digits"), value)):
        with pytest.raises(UserErrorException, match="needs the id of a run"):
            ask(run_id)
    assert fake.requests == []


def test_a_run_needs_an_experiment_object():
    with pytest.raises(UserErrorException, match="needs an Experiment object, not 'digits'"):
        PipelineRun("digits", "run-1")


@pytest.mark.parametrize("datastore", [None, "workspaceblobstore"])
@pytest.mark.parametrize("kind", [DataPath, lambda store, path: DataReference(store, path_on_datastore=path)])
def test_a_place_needs_a_datastore_object(kind, datastore):
    with pytest.raises(ValueError, match="needs a Datastore object"):
        kind(datastore, "data")


def test_a_misspelt_name_is_told_with_the_known_ones(fake, workspace):
    with pytest.raises(KeyError, match="Did you mean 'workspaceblobstore'"):
        workspace.datastores["workspaceblobstor"]
    with pytest.raises(KeyError, match=r"There is no experiment 'none'\. There are: digits"):
        workspace.experiments["none"]
    assert "none" not in workspace.datastores
    assert workspace.datastores.get("none") is None


def test_names_in_place_of_objects_are_refused(workspace):
    with pytest.raises(UserErrorException, match="needs a Workspace object"):
        Datastore.get("workspace", "store")
    with pytest.raises(UserErrorException, match=r"needs a list of files, such as \['a.csv'\]"):
        workspace.get_default_datastore().upload_files("a.csv")
    with pytest.raises(UserErrorException, match=r"pip_packages=\['numpy', 'scipy'\]"):
        CondaDependencies.create(pip_packages="numpy scipy")


@pytest.mark.parametrize(
    ("wrong", "kind", "words"),
    [
        ({"arguments": {"--a": 1}}, TypeError, "are a dict. Write a list"),
        ({"runconfig": "cluster.runconfig"}, ValueError, "must be a RunConfiguration"),
        ({"params": ["rate"]}, ValueError, "must be a dictionary"),
    ],
)
def test_arguments_of_steps_are_checked_where_they_are_given(script, wrong, kind, words):
    with pytest.raises(kind, match=words):
        PythonScriptStep(script, **wrong)


def test_parameters_come_by_name(workspace, script):
    pipeline = Pipeline(workspace, [PythonScriptStep(script, arguments=[PipelineParameter("rate", 1)])])
    with pytest.raises(UserErrorException, match="dictionary of values by name"):
        pipeline.submit("digits", pipeline_parameters=["rate"])


def test_tags_are_sent_as_texts(fake, workspace, script):
    fake.add_run("run-1")
    Pipeline(workspace, [PythonScriptStep(script)]).submit("digits", tags={"epochs": 5})
    request = next(index for index, sent in enumerate(fake.requests) if "idempotency-key" in sent.headers)
    assert fake.body(request)["labels"] == {"epochs": "5"}


def test_a_step_without_a_label_is_not_found_under_no_name(fake, workspace):
    fake.add_run("run-1", [("Finished", [step_document("run-1", 0, "train")])])
    run = PipelineRun(Experiment(workspace, "digits"), "run-1")
    assert run.find_step_run(None) == []
    assert [step.name for step in run.find_step_run("train")] == ["train"]


def test_logs_of_a_pipeline_run_are_those_of_its_steps(fake, workspace, tmp_path):
    steps = [step_document("run-1", 0, "prepare"), step_document("run-1", 1, "train")]
    fake.add_run("run-1", [("Finished", steps)])
    fake.logs = {"prepare": [("rows\n", True)], "train": [("loss\n", True)]}
    run = PipelineRun(Experiment(workspace, "digits"), "run-1")
    assert run.get_job_log() == "==== prepare ====\nrows\n==== train ====\nloss\n"
    assert run.get_detailed_status() == {"status": "Finished", "details": ""}
    files = run.get_all_logs(tmp_path)
    assert [file.removeprefix(f"{tmp_path}/") for file in files] == [
        "prepare/70_driver_log.txt",
        "train/70_driver_log.txt",
    ]
    assert (tmp_path / "train" / "70_driver_log.txt").read_text() == "loss\n"


def test_the_details_of_a_step_run_are_shown_with_its_pipeline_run(fake, workspace, capsys):
    fake.add_run("run-1", [("Finished", [step_document("run-1", 0, "train")])])
    (step,) = PipelineRun(Experiment(workspace, "digits"), "run-1").get_steps()
    RunDetails(step).show()
    assert capsys.readouterr().out == "Run run-1 of digits: Finished\n  train: Finished\n"
    for wrong in (None, "run-1"):
        with pytest.raises(UserErrorException, match="RunDetails shows a run"):
            RunDetails(wrong)


def test_a_canceled_run_says_so(fake, workspace):
    fake.add_run("run-1", [("Canceled", [])])
    with pytest.raises(ActivityFailedException, match="ended as Canceled: somebody asked for its end"):
        PipelineRun(Experiment(workspace, "digits"), "run-1").wait_for_completion(show_output=False)


def test_what_a_script_reads_and_fetches_of_its_run_does_no_harm_offline(offline, capsys):
    offline.download_file("outputs/model.pkl")
    offline.download_files("outputs/", "here")
    offline.restore_snapshot()
    child = offline.submit_child("config", tags={"kind": "trial"})
    assert (child.tags, child.parent) == ({"kind": "trial"}, offline)
    assert offline.get_all_logs("logs") == []
    assert (offline.get_job_log(), offline.get_snapshot_id()) == ("", None)
    assert offline.get_detailed_status() == {"status": "Running", "details": ""}
    assert offline.get_details_with_logs()["logFiles"] == {}
    assert offline.pipeline_run_id == offline.id
    shown = capsys.readouterr().out
    for action in ("download file outputs/model.pkl", "download files outputs/* to here", "submit 'config'"):
        assert f"Attempted to {action}" in shown


def test_a_run_completes_or_fails_with_its_block(offline):
    with offline as run:
        run.log("accuracy", 1)
    assert run.get_status() == "Completed"
    with pytest.raises(ZeroDivisionError), offline.child_run("bad") as child:
        _ = 1 / 0
    assert child.get_status() == "Failed"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: OutputFileDatasetConfig("x", destination="folder"), r"must be \(datastore, 'path'\), not 'folder'"),
        (lambda: OutputFileDatasetConfig("x").read_delimited_files(separator=5), "separator 5 must be one character"),
        (lambda: CommandStep(command=5), "needs a command: a text, or a list"),
        (lambda: PythonScriptStep("a.py", labels="ML-7"), r"labels of step 'a\.py' must be a dictionary"),
    ],
)
def test_values_of_another_kind_are_told_where_they_are_given(wrong, words):
    with pytest.raises(ValueError, match=words):
        wrong()


def test_nodes_are_counted_in_whole_numbers():
    with pytest.raises(ComputeTargetException, match="max_nodes must be a whole number, not '4'"):
        AmlCompute.provisioning_configuration("STANDARD_D2_V2", max_nodes="4")
