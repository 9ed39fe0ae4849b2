"""v1's `azureml.core`: workspace, experiments, runs and datastores.

Importing it is cheap: the HTTP client is loaded when a workspace is first asked for something.
"""

from pipeyard.core.datastore import Datastore
from pipeyard.core.experiment import Experiment
from pipeyard.core.run import Run
from pipeyard.core.workspace import Workspace

__all__ = ["Datastore", "Experiment", "Run", "Workspace"]
