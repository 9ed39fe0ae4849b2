"""A pipeline parameter: its default, another value at submit, and another one over REST."""

import tempfile

import requests
from pipeyard.core import Experiment, Workspace
from pipeyard.core.authentication import InteractiveLoginAuthentication
from pipeyard.data.data_reference import DataReference
from pipeyard.pipeline.core import Pipeline, PipelineData, PipelineParameter, PipelineRun, PublishedPipeline
from pipeyard.pipeline.steps import PythonScriptStep
from setup_workspace import SOURCE_DIRECTORY, find_or_create_cluster, write_iris

workspace = Workspace.from_config()
datastore = workspace.get_default_datastore()
with tempfile.TemporaryDirectory() as folder:
    datastore.upload_files([write_iris(folder)], target_path="iris", overwrite=True, show_progress=False)
cluster = find_or_create_cluster(workspace)

depth = PipelineParameter(name="depth", default_value=2)
iris = DataReference(datastore, data_reference_name="iris", path_on_datastore="iris/iris.csv")
train, test, model = (PipelineData(name, datastore=datastore) for name in ("train", "test", "model"))
prepare_step = PythonScriptStep(
    script_name="prepare.py",
    arguments=["--input", iris, "--train", train, "--test", test],
    inputs=[iris],
    outputs=[train, test],
    compute_target=cluster,
    source_directory=SOURCE_DIRECTORY,
)
train_step = PythonScriptStep(
    script_name="train.py",
    arguments=["--train", train, "--model", model, "--depth", depth],
    inputs=[train],
    outputs=[model],
    compute_target=cluster,
    source_directory=SOURCE_DIRECTORY,
)
pipeline = Pipeline(workspace, steps=[prepare_step, train_step])
run = Experiment(workspace, "v1_pipeline_parameter").submit(pipeline, pipeline_parameters={"depth": 3})
run.wait_for_completion(show_output=False)
print("depth of the first run:", run.find_step_run("train.py")[0].get_metrics()["depth"])

published = pipeline.publish(name="iris_tree", description="A tree for iris", continue_on_step_failure=True)
print(PublishedPipeline.get(workspace, published.id).endpoint)

header = InteractiveLoginAuthentication().get_authentication_header()
response = requests.post(
    published.endpoint,
    headers=header,
    json={"ExperimentName": "v1_rest", "RunSource": "SDK", "ParameterAssignments": {"depth": 4}},
    timeout=60,
)
response.raise_for_status()
rest_run = PipelineRun(workspace.experiments["v1_rest"], response.json().get("Id"))
rest_run.wait_for_completion(show_output=False)
print("depth of the REST run:", rest_run.find_step_run("train.py")[0].get_metrics()["depth"])
published.disable()
print("published pipelines that are active:", published.id in [each.id for each in PublishedPipeline.list(workspace)])
