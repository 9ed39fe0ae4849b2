"""Snapshots: which files are missing, upload, read."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from api.dependencies import Sha256, WorkspaceDep
from shared.core.snapshots import SnapshotFile, SnapshotManifest
from shared.services.snapshots import register_snapshot, store_file

router = APIRouter(prefix="/api/snapshots", tags=["snapshots"])

_BYTES = {"requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}


class SnapshotRequest(BaseModel):
    """The files of a source directory."""

    files: Annotated[list[SnapshotFile], Field(max_length=20_000)]


class SnapshotAnswer(BaseModel):
    """The snapshot's id, and the files to upload before it is registered."""

    snapshot_id: str
    missing: list[str]


@router.post("")
async def register(workspace: WorkspaceDep, body: SnapshotRequest) -> SnapshotAnswer:
    """Register a snapshot, or say which of its files are missing."""
    snapshot_id, missing = register_snapshot(workspace, body.files)
    return SnapshotAnswer(snapshot_id=snapshot_id, missing=missing)


@router.put("/files/{sha256}", status_code=HTTPStatus.CREATED, openapi_extra=_BYTES)
async def upload(workspace: WorkspaceDep, sha256: Sha256, request: Request) -> None:
    """Upload a file's bytes; they must match the digest."""
    store_file(workspace, sha256, await request.body())


@router.get("/{snapshot_id}")
async def get(workspace: WorkspaceDep, snapshot_id: Sha256) -> SnapshotManifest:
    """A snapshot's files."""
    return workspace.manifest(snapshot_id)
