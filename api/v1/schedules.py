"""v1's routes for schedules."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response

from api.dependencies import CallerDep, RecordId, WorkspaceDep
from api.v1.assignments import changed_values, parameter_values
from api.v1.pipelines import ActiveOnly
from api.v1.run_entities import PipelineRunEntity, run_entity
from api.v1.schedule_entities import POINTERS, ScheduleEntity, recurrence_of, refuse_cron, schedule_entity, trigger_of
from api.v1.submissions import SubmissionInfo
from api.v1.wire import PAGE_SIZE, checked, entity_status, every, moved, texts
from shared.core.bindings import ParameterDefinition
from shared.core.errors import InvalidDocument
from shared.core.publishing import PublishedPipeline
from shared.core.records import RunFilter
from shared.core.schedules import DatastoreTrigger, Schedule
from shared.services import endpoints, publishing, schedules
from shared.services.schedule_requests import ScheduleChange, ScheduleRequest
from shared.services.workspace import Workspace

router = APIRouter()

_KEYS = {
    "published_pipeline_id": "PipelineId",
    "datastore_trigger": "DataStoreTriggerInfo",
    "status": "EntityStatus",
    "parameters": "PipelineSubmissionInfo",
    "experiment_name": "PipelineSubmissionInfo",
}
_POINTERS = {
    **POINTERS,
    "/parameters": "/PipelineSubmissionInfo/ParameterAssignments",
    "/experiment_name": "/PipelineSubmissionInfo/ExperimentName",
    "/datastore_trigger": "/DataStoreTriggerInfo",
    "/recurrence": "/Recurrence",
    "/published_pipeline_id": "/PipelineId",
    "/pipeline_endpoint_id": "/PipelineEndpointId",
}


@router.post("/Schedules/Create")
async def create(workspace: WorkspaceDep, caller: CallerDep, body: ScheduleEntity) -> ScheduleEntity:
    """Make a schedule of a published pipeline or of an endpoint."""
    fields = _fields(body) | {
        "published_pipeline_id": body.pipeline_id,
        "pipeline_endpoint_id": body.pipeline_endpoint_id,
    }
    info = body.pipeline_submission_info or SubmissionInfo()
    fields["properties"] = texts(info.properties)
    parameters = _parameters_behind(workspace, body.pipeline_id, body.pipeline_endpoint_id)
    fields["parameters"], warnings = parameter_values(workspace, parameters, info)
    try:
        request = checked(ScheduleRequest, fields, _KEYS)
        made = schedules.create_schedule(workspace, request, warnings=warnings, caller_name=caller.name)
        return schedule_entity(made)
    except InvalidDocument as error:
        raise moved(error, _POINTERS) from None


@router.get("/Schedules")
async def list_schedules(workspace: WorkspaceDep, *, active_only: ActiveOnly = True) -> list[ScheduleEntity]:
    """Schedules, newest first; those with cron expressions are left out, because v1 has no words for them."""
    return _listed(workspace, active_only=active_only)


@router.get("/Schedules/Pipeline/{pipeline_id}")
async def list_of_pipeline(workspace: WorkspaceDep, pipeline_id: RecordId) -> list[ScheduleEntity]:
    """Schedules of a published pipeline."""
    return _listed(workspace, active_only=False, pipeline_id=pipeline_id)


@router.get("/Schedules/PipelineEndpoint/{endpoint_id}")
async def list_of_endpoint(workspace: WorkspaceDep, endpoint_id: RecordId) -> list[ScheduleEntity]:
    """Schedules of an endpoint."""
    return _listed(workspace, active_only=False, endpoint_id=endpoint_id)


@router.get("/Schedules/{schedule_id}")
async def get(workspace: WorkspaceDep, schedule_id: RecordId) -> ScheduleEntity:
    """A schedule."""
    return schedule_entity(schedules.get_schedule(workspace, schedule_id))


@router.put("/Schedules/{schedule_id}")
async def change(workspace: WorkspaceDep, schedule_id: RecordId, body: ScheduleEntity) -> ScheduleEntity:
    """Change a schedule; v1's SDK sends all of it, and what is not sent stays, as does what v1 has no words for."""
    old = schedules.get_schedule(workspace, schedule_id)
    refuse_cron(old)
    fields = {name: value for name, value in _fields(body, old.datastore_trigger).items() if value is not None}
    info = body.pipeline_submission_info
    warnings: tuple[str, ...] = ()
    if info is not None:
        parameters = _parameters_behind(workspace, old.published_pipeline_id, old.pipeline_endpoint_id)
        fields["parameters"], warnings = changed_values(workspace, parameters, info, old.parameters)
    try:
        asked = checked(ScheduleChange, fields, _KEYS)
        differs = {name: getattr(asked, name) for name in fields if getattr(asked, name) != getattr(old, name)}
        asked = ScheduleChange(**differs)
        return schedule_entity(schedules.update_schedule(workspace, schedule_id, asked, warnings=warnings))
    except InvalidDocument as error:
        raise moved(error, _POINTERS) from None


