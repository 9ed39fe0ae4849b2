"""Mistakes that only a workspace can see, and what the SDK makes of its answers."""

# mypy: disable-error-code="arg-type,call-overload"
# Wrong types are what is tested here.

import json
import uuid
from pathlib import Path

import pytest
from pipeyard.core import Dataset, Experiment, Workspace
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core import Pipeline, PipelineData, PipelineDraft, PipelineEndpoint
from pipeyard.pipeline.steps import PythonScriptStep

WRITE = "import sys; open(sys.argv[1], 'w').write('done')"


@pytest.fixture
def workspace(server):
    workspace = Workspace(url=server.facts["url"])
    yield workspace
    workspace.client.close()


@pytest.fixture
def token():
    return uuid.uuid4().hex[:10]


@pytest.fixture
def pipeline(workspace, tmp_path, token):
    (tmp_path / "write.py").write_text(f"# {token}\n{WRITE}")
    data = PipelineData("data")
    step = PythonScriptStep("write.py", "write", arguments=[data], outputs=[data], source_directory=tmp_path)
    return Pipeline(workspace, [step])


@pytest.fixture
def other_default(workspace):
    before = workspace.get_default_datastore()
    other = workspace.datastores["workspacefilestore"]
    workspace.set_default_datastore(other)
    yield other
    workspace.set_default_datastore(before.name)


def test_pipelines_that_name_no_datastore_use_the_workspaces_default(
    workspace, pipeline, token, other_default, tmp_path
):
    assert workspace.get_default_datastore() == other_default
    assert pipeline.validate() == []
    run = pipeline.submit(f"default-{token}")
    run.wait_for_completion(show_output=False)
    assert run.find_step_run("write")[0].get_output("data").datastore == other_default.name
    assert [step["action"] for step in pipeline.plan(f"default-{token}")] == ["reuse"]
    published = pipeline.publish(f"default-{token}")
    draft = PipelineDraft.create(workspace, pipeline, name=f"default-{token}", experiment_name=f"default-{token}")
    for kept in (published, draft):
        definition = json.loads(Path(kept.save(tmp_path)).read_text())
        assert definition["default_datastore"] == other_default.name


def test_a_pipeline_that_names_a_datastore_keeps_it(workspace, pipeline, token, other_default):
    named = Pipeline(workspace, pipeline.steps, default_datastore="workspaceblobstore")
    run = named.submit(f"named-{token}")
    run.wait_for_completion(show_output=False)
    assert run.find_step_run("write")[0].get_output("data").datastore == "workspaceblobstore"


def test_files_of_all_steps_are_fetched_from_the_pipeline_run(workspace, tmp_path, token):
    (tmp_path / "leave.py").write_text(f"# {token}\nopen('outputs/größe', 'w').write('1')")
    steps = [PythonScriptStep("leave.py", name, source_directory=tmp_path, allow_reuse=False) for name in ("a", "b")]
    run = Pipeline(workspace, steps).submit(f"files-{token}")
    run.wait_for_completion(show_output=False)
    assert sorted(run.get_file_names()) == ["a/outputs/größe", "b/outputs/größe"]
    run.download_file("a/outputs/größe", tmp_path / "one")
    run.download_files(prefix="b/", output_directory=tmp_path / "all")
    assert (tmp_path / "one").read_text() == (tmp_path / "all/b/outputs/größe").read_text() == "1"
    assert run.get_snapshot_id() == run.find_step_run("a")[0].get_snapshot_id()
    with pytest.raises(UserErrorException, match=r"has no file 'c/outputs/x'. It has: a/outputs"):
        run.download_file("c/outputs/x")
    assert run.register_model(f"model-{token}", "a/outputs/größe").version == 1


