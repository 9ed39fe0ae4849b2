"""v1's authoring classes against a real workspace: build, plan, submit, watch, read, publish, start again."""

import uuid
from pathlib import Path

import pytest
from pipeyard.core import Environment, Experiment, Model, Run, ScriptRunConfig, Workspace
from pipeyard.core.compute import AmlCompute, ComputeTarget
from pipeyard.core.compute_target import ComputeTargetException
from pipeyard.exceptions import ActivityFailedException, UserErrorException
from pipeyard.pipeline.core import (
    InputPortDef,
    Module,
    OutputPortDef,
    Pipeline,
    PipelineData,
    PipelineDraft,
    PipelineEndpoint,
    PipelineParameter,
    PipelineRun,
    PublishedPipeline,
    StepRun,
)
from pipeyard.pipeline.steps import CommandStep, ModuleStep, PythonScriptStep

PREPARE = """
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--out")
parser.add_argument("--count", type=int)
arguments = parser.parse_args()
os.makedirs(arguments.out)
with open(os.path.join(arguments.out, "numbers.txt"), "w") as file:
    file.write("\\n".join(map(str, range(arguments.count))))
print("prepared", arguments.count)
"""
TRAIN = """
import json, os, sys
from pipeyard.core import Run
run = Run.get_context()
numbers = open(os.path.join(sys.argv[1], "numbers.txt")).read().split()
run.log("count", len(numbers))
run.log_confusion_matrix("confusion", {"schema_type": "confusion_matrix", "data": {}})
run.tag("kind", "tiny")
open("model.txt", "w").write(str(len(numbers)))
run.upload_file("model.txt", "model.txt")
assert run.get_file_names() and run.experiment.workspace.name
assert run.parent.get_status() == "Running"
print("trained on", len(numbers))
"""


@pytest.fixture
def workspace(server):
    workspace = Workspace(url=server.facts["url"])
    yield workspace
    workspace.client.close()


@pytest.fixture
def token():
    return uuid.uuid4().hex[:10]


@pytest.fixture
def sources(tmp_path, token):
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "prepare.py").write_text(f"# {token}\n{PREPARE}")
    (folder / "train.py").write_text(f"# {token}\n{TRAIN}")
    return folder


@pytest.fixture
def pipeline(workspace, sources):
    data = PipelineData("numbers", pipeline_output_name="all_numbers")
    count = PipelineParameter("count", 3)
    prepare = PythonScriptStep(
        "prepare.py", "prepare", arguments=["--out", data, "--count", count], outputs=[data], source_directory=sources
    )
    train = PythonScriptStep("train.py", "train", arguments=[data], inputs=[data], source_directory=sources)
    return Pipeline(workspace, [prepare, train], description="numbers")


