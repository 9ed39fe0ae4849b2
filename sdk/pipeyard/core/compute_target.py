"""v1's `azureml.core.compute_target`: the same classes as `pipeyard.core.compute`, where notebooks look for them."""

from pipeyard.core.compute import ComputeTarget, ComputeTargetException

__all__ = ["ComputeTarget", "ComputeTargetException"]
