"""Author, submit and watch Pipeyard pipelines with the names of Azure Machine Learning's SDK v1.

`azureml.core` becomes `pipeyard.core`, `azureml.pipeline.core` becomes `pipeyard.pipeline.core`, and so on. Nothing is
imported here, so that a step script that only wants `Run.get_context()` starts at once.
"""

__version__ = "0.1.0"
