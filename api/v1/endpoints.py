"""v1's routes for pipeline endpoints."""

from typing import Annotated

from fastapi import APIRouter, Header

from api.dependencies import CallerDep, RecordId, WorkspaceDep
from api.links import LinksDep
from api.v1.pipeline_entities import (
    EndpointCreation,
    EndpointUpdate,
    PipelineEndpointEntity,
    PipelineEntity,
    endpoint_entity,
    pipeline_entity,
)
from api.v1.pipelines import ActiveOnly
from api.v1.wire import MAX_LISTED, PAGE_SIZE, EndpointName, checked, entity_status, every, moved, texts
from shared.core.errors import InvalidDocument
from shared.core.publishing import EntityStatus
from shared.services import endpoints, publishing
from shared.services.endpoints import EndpointChanges, EndpointRequest

router = APIRouter(prefix="/PipelineEndpoints")

BatchSize = Annotated[int, Header(alias="BatchSize", ge=1)]
_KEYS = {"published_pipeline_id": "PipelineId", "status": "EntityStatus"}


@router.post("/Create")
async def create(
    workspace: WorkspaceDep, caller: CallerDep, links: LinksDep, body: EndpointCreation
) -> PipelineEndpointEntity:
    """Make an endpoint for a published pipeline."""
    fields = {
        "name": body.name,
        "description": body.description,
        "published_pipeline_id": body.pipeline_id,
        "properties": texts(body.properties),
    }
    request = checked(EndpointRequest, fields, _KEYS)
    return endpoint_entity(links, endpoints.create_endpoint(workspace, request, caller_name=caller.name))


@router.get("")
async def list_endpoints(
    workspace: WorkspaceDep, links: LinksDep, *, active_only: ActiveOnly = True, batch_size: BatchSize = MAX_LISTED
) -> list[PipelineEndpointEntity]:
    """Endpoints, newest first; the header `BatchSize` says how many at most."""
    found = every(
        lambda token: endpoints.list_endpoints(
            workspace, active_only=active_only, page_size=PAGE_SIZE, continuation_token=token
        ),
        min(batch_size, MAX_LISTED),
    )
    return [endpoint_entity(links, each) for each in found]


@router.get("/Id/{endpoint_id}")
async def get(workspace: WorkspaceDep, links: LinksDep, endpoint_id: RecordId) -> PipelineEndpointEntity:
    """An endpoint."""
    return endpoint_entity(links, endpoints.get_endpoint(workspace, endpoint_id))


@router.get("/Name")
async def get_by_name(workspace: WorkspaceDep, links: LinksDep, name: EndpointName) -> PipelineEndpointEntity:
    """An endpoint by its name."""
    return endpoint_entity(links, endpoints.get_endpoint_by_name(workspace, name))


@router.put("/{endpoint_id}")
async def change(
    workspace: WorkspaceDep, links: LinksDep, endpoint_id: RecordId, body: EndpointUpdate
) -> PipelineEndpointEntity:
    """Change what is sent. Pipelines that the list of versions has and the endpoint does not are added."""
    fields = {
        "name": body.name,
        "description": body.description,
        "status": entity_status(body.entity_status),
        "default_version": None if body.default_version is None else str(body.default_version),
    }
    changes = checked(EndpointChanges, fields, _KEYS)
    record = endpoints.get_endpoint(workspace, endpoint_id)
    known = {each.published_pipeline_id for each in record.versions}
    for version in body.pipeline_version_list or []:
        if version.pipeline_id not in known:
            record = endpoints.add_version(workspace, endpoint_id, version.pipeline_id)
            known.add(version.pipeline_id)
    try:
        return endpoint_entity(links, endpoints.update_endpoint(workspace, endpoint_id, changes))
    except InvalidDocument as error:
        raise moved(error, {"/default_version": "/DefaultVersion"}) from None


@router.get("/{endpoint_id}/pipelines")
async def list_pipelines(
    workspace: WorkspaceDep, links: LinksDep, endpoint_id: RecordId, *, active_only: ActiveOnly = True
) -> list[PipelineEntity]:
    """The published pipelines behind an endpoint's versions, in the versions' order."""
    record = endpoints.get_endpoint(workspace, endpoint_id)
    found = [publishing.get_published(workspace, each.published_pipeline_id) for each in record.versions]
    chosen = [each for each in found if not active_only or each.status is EntityStatus.ACTIVE]
    return [pipeline_entity(links, each) for each in chosen]
