"""v1's `azureml.train.automl`: the configuration of an automated training.

The configuration is kept and written into definitions; Pipeyard has no engine that would train. Steps that need one
fail when they run, with a sentence that says so.
"""

from pipeyard.train.automl.automlconfig import AutoMLConfig

__all__ = ["AutoMLConfig"]
