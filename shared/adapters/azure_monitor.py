"""Sends spans, metrics and logs to Application Insights.

Only the exporters of `azure-monitor-opentelemetry` are used. Its `configure_azure_monitor` would also instrument every
HTTP client and framework there is: a span for each of a step's many requests to storage, which would cost more than
the step, a second one for each request that the Functions host reports already, and texts that nobody has cleaned.
"""

import logging
import os
from collections.abc import Callable
from datetime import datetime

from azure.core.credentials import TokenCredential
from azure.monitor.opentelemetry.exporter import (
    AzureMonitorLogExporter,
    AzureMonitorMetricExporter,
    AzureMonitorTraceExporter,
)
from opentelemetry import context, metrics, trace
from opentelemetry._logs import Logger, LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from shared.telemetry.logs import as_event
from shared.telemetry.spans import own_ids

FLUSH_MILLISECONDS = 5000
MAX_WAITING = 16_384
"""Spans that wait to be sent: a run may reuse thousands of steps at once."""
_OURS = ("activities", "api", "shared", "triggers")
_EXPORT = ("azure.core", "azure.identity", "azure.monitor", "opentelemetry")
"""Loggers that write about sending; sending that again would never end."""
_SWITCHES = ("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED")
"""The exporters' reports about themselves, to Microsoft and into the workspace's own metrics."""


class OwnIds(RandomIdGenerator):
    """Gives spans of runs, steps and jobs the ids that follow from theirs, and others a random one."""

    def generate_trace_id(self) -> int:
        """See `IdGenerator`."""
        ids = own_ids.get()
        return ids[0] if ids is not None else super().generate_trace_id()

    def generate_span_id(self) -> int:
        """See `IdGenerator`."""
        ids = own_ids.get()
        return ids[1] if ids is not None else super().generate_span_id()

    def is_trace_id_random(self) -> bool:
        """See `IdGenerator`."""
        return own_ids.get() is None


class EventHandler(logging.Handler):
    """Passes log records on as flat events without secrets: ours from INFO on, those of others from WARNING on."""

    def __init__(self, logger: Logger) -> None:
        super().__init__(logging.INFO)
        self._logger = logger

    def filter(self, record: logging.LogRecord) -> bool:
        """See `logging.Filterer.filter`."""
        if record.name.startswith(_EXPORT):
            return False
        return record.levelno >= logging.WARNING or record.name.partition(".")[0] in _OURS

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.emit`."""
        event = as_event(record)
        told = datetime.fromisoformat(str(event.pop("time")))
        names = {"error_type": "exception.type", "error": "exception.message", "stack": "exception.stacktrace"}
        self._logger.emit(
            LogRecord(
                timestamp=round(told.timestamp() * 1000) * 1_000_000,
                context=context.get_current(),
                severity_text=str(event.pop("level")),
                severity_number=SeverityNumber(min(record.levelno, logging.CRITICAL) // 10 * 4 + 1),
                body=event.pop("message"),
                attributes={names.get(name, f"pipeyard.{name}"): value for name, value in event.items()},
            )
        )


def tracing(resource: Resource) -> TracerProvider:
    """A provider of spans whose ids follow from those of runs; it has no exporter yet."""
    return TracerProvider(id_generator=OwnIds(), resource=resource)


def start(connection_string: str, credential: TokenCredential | None, workspace_name: str) -> Callable[[], None]:
    """Begin to send; returns what sends the rest at the end.

    Args:
        connection_string: Of the Application Insights component.
        credential: The app's identity, where the component takes no others.
        workspace_name: The role under which it is listed.
    """
    for switch in _SWITCHES:
        os.environ.setdefault(switch, "true")
    options = {"connection_string": connection_string, "credential": credential, "disable_offline_storage": True}
    resource = Resource.create({"service.name": workspace_name})
    spans = tracing(resource)
    spans.add_span_processor(BatchSpanProcessor(AzureMonitorTraceExporter(**options), max_queue_size=MAX_WAITING))
    trace.set_tracer_provider(spans)
    meters = MeterProvider([PeriodicExportingMetricReader(AzureMonitorMetricExporter(**options))], resource=resource)
    metrics.set_meter_provider(meters)
    logs = LoggerProvider(resource=resource)
    logs.add_log_record_processor(BatchLogRecordProcessor(AzureMonitorLogExporter(**options)))
    logging.getLogger().addHandler(EventHandler(logs.get_logger("pipeyard")))
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO)

    def flush() -> None:
        for provider in (spans, meters, logs):
            provider.force_flush(FLUSH_MILLISECONDS)

    return flush
