"""A module: a script that is published once, with ports, and used by several steps."""

import tempfile
from pathlib import Path

from pipeyard.core import Experiment, Workspace
from pipeyard.data.data_reference import DataReference
from pipeyard.pipeline.core import Pipeline, PipelineData, PipelineParameter
from pipeyard.pipeline.core.graph import InputPortDef, OutputPortDef
from pipeyard.pipeline.core.module import Module
from pipeyard.pipeline.steps import ModuleStep
from setup_workspace import SOURCE_DIRECTORY, find_or_create_cluster

workspace = Workspace.from_config()
datastore = workspace.get_default_datastore()
with tempfile.TemporaryDirectory() as folder:
    for name, value in (("two", 2), ("five", 5)):
        Path(folder, f"{name}.txt").write_text(str(value))
        datastore.upload_files([f"{folder}/{name}.txt"], target_path="numbers", overwrite=True)
cluster = find_or_create_cluster(workspace)

module = Module.create(workspace, name="calculate", description="Adds or multiplies two numbers")
first_input = InputPortDef(
    name="num1", default_datastore_mode="mount", default_data_reference_name="num1", label="First"
)
second_input = InputPortDef(
    name="num2", default_datastore_mode="mount", default_data_reference_name="num2", label="Second"
)
result = OutputPortDef(
    name="result", default_datastore_name=datastore.name, default_datastore_mode="mount", label="Result"
)
module.publish_python_script(
    "calculate.py",
    "first version",
    inputs=[first_input, second_input],
    outputs=[result],
    params={"operation": "sum"},
    version="1",
    is_default=True,
    source_directory=SOURCE_DIRECTORY,
)
print([version.version for version in module.module_version_list()])

two = DataReference(datastore, data_reference_name="two", path_on_datastore="numbers/two.txt")
five = DataReference(datastore, data_reference_name="five", path_on_datastore="numbers/five.txt")
seven = PipelineData("seven", datastore=datastore)
thirty_five = PipelineData("thirty_five", datastore=datastore, pipeline_output_name="answer")
operation = PipelineParameter(name="second_operation", default_value="product")
add_step = ModuleStep(
    module=module,
    version="1",
    name="add",
    inputs_map={"num1": two, "num2": five},
    outputs_map={"result": seven},
    arguments=["--file_num1", two, "--file_num2", five, "--output_result", seven],
    compute_target=cluster,
)
multiply_step = ModuleStep(
    module=module,
    name="multiply",
    inputs_map={"num1": seven, "num2": five},
    outputs_map={"result": thirty_five},
    arguments=["--file_num1", seven, "--file_num2", five, "--operation", operation, "--output_result", thirty_five],
    compute_target=cluster,
)
run = Experiment(workspace, "v1_module_step").submit(Pipeline(workspace, steps=[multiply_step]))
run.wait_for_completion()
print(run.find_step_run("multiply")[0].get_stdout_log())
