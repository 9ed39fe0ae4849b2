"""Schedules: make, change, look ahead, look back."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.dependencies import CallerDep, PageSize, RecordId, RecordIdFilter, Token, WorkspaceDep
from api.views import RunView, run_view
from shared.core.bindings import ParameterValue
from shared.core.publishing import EntityStatus
from shared.core.records import Page
from shared.core.recurrence import CronRecurrence, Recurrence
from shared.core.schedules import CatchUp, DatastoreTrigger, Schedule, TriggerEvent, TriggerOutcome
from shared.services import schedules, trigger_history
from shared.services.schedule_requests import ScheduleChange, ScheduleRequest
from shared.services.workspace import Workspace

router = APIRouter(prefix="/api/schedules", tags=["schedules"])

ActiveOnly = Annotated[bool, Query(description="Leave out what is disabled; pages may be short then.")]


class ScheduleView(BaseModel):
    """A schedule. `next_fire_times` is empty while it is disabled, and where files are the trigger."""

    id: str
    name: str
    description: str
    status: EntityStatus
    published_pipeline_id: str | None
    pipeline_endpoint_id: str | None
    experiment_name: str
    parameters: dict[str, ParameterValue]
    continue_on_step_failure: bool | None
    properties: dict[str, str]
    recurrence: Recurrence | None
    cron: CronRecurrence | None
    datastore_trigger: DatastoreTrigger | None
    catch_up: CatchUp
    created_at: str
    created_by: str | None
    updated_at: str
    last_fired_at: str | None
    next_fire_times: list[str]


class Preview(BaseModel):
    """The first instants of a schedule that was not saved."""

    next_fire_times: list[str]


class HistoryView(BaseModel):
    """A line of a schedule's history. `files` are the first few of `file_count`."""

    id: str
    at: str
    outcome: TriggerOutcome
    instant: str | None
    run_id: str | None
    files: list[str]
    file_count: int
    reason: str | None


def schedule_view(workspace: Workspace, schedule: Schedule) -> ScheduleView:
    """A schedule as the API shows it."""
    fields = schedule.model_dump(include=set(ScheduleView.model_fields))
    fields["id"] = schedule.schedule_id
    fields["last_fired_at"] = schedules.progress_of(workspace, schedule).last_fired_at
    fields["next_fire_times"] = [instant.isoformat() for instant in schedules.upcoming(workspace, schedule)]
    return ScheduleView.model_validate(fields)


def _history_view(event: TriggerEvent) -> HistoryView:
    fields = event.model_dump(include=set(HistoryView.model_fields))
    return HistoryView.model_validate({**fields, "id": event.event_id})


@router.post("", status_code=HTTPStatus.CREATED)
async def create(workspace: WorkspaceDep, caller: CallerDep, body: ScheduleRequest) -> ScheduleView:
    """Make a schedule; it is at work at once."""
    return schedule_view(workspace, schedules.create_schedule(workspace, body, caller_name=caller.name))


@router.post("/preview")
async def preview(workspace: WorkspaceDep, body: ScheduleRequest) -> Preview:
    """When it would fire first. Everything is checked, nothing is saved."""
    return Preview(next_fire_times=[instant.isoformat() for instant in schedules.preview(workspace, body)])


@router.get("")
async def list_schedules(
    workspace: WorkspaceDep,
    *,
    active_only: ActiveOnly = True,
    published_pipeline_id: RecordIdFilter = None,
    pipeline_endpoint_id: RecordIdFilter = None,
    page_size: PageSize = 50,
    continuation_token: Token = None,
) -> Page[ScheduleView]:
    """Schedules, newest first."""
    found = schedules.list_schedules(
        workspace,
        active_only=active_only,
        published_pipeline_id=published_pipeline_id,
        pipeline_endpoint_id=pipeline_endpoint_id,
        page_size=page_size,
        continuation_token=continuation_token,
    )
    return found.shown(lambda each: schedule_view(workspace, each))


@router.get("/{schedule_id}")
async def get(workspace: WorkspaceDep, schedule_id: RecordId) -> ScheduleView:
    """A schedule."""
    return schedule_view(workspace, schedules.get_schedule(workspace, schedule_id))


@router.patch("/{schedule_id}")
async def change(workspace: WorkspaceDep, schedule_id: RecordId, body: ScheduleChange) -> ScheduleView:
    """Change what the body names. Runs that were started before go on."""
    return schedule_view(workspace, schedules.update_schedule(workspace, schedule_id, body))


@router.delete("/{schedule_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete(workspace: WorkspaceDep, schedule_id: RecordId) -> None:
    """Delete a schedule with its history; its runs stay."""
    schedules.delete_schedule(workspace, schedule_id)


@router.get("/{schedule_id}/history")
async def history(
    workspace: WorkspaceDep, schedule_id: RecordId, page_size: PageSize = 50, continuation_token: Token = None
) -> Page[HistoryView]:
    """What it did, newest first: what arrived, what was started, what was ignored and why."""
    found = trigger_history.history(workspace, schedule_id, page_size, continuation_token)
    return found.shown(_history_view)


@router.get(
    "/{schedule_id}/last-run",
    response_model=RunView,
    responses={204: {"description": "It has not started a run yet"}},
)
async def last_run(workspace: WorkspaceDep, schedule_id: RecordId) -> RunView | Response:
    """The latest run that it started."""
    run = schedules.last_run(workspace, schedule_id)
    return Response(status_code=HTTPStatus.NO_CONTENT) if run is None else run_view(run)
