"""Three steps, each reading what the one before has written. The second submit reuses all of them."""

import tempfile

from pipeyard.core import Datastore, Experiment, Workspace
from pipeyard.core.conda_dependencies import CondaDependencies
from pipeyard.core.runconfig import DEFAULT_CPU_IMAGE, RunConfiguration
from pipeyard.data.data_reference import DataReference
from pipeyard.pipeline.core import Pipeline, PipelineData
from pipeyard.pipeline.steps import PythonScriptStep
from setup_workspace import SOURCE_DIRECTORY, find_or_create_cluster, write_iris

workspace = Workspace.from_config()
print(workspace.name, workspace.resource_group, workspace.location, workspace.subscription_id, sep=" | ")
datastore = Datastore(workspace, "workspaceblobstore")
with tempfile.TemporaryDirectory() as folder:
    datastore.upload_files([write_iris(folder)], target_path="iris", overwrite=True, show_progress=False)
cluster = find_or_create_cluster(workspace)

run_config = RunConfiguration()
run_config.environment.docker.enabled = True
run_config.environment.docker.base_image = DEFAULT_CPU_IMAGE
run_config.environment.python.user_managed_dependencies = False
run_config.environment.python.conda_dependencies = CondaDependencies.create(conda_packages=["pandas", "scikit-learn"])

iris = DataReference(datastore=datastore, data_reference_name="iris", path_on_datastore="iris/iris.csv")
train = PipelineData("train", datastore=datastore)
test = PipelineData("test", datastore=datastore)
model = PipelineData("model", datastore=datastore)
scores = PipelineData("scores", datastore=datastore, pipeline_output_name="scores")

prepare_step = PythonScriptStep(
    name="prepare",
    script_name="prepare.py",
    arguments=["--input", iris, "--train", train, "--test", test],
    inputs=[iris],
    outputs=[train, test],
    compute_target=cluster,
    source_directory=SOURCE_DIRECTORY,
    runconfig=run_config,
)
train_step = PythonScriptStep(
    name="train",
    script_name="train.py",
    arguments=["--train", train, "--model", model],
    inputs=[train],
    outputs=[model],
    compute_target=cluster,
    source_directory=SOURCE_DIRECTORY,
    allow_reuse=True,
)
evaluate_step = PythonScriptStep(
    name="evaluate",
    script_name="evaluate.py",
    arguments=["--model", model, "--test", test, "--scores", scores],
    inputs=[model, test],
    outputs=[scores],
    compute_target=cluster,
    source_directory=SOURCE_DIRECTORY,
)

# Only the last step is named: the others follow from what it reads.
pipeline = Pipeline(workspace=workspace, steps=[evaluate_step], description="iris in three steps")
assert pipeline.validate() == []
experiment = Experiment(workspace, "v1_data_dependency")
run = experiment.submit(pipeline, regenerate_outputs=False)
assert run.wait_for_completion(show_output=True) == "Finished"

step_run = run.find_step_run("evaluate")[0]
print("accuracy:", step_run.get_metrics()["accuracy"])
print("outputs:", list(step_run.get_outputs()))
with tempfile.TemporaryDirectory() as folder:
    data = step_run.get_output_data("scores")
    data.download(local_path=folder)
    print("downloaded", data.path_on_datastore)

second = experiment.submit(pipeline)
second.wait_for_completion(show_output=False)
print("reused:", sorted(step.name for step in second.get_steps() if step.properties.get("azureml.reusedrunid")))
