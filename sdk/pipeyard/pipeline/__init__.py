"""v1's `azureml.pipeline`: pipelines (`core`) and kinds of steps (`steps`)."""
