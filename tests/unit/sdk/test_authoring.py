"""From v1's authoring classes to the definition document."""

import gc
import subprocess
import sys

import pytest
from pipeyard.core import Workspace
from pipeyard.core.conda_dependencies import CondaDependencies
from pipeyard.core.runconfig import RunConfiguration
from pipeyard.data.data_reference import DataReference
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core import Pipeline, PipelineData, PipelineParameter, StepSequence
from pipeyard.pipeline.steps import CommandStep, PythonScriptStep

from shared.core.validation import parse_definition
from shared.steps import STEP_TYPES


@pytest.fixture
def workspace(client):
    return Workspace.from_config(client=client)


@pytest.fixture
def source(tmp_path, monkeypatch):
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_text(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def steps_of(pipeline):
    """Steps of a pipeline's definition by name, once the workspace's own rules found nothing wrong with it."""
    document = pipeline.definition()
    parse_definition(document, STEP_TYPES)
    return {step["name"]: step for step in document["steps"]}


def test_data_flows_from_step_to_step(workspace, source):
    data = PipelineData("train", datastore=workspace.get_default_datastore())
    seed = PipelineParameter("seed", 7)
    first = PythonScriptStep("a.py", arguments=["--out", data, "--seed", seed, 0.5, None, True], outputs=[data])
    second = PythonScriptStep("b.py", name="train", arguments=["--in", data], inputs=[data], allow_reuse=False)
    pipeline = Pipeline(workspace, [second], description="two steps")
    steps = steps_of(pipeline)
    assert steps["a.py"]["arguments"] == [
        "--out", {"output": "train"}, "--seed", {"parameter": "seed"}, "0.5", "None", "True",
    ]  # fmt: skip
    assert steps["a.py"]["outputs"] == {"train": {"datastore": "workspaceblobstore"}}
    assert steps["train"]["inputs"] == {"train": {"kind": "pipeline_data", "step": "a.py", "output": "train"}}
    assert steps["train"]["allow_reuse"] is False
    assert pipeline.definition()["parameters"] == {"seed": {"type": "int", "default": 7}}
    assert pipeline.graph.edges == [("a.py", "train")]
    assert pipeline.steps == [first, second]
    assert str(data) == "$AZUREML_DATAREFERENCE_train"


@pytest.mark.parametrize(
    ("value", "kind"),
    [(True, "bool"), (1, "int"), (1.5, "float"), ("a", "string")],
    ids=["bool", "int", "float", "str"],
)
def test_a_parameters_type_is_its_defaults(workspace, source, value, kind):
    step = PythonScriptStep("a.py", arguments=[PipelineParameter("p", value)])
    assert Pipeline(workspace, [step]).definition()["parameters"] == {"p": {"type": kind, "default": value}}


@pytest.mark.parametrize("default", [None, [1], {}, object()])
def test_a_parameter_needs_a_default_of_a_known_type(default):
    with pytest.raises(ValueError, match="default"):
        PipelineParameter("p", default)


def test_parameters_of_one_name_must_agree(workspace, source):
    steps = [
        PythonScriptStep(f"{name}.py", arguments=[PipelineParameter("p", value)])
        for name, value in (("a", 1), ("b", 2))
    ]
    with pytest.raises(UserErrorException, match="different defaults"):
        Pipeline(workspace, steps).definition()


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ("--a b", ValueError, "Write a list"),
        ([{"a": 1}], TypeError, "dict"),
        ([["a"]], TypeError, "list"),
        ([PipelineData("x")], ValueError, "neither among its inputs nor its outputs"),
    ],
)
def test_wrong_arguments_are_refused_at_once(arguments, error, text):
    with pytest.raises(error, match=text):
        PythonScriptStep("a.py", arguments=arguments)


def test_ports_must_be_unique_and_of_known_kinds(workspace):
    data = PipelineData("x")
    with pytest.raises(ValueError, match="several inputs"):
        PythonScriptStep("a.py", inputs=[data, PipelineData("x")])
    with pytest.raises(ValueError, match="several outputs"):
        PythonScriptStep("a.py", outputs=[data, PipelineData("x")])
    with pytest.raises(ValueError, match="unexpected type int"):
        PythonScriptStep("a.py", inputs=[3])
    with pytest.raises(ValueError, match="read only"):
        PythonScriptStep("a.py", outputs=[workspace.get_default_datastore().path("x", "x")])


@pytest.mark.parametrize("name", ["", "a-b", "a b", None])
def test_pipeline_data_is_named_as_v1_wants_it(name):
    with pytest.raises(ValueError, match="letters"):
        PipelineData(name)


def test_an_input_that_is_called_like_an_output_gets_another_name(workspace, source):
    old, new = PipelineData("x"), PipelineData("x")
    first = PythonScriptStep("a.py", outputs=[old])
    second = PythonScriptStep("b.py", arguments=[old, new], inputs=[old], outputs=[new])
    steps = steps_of(Pipeline(workspace, [first, second]))
    assert steps["b.py"]["arguments"] == [{"input": "INPUT_x"}, {"output": "x"}]


