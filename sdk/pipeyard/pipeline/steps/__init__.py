"""v1's `azureml.pipeline.steps`: the kinds of steps.

`PythonScriptStep` and `CommandStep` are the ones to begin with. Kinds that need a service of their own (Databricks,
Synapse, ...) are checked and kept like all others; a workspace without an engine for them fails them when they run.
"""

from pipeyard.pipeline.steps.adla_step import AdlaStep
from pipeyard.pipeline.steps.automl_step import AutoMLStep
from pipeyard.pipeline.steps.azurebatch_step import AzureBatchStep
from pipeyard.pipeline.steps.command_step import CommandStep
from pipeyard.pipeline.steps.data_transfer_step import DataTransferStep
from pipeyard.pipeline.steps.databricks_step import DatabricksStep
from pipeyard.pipeline.steps.estimator_step import EstimatorStep
from pipeyard.pipeline.steps.hyper_drive_step import HyperDriveStep, HyperDriveStepRun
from pipeyard.pipeline.steps.kusto_step import KustoStep
from pipeyard.pipeline.steps.module_step import ModuleStep
from pipeyard.pipeline.steps.mpi_step import MpiStep
from pipeyard.pipeline.steps.notebook_runner_step import NotebookRunnerStep
from pipeyard.pipeline.steps.parallel_run_config import ParallelRunConfig
from pipeyard.pipeline.steps.parallel_run_step import ParallelRunStep
from pipeyard.pipeline.steps.python_script_step import PythonScriptStep
from pipeyard.pipeline.steps.r_script_step import RScriptStep
from pipeyard.pipeline.steps.synapse_spark_step import SynapseSparkStep

__all__ = [
    "AdlaStep",
    "AutoMLStep",
    "AzureBatchStep",
    "CommandStep",
    "DataTransferStep",
    "DatabricksStep",
    "EstimatorStep",
    "HyperDriveStep",
    "HyperDriveStepRun",
    "KustoStep",
    "ModuleStep",
    "MpiStep",
    "NotebookRunnerStep",
    "ParallelRunConfig",
    "ParallelRunStep",
    "PythonScriptStep",
    "RScriptStep",
    "SynapseSparkStep",
]
