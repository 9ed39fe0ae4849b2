"""A pipeline endpoint: one address, versions behind it, and a default that can be moved."""

import uuid

import requests
from pipeyard.core import Experiment, Workspace
from pipeyard.core.authentication import InteractiveLoginAuthentication
from pipeyard.pipeline.core import Pipeline, PipelineEndpoint, PipelineParameter, PipelineRun, PublishedPipeline
from pipeyard.pipeline.steps import PythonScriptStep
from setup_workspace import SOURCE_DIRECTORY, find_or_create_cluster

workspace = Workspace.from_config()
cluster = find_or_create_cluster(workspace)


def published(word: str) -> PublishedPipeline:
    """A pipeline that shows a word."""
    parameter = PipelineParameter(name="word", default_value=word)
    step = PythonScriptStep(
        name="show",
        script_name="show.py",
        arguments=[parameter],
        compute_target=cluster,
        source_directory=SOURCE_DIRECTORY,
    )
    return Pipeline(workspace, steps=[step]).publish(name=f"show_{word}", description=f"Shows {word}")


name = f"words_{uuid.uuid4().hex[:8]}"
first, second = published("first"), published("second")
endpoint = PipelineEndpoint.publish(workspace=workspace, name=name, pipeline=first, description="Shows words")
endpoint.add(second)
print([version.version for version in endpoint.list_versions()], "default:", endpoint.get_default_version())
endpoint.set_default_version("1")
endpoint = PipelineEndpoint.get(workspace=workspace, name=name)
print("default:", endpoint.get_default_version(), endpoint.get_pipeline().name)

runs = [
    endpoint.submit("v1_endpoint"),
    endpoint.submit("v1_endpoint", pipeline_version="0"),
    Experiment(workspace, "v1_endpoint").submit(endpoint, tags={"from": "experiment"}, pipeline_version="0"),
]
header = InteractiveLoginAuthentication().get_authentication_header()
body = {"ExperimentName": "v1_endpoint", "RunSource": "API", "ParameterAssignments": {"word": "over REST"}}
base = endpoint.endpoint.split("Id")[0]
for url in (
    endpoint.endpoint,
    f"{endpoint.endpoint}/0",
    f"{base}Name?name={name}",
    f"{base}Name?name={name}&pipelineVersion=0",
):
    response = requests.post(url, headers=header, json=body, timeout=60)
    response.raise_for_status()
    runs.append(PipelineRun(workspace.experiments["v1_endpoint"], response.json().get("Id")))
for run in runs:
    run.wait_for_completion(show_output=False)
    print(run.find_step_run("show")[0].get_stdout_log().strip())
endpoint.set_name(name=f"{name}_old")
endpoint.disable()
