"""Published pipelines: publish, list, enable and disable, submit."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.dependencies import CallerDep, EngineDep, IdempotencyKey, PageSize, RecordId, Token, WorkspaceDep
from api.links import Links, LinksDep
from api.views import RunView, run_view
from shared.core.bindings import ParameterDefinition
from shared.core.document import Document
from shared.core.publishing import EntityStatus, PublishedPipeline
from shared.core.records import Page
from shared.services import publishing
from shared.services.publishing import PublishRequest, SubmitRequest
from shared.services.workspace import Workspace

router = APIRouter(prefix="/api/published-pipelines", tags=["published pipelines"])

ActiveOnly = Annotated[bool, Query(description="Leave out what is disabled; pages may be short then.")]


class PublishedPipelineView(BaseModel):
    """A published pipeline. `endpoint` is the address to which v1's clients submit it."""

    id: str
    name: str
    description: str
    version: str
    status: EntityStatus
    definition_id: str
    parameters: dict[str, ParameterDefinition]
    step_count: int
    step_names: list[str]
    continue_on_step_failure: bool
    properties: dict[str, str]
    created_at: str
    created_by: str | None
    updated_at: str
    endpoint: str


class StatusChange(Document):
    """Another status."""

    status: EntityStatus


def published_view(workspace: Workspace, links: Links, record: PublishedPipeline) -> PublishedPipelineView:
    """A published pipeline as the API shows it."""
    fields = record.model_dump(include=set(PublishedPipelineView.model_fields))
    fields |= {
        "id": record.published_pipeline_id,
        "step_names": publishing.step_names(workspace, record),
        "endpoint": links.submit_published(record.published_pipeline_id),
    }
    return PublishedPipelineView.model_validate(fields)


@router.post("", status_code=HTTPStatus.CREATED)
async def publish(
    workspace: WorkspaceDep, caller: CallerDep, links: LinksDep, body: PublishRequest
) -> PublishedPipelineView:
    """Publish a definition, or what a run was a run of. It never changes afterwards."""
    return published_view(workspace, links, publishing.publish(workspace, body, caller_name=caller.name))


@router.get("")
async def list_published(
    workspace: WorkspaceDep,
    links: LinksDep,
    *,
    active_only: ActiveOnly = True,
    page_size: PageSize = 50,
    continuation_token: Token = None,
) -> Page[PublishedPipelineView]:
    """Published pipelines, newest first."""
    found = publishing.list_published(
        workspace, active_only=active_only, page_size=page_size, continuation_token=continuation_token
    )
    return found.shown(lambda each: published_view(workspace, links, each))


@router.get("/{published_pipeline_id}")
async def get(workspace: WorkspaceDep, links: LinksDep, published_pipeline_id: RecordId) -> PublishedPipelineView:
    """A published pipeline."""
    return published_view(workspace, links, publishing.get_published(workspace, published_pipeline_id))


@router.put("/{published_pipeline_id}/status")
async def set_status(
    workspace: WorkspaceDep, links: LinksDep, published_pipeline_id: RecordId, body: StatusChange
) -> PublishedPipelineView:
    """Enable or disable it. Runs that were submitted before go on."""
    record = publishing.set_published_status(workspace, published_pipeline_id, body.status)
    return published_view(workspace, links, record)


@router.post(
    "/{published_pipeline_id}/submit",
    status_code=HTTPStatus.CREATED,
    responses={200: {"model": RunView, "description": "Submitted before"}},
)
async def submit(
    workspace: WorkspaceDep,
    engine: EngineDep,
    published_pipeline_id: RecordId,
    response: Response,
    body: SubmitRequest | None = None,
    idempotency_key: IdempotencyKey = None,
) -> RunView:
    """Start a run of it. With an `Idempotency-Key` header, a repeated request answers with the first run."""
    run, created = publishing.submit_published(
        workspace, engine, published_pipeline_id, body or SubmitRequest(), idempotency_key=idempotency_key
    )
    if not created:
        response.status_code = HTTPStatus.OK
    return run_view(run)
