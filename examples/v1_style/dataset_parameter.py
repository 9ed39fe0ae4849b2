"""Datasets as pipeline parameters: files by path, rows by `input_datasets`."""

import tempfile

from pipeyard.core import Dataset, Experiment, Workspace
from pipeyard.data.dataset_consumption_config import DatasetConsumptionConfig
from pipeyard.pipeline.core import Pipeline, PipelineParameter
from pipeyard.pipeline.steps import PythonScriptStep
from setup_workspace import SOURCE_DIRECTORY, find_or_create_cluster, write_iris

workspace = Workspace.from_config()
datastore = workspace.get_default_datastore()
with tempfile.TemporaryDirectory() as folder:
    datastore.upload_files([write_iris(folder)], target_path="iris", overwrite=True, show_progress=False)
cluster = find_or_create_cluster(workspace)

file_dataset = Dataset.File.from_files(path=(datastore, "iris/iris.csv"))
table_dataset = Dataset.Tabular.from_delimited_files(path=(datastore, "iris/iris.csv"))
table_dataset = (
    table_dataset.register(workspace, "iris", description="Fisher's flowers", create_new_version=True)
    if ("iris" not in workspace.datasets)
    else Dataset.get_by_name(workspace, "iris")
)
print(table_dataset.name, table_dataset.version, len(table_dataset.to_pandas_dataframe()))

file_parameter = PipelineParameter(name="file_parameter", default_value=file_dataset)
table_parameter = PipelineParameter(name="table_parameter", default_value=table_dataset)
step = PythonScriptStep(
    name="use_datasets",
    script_name="use_datasets.py",
    inputs=[
        DatasetConsumptionConfig("iris_file", file_parameter).as_mount(),
        DatasetConsumptionConfig("iris_table", table_parameter),
    ],
    compute_target=cluster,
    source_directory=SOURCE_DIRECTORY,
)
pipeline = Pipeline(workspace, steps=[step])
experiment = Experiment(workspace, "v1_dataset_parameter")
run = experiment.submit(pipeline)
run.wait_for_completion()
print("rows:", run.find_step_run("use_datasets")[0].get_metrics()["rows"])
run = experiment.submit(pipeline, pipeline_parameters={"table_parameter": table_dataset.take(10)})
run.wait_for_completion()
print("rows:", run.find_step_run("use_datasets")[0].get_metrics()["rows"])
