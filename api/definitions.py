"""Definitions: check, store, read."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel

from api.dependencies import Sha256, WorkspaceDep
from shared.core.definition import PipelineDefinition
from shared.services.documents import store_definition
from shared.services.submission import check_definition, validate_definition

router = APIRouter(prefix="/api", tags=["definitions"])

DefinitionBody = Annotated[dict[str, Any], Body(description="A pipeline definition; see docs/definition.md.")]


class Validity(BaseModel):
    """A definition without faults; warnings name steps that nothing here can run as things are."""

    valid: bool
    warnings: list[str] = []


class StoredDefinition(BaseModel):
    """Where a definition is kept."""

    definition_id: str


@router.post("/validate")
async def validate(workspace: WorkspaceDep, body: DefinitionBody) -> Validity:
    """Check a definition against this workspace; every fault at once."""
    return Validity(valid=True, warnings=validate_definition(workspace, body))


@router.post("/definitions", status_code=HTTPStatus.CREATED)
async def store(workspace: WorkspaceDep, body: DefinitionBody) -> StoredDefinition:
    """Keep a definition under its digest."""
    definition = check_definition(workspace, body)
    return StoredDefinition(definition_id=store_definition(workspace.services.blobs, definition))


@router.get("/definitions/{definition_id}")
async def get(workspace: WorkspaceDep, definition_id: Sha256) -> PipelineDefinition:
    """A stored definition."""
    return workspace.definition(definition_id)
