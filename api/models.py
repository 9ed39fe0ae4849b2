"""Registered models."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from api.dependencies import PageSize, Token, WorkspaceDep
from shared.core.document import NAME_PATTERN
from shared.core.models import Model
from shared.core.records import Page
from shared.services import models as service
from shared.services.models import ModelChange, ModelRequest

router = APIRouter(prefix="/api/models", tags=["models"])

ModelName = Annotated[str, Path(pattern=NAME_PATTERN, description="Name of a model.")]
ModelVersion = Annotated[int, Path(ge=1, le=999_999)]
Version = Annotated[str, Query(pattern=r"^(latest|[1-9]\d{0,5})$")]


class ModelView(BaseModel):
    """A version of a model."""

    id: str
    name: str
    version: int
    datastore: str
    path: str
    description: str
    tags: dict[str, str]
    properties: dict[str, str]
    run_id: str | None
    framework: str | None
    framework_version: str | None
    created_at: str


@router.post("", status_code=HTTPStatus.CREATED)
async def register(workspace: WorkspaceDep, body: ModelRequest) -> ModelView:
    """Register a model as the next version of its name."""
    return _view(service.register_model(workspace, body))


@router.get("")
async def list_models(
    workspace: WorkspaceDep,
    name: Annotated[str | None, Query(pattern=NAME_PATTERN)] = None,
    page_size: PageSize = 50,
    continuation_token: Token = None,
) -> Page[ModelView]:
    """Models by name, the newest version of each first."""
    page = service.list_models(workspace, name, page_size, continuation_token)
    return page.shown(_view)


@router.get("/{name}")
async def get(workspace: WorkspaceDep, name: ModelName, version: Version = "latest") -> ModelView:
    """A version of a model."""
    return _view(service.get_model(workspace, name, None if version == "latest" else int(version)))


@router.patch("/{name}/{version}")
async def change(workspace: WorkspaceDep, name: ModelName, version: ModelVersion, body: ModelChange) -> ModelView:
    """Change description or tags, add properties."""
    return _view(service.change_model(workspace, name, version, body))


@router.delete("/{name}/{version}", status_code=HTTPStatus.NO_CONTENT)
async def delete(workspace: WorkspaceDep, name: ModelName, version: ModelVersion) -> None:
    """Forget a version of a model; its files stay where they are."""
    service.delete_model(workspace, name, version)


def _view(model: Model) -> ModelView:
    return ModelView(id=model.id, **model.model_dump(include=set(ModelView.model_fields)))
