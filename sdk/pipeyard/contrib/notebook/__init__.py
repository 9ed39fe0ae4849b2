"""v1's `azureml.contrib.notebook`: notebooks as steps."""

from pipeyard.pipeline.steps.notebook_run_config import AzureMLNotebookHandler, NotebookRunConfig
from pipeyard.pipeline.steps.notebook_runner_step import NotebookRunnerStep

__all__ = ["AzureMLNotebookHandler", "NotebookRunConfig", "NotebookRunnerStep"]
