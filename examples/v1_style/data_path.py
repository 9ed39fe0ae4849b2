"""A data path as pipeline parameter: where the input lies is decided at submit."""

import tempfile
from pathlib import Path

from pipeyard.core import Experiment, Workspace
from pipeyard.data.datapath import DataPath, DataPathComputeBinding
from pipeyard.pipeline.core import Pipeline, PipelineParameter
from pipeyard.pipeline.steps import PythonScriptStep
from setup_workspace import SOURCE_DIRECTORY, find_or_create_cluster

workspace = Workspace.from_config()
datastore = workspace.get_default_datastore()
with tempfile.TemporaryDirectory() as folder:
    for number in (1, 2):
        Path(folder, f"sample{number}.txt").write_text(f"sample {number}\n")
        datastore.upload_files([f"{folder}/sample{number}.txt"], target_path=f"sample_datapath{number}", overwrite=True)
cluster = find_or_create_cluster(workspace)

place = PipelineParameter(name="input_datapath", default_value=DataPath(datastore, "sample_datapath1"))
place_input = (place, DataPathComputeBinding(mode="mount"))
text = PipelineParameter(name="input_string", default_value="sample_string1")
show_step = PythonScriptStep(
    name="show",
    script_name="show.py",
    arguments=["--arg1", text, "--arg2", place_input],
    inputs=[place_input],
    compute_target=cluster,
    source_directory=SOURCE_DIRECTORY,
)
pipeline = Pipeline(workspace, steps=[show_step])
experiment = Experiment(workspace, "v1_data_path")
first = experiment.submit(pipeline)
first.wait_for_completion()
second = experiment.submit(
    pipeline,
    pipeline_parameters={
        "input_datapath": DataPath(datastore, "sample_datapath2"),
        "input_string": "sample_string2",
    },
)
second.wait_for_completion()
for run in (first, second):
    print(run.find_step_run("show")[0].get_stdout_log())
