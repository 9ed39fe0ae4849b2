"""Experiments."""

from fastapi import APIRouter
from pydantic import BaseModel

from api.dependencies import PageSize, Token, WorkspaceDep
from shared.core.catalogue import Experiment
from shared.core.records import Page

router = APIRouter(prefix="/api/experiments", tags=["experiments"])


class ExperimentView(BaseModel):
    """A named collection of runs."""

    name: str
    created_at: str


@router.get("")
async def list_experiments(
    workspace: WorkspaceDep, page_size: PageSize = 50, continuation_token: Token = None
) -> Page[ExperimentView]:
    """Experiments by name."""
    found = workspace.services.catalogue.page(Experiment, page_size, continuation_token)
    return found.shown(lambda each: ExperimentView(name=each.name, created_at=each.created_at))
