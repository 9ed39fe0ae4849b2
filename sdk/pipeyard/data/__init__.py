"""v1's `azureml.data`."""
