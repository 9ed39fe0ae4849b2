"""The catalogue of step types: what a step's `type` may say, and who checks its settings and builds its command line.

A new type is a module here that satisfies `StepType`, and an entry in `STEP_TYPES`.
"""

from shared.steps.automl import AutoMLStep
from shared.steps.azure_batch import AzureBatchStep
from shared.steps.base import StepType
from shared.steps.command import CommandStep
from shared.steps.data_lake_analytics import DataLakeAnalyticsStep
from shared.steps.data_transfer import DataTransferStep
from shared.steps.databricks import DatabricksStep
from shared.steps.hyperdrive import HyperdriveStep
from shared.steps.kusto import KustoStep
from shared.steps.notebook import NotebookStep
from shared.steps.parallel_run import ParallelRunStep
from shared.steps.python_script import PythonScriptStep
from shared.steps.synapse_spark import SynapseSparkStep

_TYPES: tuple[StepType, ...] = (
    PythonScriptStep(),
    CommandStep(),
    ParallelRunStep(),
    HyperdriveStep(),
    NotebookStep(),
    DatabricksStep(),
    DataLakeAnalyticsStep(),
    DataTransferStep(),
    SynapseSparkStep(),
    KustoStep(),
    AzureBatchStep(),
    AutoMLStep(),
)

STEP_TYPES: dict[str, StepType] = {step_type.name: step_type for step_type in _TYPES}
"""Step types by name."""