def test_a_pipeline_runs_is_read_and_is_reused(workspace, pipeline, token, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("AZUREML_GIT_COMMIT", token)
    experiment = Experiment(workspace, f"authoring_{token}")
    assert pipeline.validate() == []
    assert experiment.plan(pipeline).to_reuse == []
    capsys.readouterr()
    run = experiment.submit(pipeline, tags={"ticket": "ML-7"}, pipeline_parameters={"count": 5})
    assert run.wait_for_completion(show_output=True) == "Finished"
    printed = capsys.readouterr().out
    assert "Created step prepare, (This step will run and generate new outputs)" in printed
    assert f"Submitted PipelineRun {run.id}" in printed
    assert "prepared 5" in printed
    assert "trained on 5" in printed
    assert run.get_details()["status"] == run.status == "Completed"
    assert run.tags == {"ticket": "ML-7"}
    assert run.properties["azureml.git.commit"] == token
    run.tag("seen", "yes")
    run.remove_tags(["ticket"])
    assert run.get_tags() == {"seen": "yes"}

    (train,) = run.find_step_run("train")
    assert train.get_metrics("count") == {"count": 5}
    assert train.tags["kind"] == "tiny"
    assert "model.txt" in train.get_file_names()
    train.download_file("model.txt", tmp_path / "got.txt")
    assert (tmp_path / "got.txt").read_text() == "5"
    assert isinstance(Run.get(workspace, train.id), StepRun)
    assert isinstance(Run(experiment, run.id), PipelineRun)

    output = run.get_pipeline_output("all_numbers")
    assert output.download(tmp_path / "down", show_progress=False) == 1
    assert (tmp_path / "down" / output.path_on_datastore / "numbers.txt").read_text().split() == [
        "0",
        "1",
        "2",
        "3",
        "4",
    ]
    assert [step.name for step in run.get_steps()] == ["prepare", "train"]
    assert run.get_graph().edges == [("prepare", "train")]

    plan = pipeline.plan(experiment.name, {"count": 5})
    assert plan.to_reuse == ["prepare", "train"]
    assert "2 to reuse" in str(plan)
    again = pipeline.submit(experiment.name, pipeline_parameters={"count": 5})
    assert again.wait_for_completion(show_output=False) == "Finished"
    assert [step.document["reused"] for step in again.get_steps()] == [True, True]
    assert [item.id for item in experiment.get_runs()] == [again.id, run.id]


def test_what_steps_take_beyond_v1(workspace, tmp_path, token):
    source = tmp_path / "scripts"
    source.mkdir()
    (source / "flaky.py").write_text(
        f"# {token}\nimport os, sys\nmark = {str(tmp_path / 'mark')!r}\n"
        "if not os.path.exists(mark):\n    open(mark, 'w').close()\n    sys.exit(3)\n"
    )
    (source / "bad.py").write_text("raise SystemExit(4)")
    (source / "slow.py").write_text("import time; time.sleep(60)")
    (source / "tidy.py").write_text("")
    flaky, bad, slow, tidy, never = (
        PythonScriptStep(f"{script}.py", name, source_directory=source, **options)
        for name, script, options in (
            ("flaky", "flaky", {"retry": {"max_attempts": 2, "delay_seconds": 0.1}, "labels": {"owner": "ann"}}),
            ("bad", "bad", {}),
            ("slow", "slow", {"timeout": 0.5}),
            ("tidy", "tidy", {"always_run": True}),
            ("never", "tidy", {}),
        )
    )
    bad.run_after(flaky)
    tidy.run_after([bad, slow])
    never.run_after(bad)
    run = Pipeline(workspace, [tidy, never]).submit(f"beyond-{token}", continue_on_step_failure=True)
    assert run.wait_for_completion(show_output=False, raise_on_error=False) == "Failed"
    assert {step.name: step.document["status"] for step in run.get_steps()} == {
        "flaky": "Finished",
        "bad": "Failed",
        "slow": "Failed",
        "tidy": "Finished",
        "never": "Skipped",
    }
    (tried,) = run.find_step_run("flaky")
    assert (tried.document["attempt"], tried.document["labels"]) == (2, {"owner": "ann"})
    flaky.labels = {"owner": "bob"}
    assert Pipeline(workspace, [flaky]).plan(f"beyond-{token}").to_reuse == ["flaky"]
    assert "no end within 0.5 s" in str(run.find_step_run("slow")[0].document["error"])


def test_a_failed_step_tells_why(workspace, tmp_path, token):
    (tmp_path / "bad.py").write_text(f"raise SystemExit('no {token}')")
    run = Pipeline(workspace, [PythonScriptStep("bad.py", source_directory=tmp_path)]).submit(f"bad_{token}")
    with pytest.raises(ActivityFailedException, match=r"bad\.py"):
        run.wait_for_completion(show_output=False)
    (step,) = run.get_steps()
    assert token in step.get_job_log()
    assert step.get_details()["error"]["error"]["message"]


def test_everything_wrong_is_listed(workspace, pipeline, token):
    experiment = Experiment(workspace, f"wrong_{token}")
    with pytest.raises(UserErrorException, match=r"no parameter 'counts'.*Did you mean 'count'"):
        experiment.submit(pipeline, pipeline_parameters={"counts": 1})
    with pytest.raises(UserErrorException, match=r"regenerate_outputs.*ignored unknown keywords"):
        experiment.submit(pipeline, regenerate=True)
    with pytest.raises(UserErrorException, match="takes a Pipeline"):
        experiment.submit(pipeline.steps[0])
    first, second = pipeline.steps
    first.run_after(second)
    assert any("circle" in sentence for sentence in Pipeline(workspace, [first, second]).validate())


def test_a_script_runs_on_its_own(workspace, tmp_path, token):
    (tmp_path / "one.py").write_text(
        "import sys\nfrom pipeyard.core import Run\nRun.get_context().log('x', int(sys.argv[1]))"
    )
    config = ScriptRunConfig(tmp_path, script="one.py", arguments=[4])
    run = Experiment(workspace, f"script_{token}").submit(config)
    assert run.wait_for_completion()["status"] == "Completed"
    assert run.get_metrics() == {"x": 4}
    shell = Experiment(workspace, f"script_{token}").submit(ScriptRunConfig(tmp_path, command="echo one && echo two"))
    shell.wait_for_completion(show_output=True)
    assert shell.get_job_log().split() == ["one", "two"]


def test_a_published_pipeline_and_its_endpoint_start_runs(workspace, pipeline, token):
    published = pipeline.publish(f"numbers_{token}", "first", version="1")
    assert published.id in [item.id for item in PublishedPipeline.list(workspace)]
    assert (published.total_run_steps, published.get_step_names()) == (2, ["prepare", "train"])
    experiment = Experiment(workspace, f"published_{token}")
    run = experiment.submit(published, pipeline_parameters={"count": 2})
    with pytest.raises(UserErrorException, match="no parameter 'countt'"):
        experiment.submit(published, pipeline_parameters={"countt": 2})
    assert run.wait_for_completion(show_output=False) == "Finished"
    assert [item.id for item in PipelineRun.get_pipeline_runs(workspace, published.id)] == [run.id]

    endpoint = PipelineEndpoint.publish(workspace, f"numbers_{token}", pipeline=published, description="both")
    second = run.publish_pipeline(f"numbers_{token}", "of a run", "2")
    endpoint.add_default(second)
    assert (endpoint.get_default_version(), endpoint.get_pipeline("0").id) == ("1", published.id)
    with pytest.raises(ValueError, match="as a version already"):
        endpoint.add(second)
    with pytest.raises(ValueError, match="no version '7'"):
        endpoint.submit(experiment.name, pipeline_version="7")
    old = experiment.submit(endpoint, pipeline_parameters={"count": 2}, pipeline_version="0")
    assert old.wait_for_completion(show_output=False) == "Finished"
    endpoint.rollback()
    assert PipelineEndpoint.get(workspace, name=endpoint.name).default_version == "0"
    with pytest.raises(ValueError, match="already"):
        PipelineEndpoint.publish(workspace, endpoint.name, published, "again")

    published.disable()
    assert PublishedPipeline.get(workspace, published.id).status == "Disabled"
    with pytest.raises(UserErrorException, match="takes an id"):
        PublishedPipeline.get(workspace, name="numbers")
    with pytest.raises(UserErrorException, match="Workspace object"):
        PublishedPipeline.get("ws", published.id)  # type: ignore[arg-type]


def test_a_draft_is_changed_until_it_is_published(workspace, pipeline, token):
    draft = PipelineDraft.create(
        workspace, pipeline, name=f"draft_{token}", experiment_name=f"draft_{token}", tags={"token": token}
    )
    assert [item.id for item in PipelineDraft.list(workspace, tags={"token": token})] == [draft.id]
    draft.update(description="changed", pipeline_parameters={"count": 1})
    run = draft.submit_run()
    assert run.wait_for_completion(show_output=False) == "Finished"
    assert PipelineDraft.get(workspace, draft.id).last_submitted_pipeline_run_id == run.id
    published = draft.publish()
    copy = PipelineDraft.create(workspace, published)
    assert copy.parent_published_pipeline_id == published.id
    draft.delete()
    with pytest.raises(UserErrorException):
        PipelineDraft.get(workspace, draft.id)


def test_targets_environments_models_and_modules_are_kept(workspace, tmp_path, token):
    name = f"c{token}"
    with pytest.raises(ComputeTargetException, match=name):
        ComputeTarget(workspace, name)
    target = ComputeTarget.create(workspace, name, AmlCompute.provisioning_configuration("small", max_nodes=2))
    target.wait_for_completion(show_output=True, min_node_count=0)
    assert isinstance(ComputeTarget(workspace, name), AmlCompute)
    assert workspace.compute_targets[name].get_status().serialize()["provisioningState"] == "Succeeded"
    target.delete()

    environment = Environment(f"env_{token}")
    environment.docker.base_image = "image:1"
    assert environment.register(workspace).version == Environment.get(workspace, environment.name).version
    assert Environment.get(workspace, environment.name).docker.base_image == "image:1"
    assert Environment.get(workspace, "AzureML-sklearn-1.5").name == "AzureML-sklearn-1.5"

    (tmp_path / "model.bin").write_text("weights")
    model = Model.register(workspace, tmp_path / "model.bin", f"model_{token}", tags={"area": "digits"})
    assert (model.version, model.tags) == (1, {"area": "digits"})
    assert Model.register(workspace, tmp_path / "model.bin", model.name).version == 2
    assert [item.version for item in Model.list(workspace, model.name, latest=True)] == [2]
    assert Path(Model(workspace, model.name, version=1).download(tmp_path / "down")).read_text() == "weights"

    (tmp_path / "sum.py").write_text("import sys\nopen(sys.argv[2], 'w').write(open(sys.argv[1]).read() * 2)")
    module = Module.create(workspace, f"module_{token}", "doubles")
    reads, writes = InputPortDef("text"), OutputPortDef("double")
    module.publish_python_script(
        "sum.py", "first", [reads], [writes], version="1", source_directory=tmp_path, arguments=[reads, writes]
    )
    before, after = PipelineData("before"), PipelineData("after")
    write = CommandStep(["bash -c", "echo -n ab > $0", before], outputs=[before])
    double = ModuleStep(module, inputs_map={"text": before}, outputs_map={"double": after})
    run = Pipeline(workspace, [write, double]).submit(f"module_{token}")
    assert run.wait_for_completion(show_output=False) == "Finished"
    (step,) = run.find_step_run(module.name)
    assert step.get_output("double").download(tmp_path / "out").read_text() == "abab"
    (first,) = run.find_step_run(write.name)
    assert first.get_output_data("before").path_on_datastore


REGISTER = """
import os, sys
from pipeyard.core import Model, Run
run = Run.get_context()
os.makedirs("outputs", exist_ok=True)
open("outputs/model.txt", "w").write("weights")
model = Model.register(workspace=run.experiment.workspace, model_path="outputs/model.txt", model_name=sys.argv[1])
print(model.version, open(Model.get_model_path(sys.argv[1])).read())
print(run.register_model(sys.argv[1], "outputs/model.txt").run_id == run.id)
"""


def test_models_are_registered_inside_a_job_and_after_it(workspace, tmp_path, token):
    (tmp_path / "register.py").write_text(REGISTER)
    name = f"model_{token}"
    step = PythonScriptStep("register.py", arguments=[name], source_directory=tmp_path)
    run = Pipeline(workspace, [step]).submit(f"models_{token}")
    assert run.wait_for_completion(show_output=True) == "Finished"
    (done,) = run.find_step_run("register.py")
    assert done.get_job_log().split() == ["1", "weights", "True"]
    third = done.register_model(name, "outputs/model.txt", tags={"stage": "test"})
    assert (third.version, third.run_id, third.tags) == (3, done.id, {"stage": "test"})
    with pytest.raises(UserErrorException, match=r"no file 'none'.*outputs/model\.txt"):
        done.register_model(name, "none")
