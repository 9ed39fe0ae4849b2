"""What resources ask for: the workspace, the engine of this invocation, checked path and query parameters."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query, Request

from shared import bootstrap
from shared.core.datastores import NAME_PATTERN as DATASTORE_NAME_PATTERN
from shared.core.document import DIGEST_PATTERN
from shared.core.identity import Caller
from shared.core.names import RUN_ID_PATTERN
from shared.ports.engine import Engine
from shared.services.workspace import Workspace

current_engine: ContextVar[Engine] = ContextVar("current_engine")
"""Set by the HTTP trigger: the durable client belongs to an invocation, not to the process."""
VISIT = "pipeyard.visit"
"""Key of the ASGI scope under which `api.gate` leaves the `Visit`."""


@dataclass(slots=True, kw_only=True)
class Visit:
    """What is known about a request on its way: its caller, later the route's template and parameters."""

    caller: Caller
    route: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)


async def _workspace() -> Workspace:
    return bootstrap.workspace()


async def _engine() -> Engine:
    return current_engine.get()


async def _caller(request: Request) -> Caller:
    visit: Visit = request.scope[VISIT]
    return visit.caller


WorkspaceDep = Annotated[Workspace, Depends(_workspace)]
EngineDep = Annotated[Engine, Depends(_engine)]
CallerDep = Annotated[Caller, Depends(_caller)]
"""Who sent the request; `api.gate` has checked it."""

RunId = Annotated[str, Path(pattern=RUN_ID_PATTERN, description="Id of a run.")]
StepName = Annotated[str, Path(min_length=1, max_length=128, description="Name of a step.")]
Sha256 = Annotated[str, Path(pattern=DIGEST_PATTERN)]
DatastoreName = Annotated[str, Path(pattern=DATASTORE_NAME_PATTERN)]
RecordId = Annotated[str, Path(min_length=1, max_length=128, description="Id that the workspace gave.")]
RecordIdFilter = Annotated[str | None, Query(min_length=1, max_length=128)]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=255)]
PageSize = Annotated[int, Query(ge=1, le=200)]
Token = Annotated[str | None, Query(max_length=4096)]
