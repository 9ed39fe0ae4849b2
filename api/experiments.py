"""Experiments."""

from fastapi import APIRouter

from api.dependencies import PageSize, Token, WorkspaceDep
from shared.core.records import Experiment, Page

router = APIRouter(prefix="/api/experiments", tags=["experiments"])


@router.get("")
async def list_experiments(
    workspace: WorkspaceDep, page_size: PageSize = 50, continuation_token: Token = None
) -> Page[Experiment]:
    """Experiments by name."""
    return workspace.services.catalogue.list_experiments(page_size, continuation_token)