@router.get("/PipelineRuns/Schedule/{schedule_id}")
async def list_runs(workspace: WorkspaceDep, schedule_id: RecordId) -> list[PipelineRunEntity]:
    """Runs that a schedule started, newest first."""
    schedules.get_schedule(workspace, schedule_id)
    chosen = RunFilter(schedule_id=schedule_id)
    found = every(lambda token: workspace.services.runs.list_runs(chosen, PAGE_SIZE, token))
    return [run_entity(run) for run in found]


@router.get(
    "/PipelineRuns/Schedule/{schedule_id}/Last",
    response_model=PipelineRunEntity,
    responses={204: {"description": "It started none so far."}},
)
async def last_run(workspace: WorkspaceDep, schedule_id: RecordId) -> PipelineRunEntity | Response:
    """The latest run that a schedule started; 204 before the first."""
    run = schedules.last_run(workspace, schedule_id)
    return Response(status_code=HTTPStatus.NO_CONTENT) if run is None else run_entity(run)


def _fields(body: ScheduleEntity, old_trigger: DatastoreTrigger | None = None) -> dict[str, Any]:
    """What both making and changing take from v1's document."""
    info = body.pipeline_submission_info or SubmissionInfo()
    trigger = body.data_store_trigger_info
    return {
        "name": body.name,
        "description": body.description if body.description is not None else info.description,
        "status": entity_status(body.entity_status),
        "experiment_name": info.experiment_name or None,
        "continue_on_step_failure": info.continue_run_on_step_failure,
        "recurrence": None if body.recurrence is None else recurrence_of(body.recurrence),
        "datastore_trigger": None if trigger is None else trigger_of(trigger, old_trigger),
    }


def _parameters_behind(
    workspace: Workspace, pipeline_id: str | None, endpoint_id: str | None
) -> dict[str, ParameterDefinition]:
    """Parameters of the pipeline that a schedule runs; none where that is not said, which is a fault later on."""
    published: PublishedPipeline | None = None
    if pipeline_id is not None:
        published = publishing.get_published(workspace, pipeline_id)
    elif endpoint_id is not None:
        published = publishing.published_behind(workspace, endpoints.get_endpoint(workspace, endpoint_id), None)
    return {} if published is None else published.parameters


def _listed(
    workspace: Workspace, *, active_only: bool, pipeline_id: str | None = None, endpoint_id: str | None = None
) -> list[ScheduleEntity]:
    found: list[Schedule] = every(
        lambda token: schedules.list_schedules(
            workspace,
            active_only=active_only,
            published_pipeline_id=pipeline_id,
            pipeline_endpoint_id=endpoint_id,
            page_size=PAGE_SIZE,
            continuation_token=token,
        )
    )
    return [schedule_entity(each) for each in found if each.cron is None]
