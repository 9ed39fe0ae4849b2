"""Pipeline endpoints: stable addresses in front of versions of a pipeline."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from api.dependencies import CallerDep, EngineDep, IdempotencyKey, PageSize, RecordId, Token, WorkspaceDep
from api.links import Links, LinksDep
from api.published_pipelines import ActiveOnly
from api.views import RunView, run_view
from shared.core.document import Document
from shared.core.publishing import EntityStatus, PipelineEndpoint, PipelineVersion
from shared.core.records import Page
from shared.services import endpoints, publishing
from shared.services.endpoints import EndpointChanges, EndpointRequest
from shared.services.publishing import SubmitRequest

router = APIRouter(prefix="/api/pipeline-endpoints", tags=["pipeline endpoints"])

VersionName = Annotated[str | None, Query(min_length=1, max_length=20)]


class EndpointView(BaseModel):
    """A pipeline endpoint. `endpoint` is the address to which v1's clients submit it."""

    id: str
    name: str
    description: str
    status: EntityStatus
    default_version: str
    versions: list[PipelineVersion]
    endpoint: str
    swagger_url: str
    properties: dict[str, str]
    created_at: str
    created_by: str | None
    updated_at: str


class NewVersion(Document):
    """A published pipeline as the next version."""

    published_pipeline_id: str = Field(max_length=128)
    set_default: bool = False


class Rollback(Document):
    """Where to go back to; nothing means the default before the present one."""

    to_version: str | None = Field(default=None, max_length=20)


def endpoint_view(links: Links, record: PipelineEndpoint) -> EndpointView:
    """An endpoint as the API shows it."""
    fields = record.model_dump(include=set(EndpointView.model_fields))
    fields |= {
        "id": record.pipeline_endpoint_id,
        "endpoint": links.submit_endpoint(record.pipeline_endpoint_id),
        "swagger_url": links.description(),
    }
    return EndpointView.model_validate(fields)


@router.post("", status_code=HTTPStatus.CREATED)
async def create(workspace: WorkspaceDep, caller: CallerDep, links: LinksDep, body: EndpointRequest) -> EndpointView:
    """Make an endpoint; the published pipeline becomes its version "0" and its default."""
    return endpoint_view(links, endpoints.create_endpoint(workspace, body, caller_name=caller.name))


@router.get("")
async def list_endpoints(
    workspace: WorkspaceDep,
    links: LinksDep,
    *,
    active_only: ActiveOnly = True,
    page_size: PageSize = 50,
    continuation_token: Token = None,
) -> Page[EndpointView]:
    """Endpoints, newest first."""
    found = endpoints.list_endpoints(
        workspace, active_only=active_only, page_size=page_size, continuation_token=continuation_token
    )
    return found.shown(lambda each: endpoint_view(links, each))


@router.get("/by-name/{name}")
async def get_by_name(
    workspace: WorkspaceDep, links: LinksDep, name: Annotated[str, Path(min_length=1, max_length=255)]
) -> EndpointView:
    """An endpoint by its name."""
    return endpoint_view(links, endpoints.get_endpoint_by_name(workspace, name))


@router.get("/{endpoint_id}")
async def get(workspace: WorkspaceDep, links: LinksDep, endpoint_id: RecordId) -> EndpointView:
    """An endpoint."""
    return endpoint_view(links, endpoints.get_endpoint(workspace, endpoint_id))


@router.patch("/{endpoint_id}")
async def change(
    workspace: WorkspaceDep, links: LinksDep, endpoint_id: RecordId, body: EndpointChanges
) -> EndpointView:
    """Change name, description, status or default version."""
    return endpoint_view(links, endpoints.update_endpoint(workspace, endpoint_id, body))


@router.post("/{endpoint_id}/versions")
async def add_version(
    workspace: WorkspaceDep, links: LinksDep, endpoint_id: RecordId, body: NewVersion
) -> EndpointView:
    """Add a published pipeline as the next version."""
    changed = endpoints.add_version(workspace, endpoint_id, body.published_pipeline_id, set_default=body.set_default)
    return endpoint_view(links, changed)


@router.post("/{endpoint_id}/rollback")
async def roll_back(
    workspace: WorkspaceDep, links: LinksDep, endpoint_id: RecordId, body: Rollback | None = None
) -> EndpointView:
    """Make the default before the present one, or the given version, the default again."""
    to_version = body.to_version if body is not None else None
    return endpoint_view(links, endpoints.roll_back(workspace, endpoint_id, to_version))


@router.post(
    "/{endpoint_id}/submit",
    status_code=HTTPStatus.CREATED,
    responses={200: {"model": RunView, "description": "Submitted before"}},
)
async def submit(
    workspace: WorkspaceDep,
    engine: EngineDep,
    endpoint_id: RecordId,
    response: Response,
    body: SubmitRequest | None = None,
    version: VersionName = None,
    idempotency_key: IdempotencyKey = None,
) -> RunView:
    """Start a run of the default version, or of the given one."""
    run, created = publishing.submit_endpoint(
        workspace, engine, endpoint_id, body or SubmitRequest(), version=version, idempotency_key=idempotency_key
    )
    if not created:
        response.status_code = HTTPStatus.OK
    return run_view(run)
