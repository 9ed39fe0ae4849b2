"""v1's `azureml.pipeline.core`: pipelines, what they are made of, and what becomes of them."""

import importlib
from typing import TYPE_CHECKING, Any

from pipeyard.pipeline.core.builder import PipelineStep, StepSequence
from pipeyard.pipeline.core.graph import (
    InputPortBinding,
    InputPortDef,
    OutputPortBinding,
    OutputPortDef,
    PipelineParameter,
    PortDataReference,
    TrainingOutput,
)
from pipeyard.pipeline.core.module import Module, ModuleVersion
from pipeyard.pipeline.core.pipeline import Graph, Pipeline
from pipeyard.pipeline.core.pipeline_data import PipelineData
from pipeyard.pipeline.core.pipeline_draft import PipelineDraft
from pipeyard.pipeline.core.pipeline_endpoint import PipelineEndpoint, PipelineVersion
from pipeyard.pipeline.core.published_pipeline import PublishedPipeline
from pipeyard.pipeline.core.run import PipelineRun, StepRun, StepRunOutput, get_pipeline_runs

if TYPE_CHECKING:
    from pipeyard.pipeline.core.schedule import CronRecurrence, Schedule, ScheduleRecurrence, TimeZone

__all__ = [
    "CronRecurrence",
    "Graph",
    "InputPortBinding",
    "InputPortDef",
    "Module",
    "ModuleVersion",
    "OutputPortBinding",
    "OutputPortDef",
    "Pipeline",
    "PipelineData",
    "PipelineDraft",
    "PipelineEndpoint",
    "PipelineParameter",
    "PipelineRun",
    "PipelineStep",
    "PipelineVersion",
    "PortDataReference",
    "PublishedPipeline",
    "Schedule",
    "ScheduleRecurrence",
    "StepRun",
    "StepRunOutput",
    "StepSequence",
    "TimeZone",
    "TrainingOutput",
    "get_pipeline_runs",
]

_SCHEDULES = frozenset({"CronRecurrence", "Schedule", "ScheduleRecurrence", "TimeZone"})


def __getattr__(name: str) -> Any:
    if name in _SCHEDULES:
        return getattr(importlib.import_module("pipeyard.pipeline.core.schedule"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
