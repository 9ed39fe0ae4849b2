"""Who the caller is, as the workspace sees it."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from api.dependencies import CallerDep
from shared.core.identity import Role

router = APIRouter(tags=["identity"])


class WhoAmI(BaseModel):
    """The caller."""

    name: str
    kind: Literal["user", "application", "run", "local"]
    roles: list[Role]
    authenticated: bool


@router.get("/api/whoami")
async def whoami(caller: CallerDep) -> WhoAmI:
    """The caller's name, kind and roles."""
    return WhoAmI(name=caller.name, kind=caller.kind, roles=list(caller.roles), authenticated=caller.authenticated)
