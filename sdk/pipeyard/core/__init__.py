"""v1's `azureml.core`: workspace, experiments, runs, datastores, datasets, and what scripts need around them.

Importing it is cheap: the HTTP client is loaded when a workspace is first asked for something, and the classes that
only authors need when they are first named.
"""

import importlib
from typing import TYPE_CHECKING, Any

from pipeyard import __version__ as VERSION  # noqa: N812  (v1's name)
from pipeyard.core.datastore import Datastore
from pipeyard.core.experiment import Experiment
from pipeyard.core.run import Run
from pipeyard.core.workspace import Workspace

if TYPE_CHECKING:
    from pipeyard.core.compute import ComputeTarget
    from pipeyard.core.conda_dependencies import CondaDependencies
    from pipeyard.core.dataset import Dataset
    from pipeyard.core.environment import Environment
    from pipeyard.core.linked_service import LinkedService, SynapseWorkspaceLinkedServiceConfiguration
    from pipeyard.core.model import Model
    from pipeyard.core.runconfig import RunConfiguration
    from pipeyard.core.script_run import ScriptRun
    from pipeyard.core.script_run_config import ScriptRunConfig

__all__ = [
    "VERSION",
    "ComputeTarget",
    "CondaDependencies",
    "Dataset",
    "Datastore",
    "Environment",
    "Experiment",
    "LinkedService",
    "Model",
    "Run",
    "RunConfiguration",
    "ScriptRun",
    "ScriptRunConfig",
    "SynapseWorkspaceLinkedServiceConfiguration",
    "Workspace",
]

_LAZY = {
    "ComputeTarget": "compute",
    "CondaDependencies": "conda_dependencies",
    "Dataset": "dataset",
    "Environment": "environment",
    "LinkedService": "linked_service",
    "Model": "model",
    "RunConfiguration": "runconfig",
    "ScriptRun": "script_run",
    "ScriptRunConfig": "script_run_config",
    "SynapseWorkspaceLinkedServiceConfiguration": "linked_service",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(f"pipeyard.core.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
