"""v1's `azureml.widgets`: a live view of a run, in a notebook and in a terminal."""

from pipeyard.widgets.run_details import RunDetails

__all__ = ["RunDetails"]
