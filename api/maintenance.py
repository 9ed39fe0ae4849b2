"""Housekeeping for administrators: purge, backup and restore."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from api.dependencies import EngineDep, Token, WorkspaceDep
from shared.core.retention import Mode, Purge
from shared.services.maintenance.backup import MEDIA_TYPE, backup_page
from shared.services.maintenance.purge import last_purge, purge
from shared.services.maintenance.restore import Policy, RestoreReport, restore

router = APIRouter(prefix="/api/maintenance", tags=["maintenance"])

_LINES: dict[str, Any] = {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
_BODY: dict[str, Any] = {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}}
DryRun = Annotated[bool, Query(description="Only look: nothing is changed.")]


class PurgeCount(BaseModel):
    """How much of one sort."""

    count: int
    bytes: int


class PurgeView(BaseModel):
    """How far a purge has come."""

    id: str
    dry_run: bool
    status: str
    started_at: str
    ended_at: str | None
    phase: str
    removed: dict[str, PurgeCount]
    notes: list[str]


@router.post("/purge")
async def work(
    workspace: WorkspaceDep,
    engine: EngineDep,
    *,
    dry_run: DryRun = False,
    seconds: Annotated[float, Query(ge=0, le=120)] = 30,
) -> PurgeView:
    """Begin a purge, or go on with the one under way. While its status is `running`, ask again."""
    return _view(purge(workspace, engine, "dry_run" if dry_run else "purge", seconds))


@router.get("/purge")
async def last(workspace: WorkspaceDep, *, dry_run: DryRun = False) -> PurgeView:
    """The last purge, or the one under way."""
    mode: Mode = "dry_run" if dry_run else "purge"
    return _view(last_purge(workspace, mode))


@router.get("/backup", response_class=Response, responses={200: {"description": "JSON lines", **_LINES}})
async def backup(workspace: WorkspaceDep, continuation_token: Token = None) -> Response:
    """A part of a copy of the catalogue, as JSON lines; the last one says whether, and with which token, it goes on."""
    return Response(backup_page(workspace, continuation_token), media_type=MEDIA_TYPE)


@router.post("/restore", openapi_extra={"requestBody": _BODY})
async def put_back(
    workspace: WorkspaceDep, request: Request, *, conflict: Policy = "skip", dry_run: DryRun = False
) -> RestoreReport:
    """Put back lines of a backup. Everything is checked before the first line is written."""
    return restore(workspace, await request.body(), conflict=conflict, dry_run=dry_run)


def _view(record: Purge) -> PurgeView:
    return PurgeView(
        id=record.purge_id,
        dry_run=record.dry_run,
        status="running" if record.ended_at is None else "finished",
        started_at=record.started_at,
        ended_at=record.ended_at,
        phase=record.phase,
        removed={sort: PurgeCount(**each.model_dump()) for sort, each in sorted(record.removed.items())},
        notes=list(record.notes),
    )
