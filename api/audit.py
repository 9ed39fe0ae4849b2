"""The audit log."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from api.dependencies import PageSize, Token, WorkspaceDep
from shared.core.audit import AuditRecord
from shared.core.records import Page

router = APIRouter(tags=["identity"])


@router.get("/api/audit")
async def list_audit(
    workspace: WorkspaceDep,
    caller: Annotated[str | None, Query(max_length=200)] = None,
    action: Annotated[str | None, Query(max_length=300)] = None,
    since: AwareDatetime | None = None,
    page_size: PageSize = 50,
    continuation_token: Token = None,
) -> Page[AuditRecord]:
    """Who did what, newest first."""
    return workspace.services.audit.page(
        caller=caller, action=action, since=since, page_size=page_size, continuation_token=continuation_token
    )
