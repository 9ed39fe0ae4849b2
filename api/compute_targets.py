"""Compute targets: list, create or attach, change, delete."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from api.dependencies import WorkspaceDep
from api.views import ListOf
from shared.core.compute_targets import TARGET_NAME_PATTERN, ComputeTarget
from shared.services import compute_targets as service
from shared.services.compute_registration import (
    TargetChange,
    TargetRequest,
    change_target,
    delete_target,
    put_target,
)
from shared.services.workspace import Workspace

router = APIRouter(prefix="/api/compute-targets", tags=["compute targets"])

TargetName = Annotated[str, Path(pattern=TARGET_NAME_PATTERN, description="Name of a compute target.")]


class TargetView(BaseModel):
    """A compute target. `status` has v1's shape for clusters; `runs_on` is None where nothing here runs its jobs."""

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
    return ListOf(value=[_view(workspace, target) for target in service.all_targets(workspace)])


@router.get("/{name}")
async def get(workspace: WorkspaceDep, name: TargetName) -> TargetView:
    """A compute target."""
    return _view(workspace, service.find_target(workspace, name))


@router.put("/{name}", status_code=HTTPStatus.CREATED, responses={200: {"model": TargetView, "description": "Changed"}})
async def put(workspace: WorkspaceDep, name: TargetName, body: TargetRequest, response: Response) -> TargetView:
    """Create or attach a compute target, or change the one of this name."""
    target, created = put_target(workspace, name, body)
    if not created:
        response.status_code = HTTPStatus.OK
    return _view(workspace, target)


@router.patch("/{name}")
async def change(workspace: WorkspaceDep, name: TargetName, body: TargetChange) -> TargetView:
    """Change a compute target."""
    return _view(workspace, change_target(workspace, name, body))


@router.delete("/{name}", status_code=HTTPStatus.NO_CONTENT)
async def delete(workspace: WorkspaceDep, name: TargetName) -> None:
    """Delete or detach a compute target. Jobs that run on it go on."""
    delete_target(workspace, name)


def _view(workspace: Workspace, target: ComputeTarget) -> TargetView:
    fields = target.model_dump(include=set(TargetView.model_fields))
    return TargetView(
        **fields,
        is_attached=target.attached,
        location="local",
        runs_on=service.target_runs_on(workspace, target),
        status=service.cluster_status(workspace, target),
    )
