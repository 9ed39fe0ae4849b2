"""The dry run."""

from fastapi import APIRouter
from pydantic import BaseModel

from api.dependencies import WorkspaceDep
from shared.services.planning import PlannedStep, plan_run
from shared.services.submission import RunRequest

router = APIRouter(prefix="/api", tags=["runs"])


class Plan(BaseModel):
    """What would become of each step."""

    steps: list[PlannedStep]


@router.post("/plan")
async def plan(workspace: WorkspaceDep, body: RunRequest) -> Plan:
    """Say what would run, what would be reused and why. Writes nothing, starts nothing."""
    return Plan(steps=plan_run(workspace, body))
