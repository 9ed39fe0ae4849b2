"""Puts the workspace together and lets in whoever carries a token."""

from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from local.emulators.databricks.clusters import Clusters
from local.emulators.databricks.errors import ApiError, answer_error, answer_unknown_route, error_body
from local.emulators.databricks.execution import Execution
from local.emulators.databricks.jobs_api import JobsApi
from local.emulators.databricks.preparation import Preparation
from local.emulators.databricks.runs import Runs
from local.emulators.databricks.volume_files import VolumeFiles
from local.emulators.databricks.workspace_api import WorkspaceApi
from local.emulators.databricks.workspace_files import WorkspaceFiles
from local.emulators.documents import Documents
from local.emulators.home import Home

WORKSPACE_ID = "1"
_CONFIG = "/.well-known/databricks-config"
_USER = "emulator@localhost"
_FAULT_CODES = {429: "REQUEST_LIMIT_EXCEEDED", 503: "TEMPORARILY_UNAVAILABLE"}


def build(home: Home) -> ASGIApp:
    """The workspace as an application; runs that a killed emulator left behind begin again."""
    workspace, volumes = WorkspaceFiles(home.folder), VolumeFiles(home.folder)
    runs, clusters = Runs(Documents(home.folder / "runs")), Clusters(Documents(home.folder / "clusters"))
    execution = Execution(home, runs, clusters, Preparation(home.storage, workspace, volumes, home.folder / "wheels"))
    routes = [
        Route(_CONFIG, _config, methods=["GET"]),
        Route("/api/2.0/preview/scim/v2/Me", _me, methods=["GET"]),
        *JobsApi(runs, execution, clusters).routes(),
        *WorkspaceApi(workspace).routes(),
        *volumes.routes(),
        *clusters.routes(),
    ]
    unknown = {HTTPStatus.NOT_FOUND: answer_unknown_route, HTTPStatus.METHOD_NOT_ALLOWED: answer_unknown_route}
    app = Starlette(routes=routes, exception_handlers={ApiError: answer_error, **unknown})
    for run_id in runs.unfinished():
        execution.start(run_id)
    return home.faults.guard(_with_token(app), _fault)


def _with_token(app: ASGIApp) -> ASGIApp:
    """Refuse calls without a bearer token: 401 without any, 403 with an empty one."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != _CONFIG:
            kind, _, token = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1").partition(" ")
            if kind.lower() != "bearer":
                message = "Credential was not sent or was of an unsupported type for this API."
                await JSONResponse(error_body("UNAUTHENTICATED", message), HTTPStatus.UNAUTHORIZED)(
                    scope, receive, send
                )
                return
            if not token.strip():
                message = "Invalid access token."
                await JSONResponse(error_body("PERMISSION_DENIED", message), HTTPStatus.FORBIDDEN)(scope, receive, send)
                return
        await app(scope, receive, send)

    return guarded


def _fault(status: int, code: str, message: str) -> dict[str, object]:
    return error_body(_FAULT_CODES.get(status, code), message)


async def _config(_: Request) -> Response:
    return JSONResponse({"oidc_endpoint": "", "workspace_id": WORKSPACE_ID, "cloud": "Azure"})


async def _me(_: Request) -> Response:
    user = {"id": "1", "userName": _USER, "displayName": "Emulator", "active": True}
    return JSONResponse(user, headers={"X-Databricks-Org-Id": WORKSPACE_ID})