def test_an_output_that_is_not_there_is_told_with_what_is(workspace, pipeline, tmp_path, token):
    (tmp_path / "quiet.py").write_text(f"# {token}")
    (tmp_path / "fail.py").write_text(f"# {token}\nraise SystemExit(1)")
    steps = [PythonScriptStep(name, source_directory=tmp_path) for name in ("quiet.py", "fail.py")]
    run = Pipeline(workspace, [*pipeline.steps, *steps]).submit(f"out-{token}", continue_on_step_failure=True)
    run.wait_for_completion(show_output=False, raise_on_error=False)
    for step, words in (
        ("write", r"It has: data\. Did you mean 'data'\?"),
        ("quiet.py", r"It has: none\."),
        ("fail.py", "It is Failed, and a step has its outputs once it is Finished"),
    ):
        with pytest.raises(UserErrorException, match=words):
            run.find_step_run(step)[0].get_output_data("date")


def test_a_disabled_pipeline_starts_nothing(workspace, pipeline, token):
    published = pipeline.publish(f"disabled-{token}")
    published.disable()
    with pytest.raises(ValueError, match="is disabled, so it starts no runs"):
        Experiment(workspace, "digits").submit(published)
    with pytest.raises(UserErrorException, match="has no parameter 'rate'"):
        published.submit(workspace, "digits", {"rate": 1})
    with pytest.raises(UserErrorException, match="no name for an experiment"):
        published.submit(workspace, "not a name")


def test_a_second_endpoint_of_one_name_is_refused_in_one_sentence(workspace, pipeline, token):
    PipelineEndpoint.publish(workspace, f"taken-{token}", "first", pipeline)
    with pytest.raises(ValueError, match=rf"^There is a pipeline endpoint `taken-{token}` already\."):
        PipelineEndpoint.publish(workspace, f"taken-{token}", "second", pipeline)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda workspace: workspace.get_run("latest"), "Must be an id such as"),
        (lambda workspace: Dataset.get_by_name(workspace, "größe"), "Must have 1 to 128 letters"),
        (lambda workspace: Dataset.get_by_id(workspace, "x"), "Must be an id such as"),
        (lambda workspace: list(Experiment(workspace, "a").get_runs(status="Complete")), "'Finished'"),
    ],
)
def test_wrong_names_and_ids_are_told_in_words(workspace, ask, words):
    with pytest.raises(UserErrorException, match=words) as caught:
        ask(workspace)
    assert "pattern" not in caught.value.message


def test_a_dataset_is_registered_in_a_workspace_only(workspace, tmp_path, token):
    (tmp_path / "rows.csv").write_text("a\n1\n")
    store = workspace.get_default_datastore()
    store.upload(tmp_path, token, show_progress=False)
    rows = Dataset.Tabular.from_delimited_files((store, f"{token}/rows.csv"))
    with pytest.raises(UserErrorException, match="needs a Workspace object"):
        rows.register("workspace", "rows")
    for nameless in (None, "", 5):
        with pytest.raises(UserErrorException, match="register needs the name of a dataset"):
            rows.register(workspace, nameless)
    with pytest.raises(UserErrorException, match="5 names no columns"):
        rows.drop_columns(5)
    broken = Dataset.Tabular.from_json_lines_files((store, f"{token}/rows.csv"))
    with pytest.raises(UserErrorException, match=f'in file "{token}/rows.csv"'):
        broken.to_pandas_dataframe()
    with pytest.raises(UserErrorException, match="header must be True, False"):
        Dataset.Tabular.from_delimited_files((store, f"{token}/rows.csv"), header="yes")


def test_a_compute_target_is_of_the_type_that_a_step_says(workspace, tmp_path, token):
    (tmp_path / "say.py").write_text(f"# {token}")
    wrong = PythonScriptStep("say.py", source_directory=tmp_path, compute_target=("local", "Databricks"))
    expected = "takes the compute target 'local' for Databricks. It is LocalProcess"
    [fault] = Pipeline(workspace, [wrong]).validate()
    assert expected in fault
    with pytest.raises(UserErrorException, match=expected):
        Pipeline(workspace, [wrong]).submit(f"wrong-{token}")
    right = PythonScriptStep("say.py", source_directory=tmp_path, compute_target=("local", "LocalProcess"))
    assert Pipeline(workspace, [right]).validate() == []
