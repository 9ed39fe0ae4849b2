"""All of v1's routes, below the address at which v1's clients look for a workspace."""

from fastapi import APIRouter, Depends

from api.links import WORKSPACE
from api.v1 import drafts, endpoints, graphs, nodes, pipelines, refused, runs, schedules, submit
from api.v1.errors import ErrorResponse
from api.v1.wire import Segment


async def _addressed(subscription: Segment, group: Segment, workspace_name: Segment) -> None:
    """One deployment is one workspace, so whatever the address says is right."""


router = APIRouter(
    prefix=WORKSPACE,
    tags=["v1"],
    dependencies=[Depends(_addressed)],
    responses={"4XX": {"model": ErrorResponse, "description": "What is wrong, in v1's form."}},
)
for _module in (submit, pipelines, endpoints, drafts, schedules, runs, nodes, graphs, refused):
    router.include_router(_module.router)
