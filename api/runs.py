"""Runs: submit, list, read, cancel, resume, explain."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.dependencies import (
    EngineDep,
    IdempotencyKey,
    PageSize,
    RecordIdFilter,
    RunId,
    Token,
    WorkspaceDep,
)
from api.views import ListOf, RunView, run_page, run_view
from shared.core.document import EXPERIMENT_PATTERN, NAME_PATTERN
from shared.core.records import Difference, Page, RunFilter
from shared.core.status import RunStatus
from shared.services import reading
from shared.services.maintenance.removal import delete_run
from shared.services.run_changes import RunChanges, change_run
from shared.services.runs import cancel_run
from shared.services.submission import RunRequest, resume_run, submit_run

router = APIRouter(prefix="/api/runs", tags=["runs"])


class StepExplanation(BaseModel):
    """Why a step ran or did not."""

    step: str
    status: str
    reused: bool
    code: str
    sentence: str
    differences: list[Difference]
    compared_with: str | None


@router.post("", status_code=HTTPStatus.CREATED, responses={200: {"model": RunView, "description": "Submitted before"}})
async def submit(
    workspace: WorkspaceDep,
    engine: EngineDep,
    body: RunRequest,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> RunView:
    """Start a run. With an `Idempotency-Key` header, a repeated request answers with the first run."""
    run, created = submit_run(workspace, engine, body, idempotency_key=idempotency_key)
    if not created:
        response.status_code = HTTPStatus.OK
    return run_view(run)


@router.get("")
async def list_runs(
    workspace: WorkspaceDep,
    experiment: Annotated[str | None, Query(pattern=EXPERIMENT_PATTERN)] = None,
    pipeline: Annotated[str | None, Query(pattern=NAME_PATTERN)] = None,
    status: RunStatus | None = None,
    published_pipeline_id: RecordIdFilter = None,
    schedule_id: RecordIdFilter = None,
    parent_step_run_id: RecordIdFilter = None,
    page_size: PageSize = 50,
    continuation_token: Token = None,
) -> Page[RunView]:
    """Runs, newest first."""
    chosen = RunFilter(
        experiment=experiment,
        pipeline=pipeline,
        status=status,
        published_pipeline_id=published_pipeline_id,
        schedule_id=schedule_id,
        parent_step_run_id=parent_step_run_id,
    )
    return run_page(workspace.services.runs.list_runs(chosen, page_size, continuation_token))


@router.get("/{run_id}")
async def get(workspace: WorkspaceDep, run_id: RunId) -> RunView:
    """A run."""
    return run_view(workspace.services.runs.get_run(run_id))


@router.patch("/{run_id}")
async def change(workspace: WorkspaceDep, run_id: RunId, body: RunChanges) -> RunView:
    """Change labels (null takes one away) and description; add properties, which never change."""
    return run_view(change_run(workspace, run_id, body))


@router.delete("/{run_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete(workspace: WorkspaceDep, run_id: RunId) -> None:
    """Delete a run that has ended, with its logs, metrics and files. Outputs that nothing needs go with a purge."""
    delete_run(workspace, run_id)


@router.get("/{run_id}/explain")
async def explain(
    workspace: WorkspaceDep, run_id: RunId, step: Annotated[str | None, Query(max_length=128)] = None
) -> ListOf[StepExplanation]:
    """Why each step of a run ran, was reused, or did not run."""
    rows = reading.step_rows(workspace, run_id) if step is None else [reading.step_row(workspace, run_id, step)]
    return ListOf(
        value=[
            StepExplanation(step=row.name, status=row.status, reused=row.reused, **row.explanation.model_dump())
            for row in rows
            if row.explanation is not None
        ]
    )


@router.post("/{run_id}/cancel", status_code=HTTPStatus.ACCEPTED)
async def cancel(workspace: WorkspaceDep, engine: EngineDep, run_id: RunId) -> RunView:
    """Ask for a run's end. It is `Canceled` once every job of it has ended."""
    return run_view(cancel_run(workspace, engine, run_id))


@router.post(
    "/{run_id}/resume",
    status_code=HTTPStatus.CREATED,
    responses={200: {"model": RunView, "description": "Resumed before"}},
)
async def resume(
    workspace: WorkspaceDep,
    engine: EngineDep,
    run_id: RunId,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> RunView:
    """Start a new run of the same definition; finished steps are reused where their keys still match."""
    run, created = resume_run(workspace, engine, run_id, idempotency_key=idempotency_key)
    if not created:
        response.status_code = HTTPStatus.OK
    return run_view(run)
