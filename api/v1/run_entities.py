"""Runs in v1's words."""

from typing import Any

from api.v1.assignments import wire_values
from api.v1.submissions import DataPathAssignment, DataSetAssignment
from api.v1.wire import Wire
from shared.core.records import RunRecord
from shared.core.status import RUN_TERMINAL, RunStatus
from shared.core.wording import shorten

_STATUS = {RunStatus.CANCEL_REQUESTED: "Running"}
"""The pipelines service of v1 has no word for a run that is being canceled."""
_MAX_DETAIL = 2000


class RunStatusEntity(Wire):
    """How a run is."""

    status_code: str
    status_detail: str | None
    creation_time: str
    end_time: str | None


class PipelineRunEntity(Wire):
    """A run."""

    id: str
    description: str
    status: RunStatusEntity
    graph_id: str
    is_submitted: bool
    has_errors: bool
    has_warnings: bool
    upload_state: str
    parameter_assignments: dict[str, str]
    data_path_assignments: dict[str, DataPathAssignment]
    data_set_definition_value_assignments: dict[str, DataSetAssignment]
    run_history_experiment_name: str
    pipeline_id: str | None
    pipeline_endpoint_id: str | None
    run_source: str
    run_type: str
    total_run_steps: int
    schedule_id: str | None
    continue_run_on_step_failure: bool
    properties: dict[str, str]
    entity_status: str
    etag: str | None
    created_date: str
    last_modified_date: str
    tags: dict[str, str]


class RunUpdate(Wire):
    """What may change of a run."""

    description: str | None = None
    tags: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None


def run_entity(run: RunRecord) -> PipelineRunEntity:
    """A run as v1 shows it."""
    status = RunStatusEntity(
        status_code=status_code(run),
        status_detail=shorten(run.error or " ".join(run.warnings), _MAX_DETAIL) or None,
        creation_time=run.created_at,
        end_time=run.ended_at,
    )
    return PipelineRunEntity(
        id=run.run_id,
        description=run.description,
        status=status,
        graph_id=run.definition_id,
        is_submitted=True,
        has_errors=run.status is RunStatus.FAILED,
        has_warnings=bool(run.warnings),
        upload_state="Completed",
        **wire_values(run.parameters),
        run_history_experiment_name=run.experiment,
        pipeline_id=run.published_pipeline_id,
        pipeline_endpoint_id=run.pipeline_endpoint_id,
        run_source=run.run_source,
        run_type="Schedule" if run.schedule_id is not None else "HTTP",
        total_run_steps=run.step_count,
        schedule_id=run.schedule_id,
        continue_run_on_step_failure=run.continue_on_step_failure,
        properties=run.properties,
        entity_status="Active",
        etag=run.etag,
        created_date=run.created_at,
        last_modified_date=(run.ended_at if run.status in RUN_TERMINAL else run.started_at) or run.created_at,
        tags=run.labels,
    )


def status_code(run: RunRecord) -> str:
    """A run's status in v1's words."""
    return _STATUS.get(run.status, run.status.value)
