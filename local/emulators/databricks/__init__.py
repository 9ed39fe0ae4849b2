"""An emulated Databricks workspace: one-time runs that really execute, workspace files, volumes and clusters."""

from local.emulators.databricks.app import build

__all__ = ["build"]