def test_bindings_and_references_become_inputs(workspace, source):
    data = PipelineData("x")
    reference = DataReference(workspace.get_default_datastore(), "raw", "digits/raw.csv")
    first = PythonScriptStep("a.py", outputs=[data])
    bound = data.as_input("renamed")
    second = PythonScriptStep("b.py", arguments=[data, bound, reference], inputs=[bound, reference])
    steps = steps_of(Pipeline(workspace, [first, second]))
    assert steps["b.py"]["arguments"] == [{"input": "renamed"}, {"input": "renamed"}, {"input": "raw"}]
    assert steps["b.py"]["inputs"]["raw"] == {
        "kind": "data_reference",
        "datastore": "workspaceblobstore",
        "path": "digits/raw.csv",
    }


def test_a_dataset_view_travels_with_the_input(workspace, source):
    data = PipelineData("x")
    files = data.as_dataset()
    rows = files.parse_delimited_files(separator=";").keep_columns(["a", "b"]).as_named_input("rows")
    first = PythonScriptStep("a.py", arguments=[files], outputs=[files.register("numbers")])
    second = PythonScriptStep("b.py", inputs=[rows])
    steps = steps_of(Pipeline(workspace, [first, second]))
    assert steps["a.py"]["outputs"] == {"x": {"register_dataset": {"name": "numbers"}}}
    assert steps["a.py"]["arguments"] == [{"output": "x"}]
    source = steps["b.py"]["inputs"]["rows"]
    assert source["view"]["format"]["separator"] == ";"
    assert source["view"]["transformations"] == [{"operation": "keep_columns", "arguments": {"columns": ["a", "b"]}}]


def test_two_steps_of_one_name_stay_apart_and_keep_the_shown_name(workspace, source):
    (source / "sub").mkdir()
    (source / "sub" / "d.py").touch()
    steps = steps_of(
        Pipeline(workspace, [PythonScriptStep("a.py"), PythonScriptStep("a.py"), PythonScriptStep("sub/d.py")])
    )
    assert list(steps) == ["a.py", "a.py_2", "sub_d.py"]
    assert steps["a.py_2"]["labels"] == {"pipeyard.step_name": "a.py"}
    assert steps["sub_d.py"]["labels"] == {"pipeyard.step_name": "sub/d.py"}


def test_a_sequence_runs_group_after_group(workspace, source):
    first, second, third = (PythonScriptStep(name) for name in ("a.py", "b.py", "c.py"))
    steps = steps_of(Pipeline(workspace, StepSequence([first, [second, third]])))
    assert steps["b.py"]["run_after"] == steps["c.py"]["run_after"] == ["a.py"]


def test_what_a_step_needs_comes_along_or_is_missed(workspace, source):
    first, second = PythonScriptStep("a.py"), PythonScriptStep("b.py")
    second.run_after(first)
    assert Pipeline(workspace, [second]).steps == [first, second]
    with pytest.raises(ValueError, match="not in the pipeline"):
        Pipeline(workspace, [second], resolve_closure=False)
    kept = PipelineData("kept")
    PythonScriptStep("a.py", outputs=[kept])  # nothing else holds on to it
    gc.collect()
    assert len(Pipeline(workspace, [PythonScriptStep("b.py", inputs=[kept])]).steps) == 2
    data = PipelineData("x")
    with pytest.raises(ValueError, match="no step of the pipeline writes"):
        Pipeline(workspace, [PythonScriptStep("a.py", inputs=[data])])
    PythonScriptStep("a.py", outputs=[data])
    made = PythonScriptStep("b.py", outputs=[data])
    with pytest.raises(ValueError, match="made by one step"):
        Pipeline(workspace, [made, PythonScriptStep("c.py", outputs=[data])])
    with pytest.raises(TypeError, match="after steps only"):
        first.run_after("b.py")  # type: ignore[arg-type]


@pytest.mark.parametrize("steps", [None, "a.py", [3], {"a": 1}])
def test_only_steps_make_a_pipeline(workspace, steps):
    with pytest.raises(NotImplementedError, match="made of steps"):
        Pipeline(workspace, steps)


def test_a_missing_script_is_named_with_the_places_to_set(workspace, source):
    with pytest.raises(ValueError, match=r"'a'.*none\.py.*source_directory.*default_source_directory"):
        Pipeline(workspace, [PythonScriptStep("none.py", name="a")])
    assert Pipeline(workspace, [PythonScriptStep("a.py")], default_source_directory=source)


def test_a_workspaces_name_is_no_workspace(source):
    with pytest.raises(UserErrorException, match="object"):
        Pipeline("ws", [PythonScriptStep("a.py")])  # type: ignore[arg-type]


