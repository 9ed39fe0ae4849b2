"""Azure Machine Learning: a workspace whose command jobs run as processes of this machine."""

from local.emulators.azure_ml.app import build

__all__ = ["build"]
