"""v1's routes for runs as a whole."""

from fastapi import APIRouter

from api.dependencies import EngineDep, RecordId, RunId, WorkspaceDep
from api.v1.run_entities import PipelineRunEntity, RunUpdate, run_entity
from api.v1.wire import PAGE_SIZE, checked, every, texts
from shared.core.records import RunFilter
from shared.services import publishing
from shared.services.run_changes import RunChanges, change_run
from shared.services.runs import cancel_run

router = APIRouter(prefix="/PipelineRuns")

_KEYS = {"labels": "tags"}


@router.get("/{run_id}")
async def get(workspace: WorkspaceDep, run_id: RunId) -> PipelineRunEntity:
    """A run."""
    return run_entity(workspace.services.runs.get_run(run_id))


@router.put("/{run_id}")
async def change(workspace: WorkspaceDep, run_id: RunId, body: RunUpdate) -> PipelineRunEntity:
    """Change tags and description, and add properties."""
    fields = {
        "description": body.description,
        "labels": texts(body.tags),
        "properties": texts(body.properties),
    }
    return run_entity(change_run(workspace, run_id, checked(RunChanges, fields, _KEYS)))


@router.delete("/{run_id}/Execution")
async def cancel(workspace: WorkspaceDep, engine: EngineDep, run_id: RunId) -> PipelineRunEntity:
    """Ask for a run's end."""
    return run_entity(cancel_run(workspace, engine, run_id))


@router.get("/Pipeline/{pipeline_id}")
async def list_of_pipeline(workspace: WorkspaceDep, pipeline_id: RecordId) -> list[PipelineRunEntity]:
    """Runs of a published pipeline, newest first."""
    publishing.get_published(workspace, pipeline_id)
    chosen = RunFilter(published_pipeline_id=pipeline_id)
    return [run_entity(run) for run in every(lambda token: workspace.services.runs.list_runs(chosen, PAGE_SIZE, token))]
