"""Registered environments."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from api.dependencies import WorkspaceDep
from api.views import ListOf
from shared.core.document import NAME_PATTERN
from shared.core.environments import Environment
from shared.services import environments as service

router = APIRouter(prefix="/api/environments", tags=["environments"])

EnvironmentName = Annotated[str, Path(pattern=NAME_PATTERN, description="Name of an environment.")]


class EnvironmentRequest(BaseModel):
    """What a client registers: a document that only clients read."""

    document: dict[str, Any]


class EnvironmentView(BaseModel):
    """A version of an environment."""

    name: str
    version: int
    document: dict[str, Any]
    created_at: str


@router.get("")
async def list_environments(workspace: WorkspaceDep) -> ListOf[EnvironmentView]:
    """The latest version of every environment."""
    return ListOf(value=[_view(each) for each in service.list_environments(workspace)])


@router.get("/{name}")
async def get(
    workspace: WorkspaceDep, name: EnvironmentName, version: Annotated[int | None, Query(ge=1, le=999_999)] = None
) -> EnvironmentView:
    """A version of an environment, the latest where none is asked for."""
    return _view(service.get_environment(workspace, name, version))


@router.put(
    "/{name}", status_code=HTTPStatus.CREATED, responses={200: {"model": EnvironmentView, "description": "Unchanged"}}
)
async def put(
    workspace: WorkspaceDep, name: EnvironmentName, body: EnvironmentRequest, response: Response
) -> EnvironmentView:
    """Register an environment: a new version where the document differs from the latest one."""
    environment, created = service.put_environment(workspace, name, body.document)
    if not created:
        response.status_code = HTTPStatus.OK
    return _view(environment)


def _view(environment: Environment) -> EnvironmentView:
    return EnvironmentView.model_validate(environment.model_dump(include=set(EnvironmentView.model_fields)))
