"""Pipeline drafts: make, change, try, publish."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.dependencies import CallerDep, EngineDep, IdempotencyKey, PageSize, RecordId, Token, WorkspaceDep
from api.links import LinksDep
from api.published_pipelines import PublishedPipelineView, published_view
from api.views import RunView, run_view
from shared.core.bindings import ParameterValue
from shared.core.errors import Fault, InvalidDocument
from shared.core.publishing import DraftParent, PipelineDraft
from shared.core.records import Page
from shared.services import drafts
from shared.services.drafts import DraftChanges, DraftRequest

router = APIRouter(prefix="/api/pipeline-drafts", tags=["pipeline drafts"])

Tags = Annotated[list[str] | None, Query(max_length=20, description="`key:value`; a draft must have all of them.")]


class DraftView(BaseModel):
    """A draft."""

    id: str
    name: str
    description: str
    experiment_name: str
    definition_id: str
    parameters: dict[str, ParameterValue]
    continue_on_step_failure: bool
    tags: dict[str, str]
    properties: dict[str, str]
    parent: DraftParent | None
    last_run_id: str | None
    created_at: str
    created_by: str | None
    updated_at: str


def draft_view(record: PipelineDraft) -> DraftView:
    """A draft as the API shows it."""
    fields = record.model_dump(include=set(DraftView.model_fields))
    return DraftView.model_validate(fields | {"id": record.pipeline_draft_id})


@router.post("", status_code=HTTPStatus.CREATED)
async def create(workspace: WorkspaceDep, caller: CallerDep, body: DraftRequest) -> DraftView:
    """Make a draft of a definition, or from a published pipeline, a run or another draft."""
    return draft_view(drafts.create_draft(workspace, body, caller_name=caller.name))


@router.get("")
async def list_drafts(
    workspace: WorkspaceDep, tag: Tags = None, page_size: PageSize = 50, continuation_token: Token = None
) -> Page[DraftView]:
    """Drafts, newest first."""
    found = drafts.list_drafts(
        workspace, tags=_tags(tag or []), page_size=page_size, continuation_token=continuation_token
    )
    return found.shown(draft_view)


def _tags(given: list[str]) -> dict[str, str]:
    wrong = [each for each in given if ":" not in each]
    if wrong:
        message = "A tag to look for is written `key:value`."
        raise InvalidDocument([Fault(pointer="/tag", message=message) for _ in wrong])
    return dict(each.split(":", 1) for each in given)


@router.get("/{draft_id}")
async def get(workspace: WorkspaceDep, draft_id: RecordId) -> DraftView:
    """A draft."""
    return draft_view(drafts.get_draft(workspace, draft_id))


@router.patch("/{draft_id}")
async def change(workspace: WorkspaceDep, draft_id: RecordId, body: DraftChanges) -> DraftView:
    """Change a draft, its pipeline included."""
    return draft_view(drafts.update_draft(workspace, draft_id, body))


@router.delete("/{draft_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete(workspace: WorkspaceDep, draft_id: RecordId) -> None:
    """Delete a draft; its runs and what was published from it stay."""
    drafts.delete_draft(workspace, draft_id)


@router.post(
    "/{draft_id}/submit",
    status_code=HTTPStatus.CREATED,
    responses={200: {"model": RunView, "description": "Submitted before"}},
)
async def submit(
    workspace: WorkspaceDep,
    engine: EngineDep,
    draft_id: RecordId,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> RunView:
    """Start a run of the draft as it is now."""
    run, created = drafts.submit_draft(workspace, engine, draft_id, idempotency_key=idempotency_key)
    if not created:
        response.status_code = HTTPStatus.OK
    return run_view(run)


@router.post("/{draft_id}/publish", status_code=HTTPStatus.CREATED)
async def publish(
    workspace: WorkspaceDep, caller: CallerDep, links: LinksDep, draft_id: RecordId
) -> PublishedPipelineView:
    """Publish the draft as it is now: its parameters become the defaults."""
    return published_view(workspace, links, drafts.publish_draft(workspace, draft_id, caller_name=caller.name))
