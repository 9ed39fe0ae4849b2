"""Compute targets: list, create or attach, look after, change, delete."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from api.dependencies import WorkspaceDep
from api.views import ListOf
from shared.core.compute_targets import TARGET_NAME_PATTERN, ComputeTarget
from shared.services import target_status
from shared.services.compute_registration import (
    TargetChange,
    TargetRequest,
    change_target,
    delete_target,
    put_target,
)
from shared.services.compute_targets import all_targets, find_target
from shared.services.workspace import Workspace

router = APIRouter(prefix="/api/compute-targets", tags=["compute targets"])

TargetName = Annotated[str, Path(pattern=TARGET_NAME_PATTERN, description="Name of a compute target.")]


class TargetView(BaseModel):
    """A compute target. `status` has v1's shape for clusters; `runs_on` is None where nothing here runs its jobs.

    In lists, `status` is empty where a service would have to be asked.
    """

    name: str
    type: str
    provisioning_state: str
    provisioning_errors: list[str]
    properties: dict[str, Any]
    secret_properties: list[str]
    status: dict[str, Any]
    description: str
    tags: dict[str, str]
    is_attached: bool
    location: str
    created_at: str
    runs_on: str | None


@router.get("")
async def list_targets(workspace: WorkspaceDep) -> ListOf[TargetView]:
    """Every compute target."""
    seen = (target_status.remembered(workspace, target) for target in all_targets(workspace))
    return ListOf(value=[_view(workspace, *each) for each in seen if each is not None])


@router.get("/{name}")
async def get(workspace: WorkspaceDep, name: TargetName) -> TargetView:
    """A compute target, as its service sees it now."""
    return _current(workspace, find_target(workspace, name))


@router.get("/{name}/nodes")
async def nodes(workspace: WorkspaceDep, name: TargetName) -> ListOf[dict[str, Any]]:
    """The nodes of a cluster with their jobs."""
    return ListOf(value=target_status.nodes(workspace, find_target(workspace, name)))


@router.put("/{name}", status_code=HTTPStatus.CREATED, responses={200: {"model": TargetView, "description": "Changed"}})
async def put(workspace: WorkspaceDep, name: TargetName, body: TargetRequest, response: Response) -> TargetView:
    """Create or attach a compute target, or change the one of this name."""
    target, created = put_target(workspace, name, body)
    if not created:
        response.status_code = HTTPStatus.OK
    return _current(workspace, target)


@router.patch("/{name}")
async def change(workspace: WorkspaceDep, name: TargetName, body: TargetChange) -> TargetView:
    """Change a compute target."""
    return _current(workspace, change_target(workspace, name, body))


@router.delete(
    "/{name}",
    status_code=HTTPStatus.NO_CONTENT,
    response_model=None,
    responses={202: {"model": TargetView, "description": "Its service is deleting it"}},
)
async def delete(workspace: WorkspaceDep, name: TargetName) -> Response:
    """Delete or detach a compute target on which no steps run."""
    target = delete_target(workspace, name)
    if target is None:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return JSONResponse(_view(workspace, target, {}).model_dump(mode="json"), status_code=HTTPStatus.ACCEPTED)


def _current(workspace: Workspace, target: ComputeTarget) -> TargetView:
    return _view(workspace, *target_status.current(workspace, target))


def _view(workspace: Workspace, target: ComputeTarget, status: dict[str, Any]) -> TargetView:
    fields = target.model_dump(include=set(TargetView.model_fields))
    return TargetView(
        **fields,
        secret_properties=list(target.secret_properties),
        is_attached=target.attached,
        location=str(target.properties.get("location", "local")),
        runs_on=workspace.services.compute.offers(target),
        status=status,
    )
