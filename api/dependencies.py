"""What resources ask for: the workspace, the engine of this invocation, checked path and query parameters."""

from contextvars import ContextVar
from typing import Annotated

from fastapi import Depends, Path, Query

from shared import bootstrap
from shared.ports.engine import Engine
from shared.services.workspace import Workspace

current_engine: ContextVar[Engine] = ContextVar("current_engine")
"""Set by the HTTP trigger: the durable client belongs to an invocation, not to the process."""


async def _workspace() -> Workspace:
    return bootstrap.workspace()


async def _engine() -> Engine:
    return current_engine.get()


WorkspaceDep = Annotated[Workspace, Depends(_workspace)]
EngineDep = Annotated[Engine, Depends(_engine)]

RunId = Annotated[str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", description="Id of a run.")]
StepName = Annotated[str, Path(min_length=1, max_length=128, description="Name of a step.")]
Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
DatastoreName = Annotated[str, Path(pattern=r"^[A-Za-z0-9_]{1,128}$")]
PageSize = Annotated[int, Query(ge=1, le=200)]
Token = Annotated[str | None, Query(max_length=4096)]
