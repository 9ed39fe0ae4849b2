"""Liveness, and what it depends on."""

from http import HTTPStatus

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.dependencies import WorkspaceDep
from shared.core import names
from shared.core.catalogue import Experiment
from shared.core.errors import PipeyardError

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """`status` is `ok` when every check is."""

    status: str
    checks: dict[str, str]


@router.get("/health", responses={503: {"model": Health, "description": "Something that it depends on is not well"}})
async def health(workspace: WorkspaceDep, response: Response) -> Health:
    """Whether tables and blobs answer."""
    checks = {}
    for name, probe in (
        ("tables", lambda: workspace.services.catalogue.page(Experiment, 1, None)),
        ("blobs", lambda: workspace.services.blobs.exists(names.SYSTEM_CONTAINER, "health")),
    ):
        try:
            probe()
            checks[name] = "ok"
        except PipeyardError as error:
            checks[name] = error.code
    well = all(state == "ok" for state in checks.values())
    if not well:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return Health(status="ok" if well else "unwell", checks=checks)
