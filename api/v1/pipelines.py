"""v1's routes for published pipelines, under all three names that they had."""

from typing import Annotated

from fastapi import APIRouter, Body, Query

from api.dependencies import CallerDep, RecordId, WorkspaceDep
from api.links import Links, LinksDep
from api.v1.draft_entities import DraftEntity, draft_id_of
from api.v1.pipeline_entities import PipelineEntity, PipelineViewEntity, pipeline_entity
from api.v1.run_entities import status_code
from api.v1.wire import PAGE_SIZE, entity_status, every
from shared.core.errors import Fault, InvalidDocument
from shared.core.publishing import PublishedPipeline
from shared.core.records import RunFilter
from shared.services import drafts, publishing
from shared.services.workspace import Workspace

router = APIRouter()

ActiveOnly = Annotated[bool, Query(alias="activeOnly")]
MAX_COUNTED_RUNS = 1000
"""A view counts no further: it would have to read every run."""


@router.get("/Pipelines/View")
async def list_views(
    workspace: WorkspaceDep, links: LinksDep, *, active_only: ActiveOnly = True
) -> list[PipelineViewEntity]:
    """Published pipelines with their last runs."""
    return [_view(workspace, links, each) for each in _listed(workspace, active_only=active_only)]


@router.get("/Pipelines")
@router.get("/PublishedPipelines")
@router.get("/Templates")
async def list_pipelines(
    workspace: WorkspaceDep, links: LinksDep, *, active_only: ActiveOnly = True
) -> list[PipelineEntity]:
    """Published pipelines, newest first."""
    return [pipeline_entity(links, each) for each in _listed(workspace, active_only=active_only)]


@router.get("/Pipelines/{pipeline_id}")
@router.get("/PublishedPipelines/{pipeline_id}")
@router.get("/Templates/{pipeline_id}")
async def get(workspace: WorkspaceDep, links: LinksDep, pipeline_id: RecordId) -> PipelineEntity:
    """A published pipeline."""
    return pipeline_entity(links, publishing.get_published(workspace, pipeline_id))


@router.get("/Pipelines/{pipeline_id}/View")
async def get_view(workspace: WorkspaceDep, links: LinksDep, pipeline_id: RecordId) -> PipelineViewEntity:
    """A published pipeline with its last run."""
    return _view(workspace, links, publishing.get_published(workspace, pipeline_id))


@router.put("/Pipelines/{pipeline_id}/status")
@router.put("/PublishedPipelines/{pipeline_id}/status")
@router.put("/Templates/{pipeline_id}/status")
async def set_status(
    workspace: WorkspaceDep, links: LinksDep, pipeline_id: RecordId, status: Annotated[str | int, Body()]
) -> PipelineEntity:
    """Enable or disable it; the body is nothing but `"Active"` or `"Disabled"`."""
    wanted = entity_status(status)
    if wanted is None:
        raise InvalidDocument([Fault(pointer="", message="The body says no status.")])
    return pipeline_entity(links, publishing.set_published_status(workspace, pipeline_id, wanted))


@router.post("/Pipelines/PipelineDraftCreate")
async def publish_draft(
    workspace: WorkspaceDep, caller: CallerDep, links: LinksDep, draft: DraftEntity
) -> PipelineEntity:
    """Publish a draft as it is stored."""
    record = drafts.publish_draft(workspace, draft_id_of(draft), caller_name=caller.name)
    return pipeline_entity(links, record)


def _listed(workspace: Workspace, *, active_only: bool) -> list[PublishedPipeline]:
    return every(
        lambda token: publishing.list_published(
            workspace, active_only=active_only, page_size=PAGE_SIZE, continuation_token=token
        )
    )


def _view(workspace: Workspace, links: Links, record: PublishedPipeline) -> PipelineViewEntity:
    chosen = RunFilter(published_pipeline_id=record.published_pipeline_id)
    runs = every(lambda token: workspace.services.runs.list_runs(chosen, PAGE_SIZE, token), MAX_COUNTED_RUNS)
    last = runs[0] if runs else None
    return PipelineViewEntity(
        pipeline_entity=pipeline_entity(links, record),
        last_run_id=None if last is None else last.run_id,
        last_run_created_time=None if last is None else last.created_at,
        last_run_status=None if last is None else status_code(last),
        total_runs=len(runs),
    )
