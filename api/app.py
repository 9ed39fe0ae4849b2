"""The FastAPI application behind the one HTTP function.

Resources are `async def` and call the synchronous services directly: the HTTP function is synchronous, so the
Functions host gives each request a thread of its own, in which this application runs its own event loop. Handing
the work to yet another thread would only cost time.
"""

from http import HTTPStatus
from typing import Any

from fastapi import Depends, FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import (
    audit,
    compute_targets,
    datasets,
    datastores,
    definitions,
    environments,
    experiments,
    health,
    maintenance,
    models,
    modules,
    pipeline_drafts,
    pipeline_endpoints,
    pipeline_outputs,
    plans,
    problems,
    published_pipelines,
    runs,
    schedules,
    snapshots,
    steps,
    webhooks,
    whoami,
)
from api.gate import Gate, admit
from api.problems import Problem, problem_response
from api.tracing import Tracing
from api.v1 import routes as v1_routes
from api.v1.errors import PREFIX, V1Errors
from api.v1.older_addresses import OlderAddresses
from shared.core.snapshots import MAX_FILE_BYTES

MAX_BODY_BYTES = MAX_FILE_BYTES
"""Limit for a file of a snapshot."""
MAX_DOCUMENT_BYTES = 32 * 1024 * 1024
"""Limit for everything that is not a file's bytes."""
_FILES = "/api/snapshots/files/"


class BodyLimit:
    """Refuses bodies that are too large: measured, as the Functions host has them in memory anyway."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        message = await receive()
        size, limit = len(message.get("body", b"")), _limit(scope["path"])
        if size > limit:
            detail = f"The body has {size} bytes; this route takes at most {limit}."
            response = problem_response(HTTPStatus.CONTENT_TOO_LARGE, "too_large", detail)
            await response(scope, receive, send)
            return
        messages = iter([message])

        async def replay() -> Message:
            return next(messages, None) or await receive()

        await self._app(scope, replay, send)


def _limit(path: str) -> int:
    return MAX_BODY_BYTES if path.startswith(_FILES) else MAX_DOCUMENT_BYTES


def create_app() -> FastAPI:
    """The application with all its resources."""
    app = FastAPI(
        title="Pipeyard",
        version="0.1.0",
        summary="Machine-learning pipelines with reuse that explains itself.",
        openapi_url="/api/openapi.json",
        docs_url="/api/docs",
        redoc_url=None,
        # Spans of its own would report each request a second time, with what is in the address and in errors.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        dependencies=[Depends(admit)],
        responses={"4XX": {"model": Problem, "description": "What is wrong, everything at once."}},
    )
    problems.register(app)
    app.add_middleware(Gate)
    app.add_middleware(BodyLimit)
    app.add_middleware(V1Errors)  # around the others: it puts the refusals of all of them into v1's form
    app.add_middleware(OlderAddresses)
    app.add_middleware(Tracing)
    for module in (definitions, plans, runs, steps, snapshots, datastores, experiments, health):
        app.include_router(module.router)
    for module in (whoami, audit, webhooks, maintenance):
        app.include_router(module.router)
    for module in (datasets, compute_targets, environments, modules, models, pipeline_outputs):
        app.include_router(module.router)
    for module in (published_pipelines, pipeline_endpoints, pipeline_drafts, schedules):
        app.include_router(module.router)
    app.include_router(v1_routes.router)
    describe = app.openapi
    app.openapi = lambda: _with_problem_type(describe())  # type: ignore[method-assign]  # FastAPI's documented way
    return app


def _with_problem_type(description: dict[str, Any]) -> dict[str, Any]:
    """Name the media type of refusals, which FastAPI takes for plain JSON."""
    for path, operations in description["paths"].items():
        for operation in operations.values() if not path.startswith(PREFIX) else ():
            for status, response in operation["responses"].items():
                if status in {"4XX", "422"} and "application/json" in response.get("content", {}):
                    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
                    response["content"] = {"application/problem+json": problem}
    return description
