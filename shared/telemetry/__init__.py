"""What the workspace tells about itself: logs, spans and metrics.

This is OpenTelemetry's interface only, which does nothing until `bootstrap` sets up an exporter.
"""

from .logs import run_logger

__all__ = ["run_logger"]
