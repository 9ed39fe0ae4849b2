"""Modules and their versions."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel

from api.dependencies import WorkspaceDep
from api.views import ListOf
from shared.core.document import NAME_PATTERN
from shared.core.modules import Module
from shared.core.names import GUID_PATTERN
from shared.services import modules as service
from shared.services.modules import ModuleChange, ModuleRequest, ModuleVersionRequest

router = APIRouter(prefix="/api/modules", tags=["modules"])

ModuleId = Annotated[str, Path(pattern=GUID_PATTERN, description="Id of a module.")]
ModuleName = Annotated[str, Path(pattern=NAME_PATTERN, description="Name of a module.")]


class ModuleVersionView(BaseModel):
    """A version of a module."""

    version: str
    id: str
    status: str
    description: str
    step: dict[str, Any]
    created_at: str


class ModuleView(BaseModel):
    """A module with all its versions, the oldest first."""

    id: str
    name: str
    description: str
    status: str
    default_version: str | None
    versions: list[ModuleVersionView]
    created_at: str
    updated_at: str


@router.post("", status_code=HTTPStatus.CREATED)
async def create(workspace: WorkspaceDep, body: ModuleRequest) -> ModuleView:
    """Create a module without versions."""
    return _view(service.create_module(workspace, body))


@router.get("")
async def list_modules(workspace: WorkspaceDep) -> ListOf[ModuleView]:
    """Every module, by name."""
    return ListOf(value=[_view(each) for each in service.list_modules(workspace)])


@router.get("/by-name/{name}")
async def get_by_name(workspace: WorkspaceDep, name: ModuleName) -> ModuleView:
    """A module by name."""
    return _view(service.get_module_by_name(workspace, name))


@router.get("/{module_id}")
async def get(workspace: WorkspaceDep, module_id: ModuleId) -> ModuleView:
    """A module."""
    return _view(service.get_module(workspace, module_id))


@router.patch("/{module_id}")
async def change(workspace: WorkspaceDep, module_id: ModuleId, body: ModuleChange) -> ModuleView:
    """Change name, description, status or default version, or the status of versions."""
    return _view(service.change_module(workspace, module_id, body))


@router.post("/{module_id}/versions", status_code=HTTPStatus.CREATED)
async def add_version(workspace: WorkspaceDep, module_id: ModuleId, body: ModuleVersionRequest) -> ModuleView:
    """Add a version."""
    return _view(service.add_module_version(workspace, module_id, body))


def _view(module: Module) -> ModuleView:
    return ModuleView.model_validate(module.model_dump(include=set(ModuleView.model_fields)))
