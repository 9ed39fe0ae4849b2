"""v1's `azureml.pipeline`."""