def test_unknown_keywords_are_refused(workspace):
    with pytest.raises(ValueError, match="descripton"):
        Pipeline(workspace, [], descripton="x")


def test_steps_take_retries_timeouts_and_labels(workspace, source):
    step = PythonScriptStep(
        "a.py", retry=2, timeout=60, always_run=True, labels={"team": "ml"}, version="3", params={"my-key": 1, "x": "y"}
    )
    document = steps_of(Pipeline(workspace, [step]))["a.py"]
    assert document["retry"] == {"max_attempts": 3}
    assert (document["timeout_seconds"], document["always_run"], document["labels"]) == (60, True, {"team": "ml"})
    assert document["inputs"] == {
        "my_key": {"kind": "literal", "value": 1},
        "x": {"kind": "literal", "value": "y"},
    }
    with pytest.raises(ValueError, match="max_attempts"):
        PythonScriptStep("a.py", retry="often")  # type: ignore[arg-type]


def test_a_run_configuration_brings_environment_target_and_variables(workspace, source):
    configuration = RunConfiguration()
    configuration.target = "cluster"
    configuration.environment_variables = {"A": "1"}
    assert configuration.environment is not None
    packages = configuration.environment.python.conda_dependencies = _packages()
    assert packages.python_version == "3.11"
    step = steps_of(Pipeline(workspace, [PythonScriptStep("a.py", runconfig=configuration)]))["a.py"]
    assert step["compute_target"] == "cluster"
    assert step["environment_variables"] == {"A": "1"}
    assert step["environment"] == {
        "name": "default-environment",
        "python_version": "3.11",
        "pip_packages": ["pipeyard", "scikit-learn==1.5"],
        "conda_packages": ["numpy"],
    }


def _packages():
    return CondaDependencies.create(
        pip_packages=["azureml-defaults", "scikit-learn==1.5"], conda_packages=["numpy"], python_version="3.11"
    )


def test_the_type_beside_a_compute_targets_name_is_one_of_v1s():
    assert PythonScriptStep("a.py", compute_target=("cluster", "AmlCompute")).compute_target == "cluster"
    with pytest.raises(ValueError, match=r"names the type 'AmlComputer'\. Did you mean 'AmlCompute'"):
        PythonScriptStep("a.py", compute_target=("cluster", "AmlComputer"))


@pytest.mark.parametrize("target", [3, ("a", 3), [], object()])
def test_compute_targets_are_objects_or_names(target):
    with pytest.raises(ValueError, match="compute target"):
        PythonScriptStep("a.py", compute_target=target)


def test_commands_are_split_and_shells_are_used_where_they_are_meant(workspace, source):
    data = PipelineData("x")
    plain = CommandStep(["python 'my file.py' --out", data, 3], name="plain", outputs=[data], source_directory=source)
    shell = CommandStep("echo a && echo b", name="shell")
    steps = steps_of(Pipeline(workspace, [plain, shell]))
    assert steps["plain"]["settings"] == {"command": ["python", "my file.py", "--out"]}
    assert steps["plain"]["arguments"] == [{"output": "x"}, "3"]
    assert steps["shell"]["settings"] == {"command": ["bash", "-c", "echo a && echo b"]}
    assert CommandStep("/bin/ls -l").name == "CommandStep_ls"
    for wrong in (None, "", [], [data]):
        with pytest.raises(ValueError, match="needs a command"):
            CommandStep(wrong)
    with pytest.raises(ValueError, match="does not exist"):
        CommandStep("ls", source_directory=source / "none")


def test_pipeline_outputs_have_names_of_their_own(workspace, source):
    step = PythonScriptStep("a.py", outputs=[PipelineData("x", pipeline_output_name="result")])
    assert Pipeline(workspace, [step]).definition()["outputs"] == {"result": {"step": "a.py", "output": "x"}}
    more = PythonScriptStep("b.py", outputs=[PipelineData("y", pipeline_output_name="result")])
    with pytest.raises(ValueError, match="result"):
        Pipeline(workspace, [step, more]).definition()


def test_a_changed_script_is_seen_without_a_new_pipeline(workspace, source):
    pipeline = Pipeline(workspace, [PythonScriptStep("a.py")])
    before = steps_of(pipeline)["a.py"]["snapshot"]
    (source / "a.py").write_text("changed")
    assert steps_of(pipeline)["a.py"]["snapshot"] != before


def test_hash_paths_are_told_to_have_no_effect():
    with pytest.warns(UserWarning, match="no effect"):
        PythonScriptStep("a.py", hash_paths=["b.py"])


def test_the_core_loads_nothing_heavy():
    code = (
        "import sys, pipeyard.core; "
        "print([name for name in ('httpx', 'pydantic', 'pandas', 'duckdb', 'optuna', 'numpy') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
