"""A pipeline draft: kept in the workspace, changed, submitted, and published when it is ready."""

from pipeyard.core import Workspace
from pipeyard.pipeline.core import Pipeline, PipelineDraft, PipelineParameter
from pipeyard.pipeline.steps import PythonScriptStep
from setup_workspace import SOURCE_DIRECTORY, find_or_create_cluster

workspace = Workspace.from_config()
cluster = find_or_create_cluster(workspace)
word = PipelineParameter(name="word", default_value="draft")
step = PythonScriptStep(
    name="show", script_name="show.py", arguments=[word], compute_target=cluster, source_directory=SOURCE_DIRECTORY
)
draft = PipelineDraft.create(
    workspace,
    pipeline=Pipeline(workspace, steps=[step]),
    name="word_draft",
    description="Shows a word",
    experiment_name="v1_drafts",
    continue_on_step_failure=True,
    tags={"kind": "example"},
    properties={"made_by": "v1_style"},
)
print([each.name for each in PipelineDraft.list(workspace, tags={"kind": "example"})])
run = draft.submit_run()
run.wait_for_completion()
draft = PipelineDraft.get(workspace, id=draft.id)
draft.update(name="word_draft_2", description="Shows another word", pipeline_parameters={"word": "second"})
second = draft.submit_run()
second.wait_for_completion()
print(second.find_step_run("show")[0].get_stdout_log())
published = draft.publish()
print(published.name, published.status)
draft.delete()
