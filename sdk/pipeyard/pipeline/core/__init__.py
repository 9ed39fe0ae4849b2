"""v1's `azureml.pipeline.core`: pipeline runs and step runs."""

from pipeyard.pipeline.core.run import PipelineRun, StepRun, StepRunOutput

__all__ = ["PipelineRun", "StepRun", "StepRunOutput"]
