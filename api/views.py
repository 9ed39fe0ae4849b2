"""The shapes that the API answers with."""

from typing import Any

from pydantic import BaseModel

from shared.core import names
from shared.core.bindings import ParameterValue
from shared.core.definition import PipelineDefinition
from shared.core.document import Labels
from shared.core.graph import Graph
from shared.core.records import AttemptRecord, Explanation, OutputRecord, Page, RunRecord, StepRecord


class RunView(BaseModel):
    """A run."""

    run_id: str
    experiment: str
    pipeline: str
    description: str
    status: str
    created_at: str
    started_at: str | None
    ended_at: str | None
    definition_id: str
    parameters: dict[str, ParameterValue]
    labels: Labels
    step_count: int
    step_counts: dict[str, int]
    continue_on_step_failure: bool
    regenerate_outputs: bool
    max_parallel_steps: int | None
    resumed_from: str | None
    properties: dict[str, str]
    parent_step_run_id: str | None
    published_pipeline_id: str | None
    pipeline_endpoint_id: str | None
    schedule_id: str | None
    run_source: str
    warnings: list[str]
    submitted_by: str | None
    error: str | None


class StepView(BaseModel):
    """A step run. `detail` is what the compute service says about the job of the present try, such as `Queued`."""

    step_run_id: str
    run_id: str
    ordinal: int
    name: str
    type: str
    status: str
    attempt: int
    detail: str
    reused: bool
    source: str | None
    explanation: Explanation | None
    depends_on: list[str]
    compute_target: str
    started_at: str | None
    ended_at: str | None
    exit_code: int | None
    wall_seconds: float | None
    cpu_seconds: float | None
    peak_memory_bytes: int | None
    attempts: list[AttemptRecord]
    warnings: list[str]
    error: str | None
    labels: Labels


class OutputFileView(BaseModel):
    """A file of an output. `path` is "" where the output is this one file; `md5` stands in where `sha256` is null."""

    path: str
    size: int
    sha256: str | None
    md5: str | None = None


class OutputView(BaseModel):
    """An output of a step run."""

    name: str
    datastore: str
    path: str
    digest: str
    is_file: bool
    file_count: int
    total_bytes: int
    files: list[OutputFileView]


class ListOf[Item](BaseModel):
    """A list that is not paged."""

    value: list[Item]


def run_view(run: RunRecord) -> RunView:
    """A run as the API shows it."""
    return RunView.model_validate(run.model_dump(include=set(RunView.model_fields)))


def run_page(page: Page[RunRecord]) -> Page[RunView]:
    """A page of runs as the API shows it."""
    return page.shown(run_view)


def step_view(definition: PipelineDefinition, graph: Graph, row: StepRecord) -> StepView:
    """A step run as the API shows it: the row, and what the definition says about the step."""
    step = definition.steps[row.ordinal]
    fields: dict[str, Any] = row.model_dump(include=set(StepView.model_fields))
    fields |= {
        "step_run_id": names.step_run_id(row.run_id, row.ordinal),
        "type": step.type,
        "depends_on": [definition.steps[above].name for above in graph.dependencies[row.ordinal]],
        "compute_target": row.compute_target or step.compute_target or definition.default_compute_target,
        "labels": step.labels,
    }
    return StepView.model_validate(fields)


def output_view(name: str, output: OutputRecord, files: list[OutputFileView]) -> OutputView:
    """An output as the API shows it."""
    return OutputView(name=name, files=files, **output.model_dump(exclude={"files", "manifest"}))
