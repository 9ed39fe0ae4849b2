"""The routes. Their case does not matter: the service's own clients write `Jobs` in both ways."""

import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from local.emulators.data_lake_analytics import bodies, replies
from local.emulators.data_lake_analytics.errors import Refused
from local.emulators.data_lake_analytics.jobs import Jobs
from local.emulators.data_lake_analytics.listing import page

API_VERSION = "2016-11-01"
_Endpoint = Callable[[Request], Awaitable[Response]]


def make_app(jobs: Jobs) -> ASGIApp:
    """The application over the jobs of one account."""
    api = _Api(jobs)
    routes = [
        Route("/jobs", _guarded(api.list), methods=["GET"]),
        Route("/jobs/{id}", _guarded(api.submit), methods=["PUT"]),
        Route("/jobs/{id}", _guarded(api.get), methods=["GET"]),
        Route("/jobs/{id}/canceljob", _guarded(api.cancel), methods=["POST"]),
        Route("/jobs/{id}/getstatistics", _guarded(api.statistics), methods=["GET"]),
        Route("/jobs/{id}/getdebugdatapath", _guarded(api.debug_data), methods=["GET"]),
        Route("/buildjob", _guarded(api.build), methods=["POST"]),
        *(Route(f"/{groups}", _guarded(_no_groups), methods=["GET"]) for groups in ("pipelines", "recurrences")),
        *(Route(f"/{groups}/{{id}}", _guarded(_no_group), methods=["GET"]) for groups in ("pipelines", "recurrences")),
    ]
    return _lower_case(Starlette(routes=routes))


class _Api:
    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    async def list(self, request: Request) -> Response:
        found = [replies.short(job) for job in await run_in_threadpool(self._jobs.all)]
        return JSONResponse(page(found, dict(request.query_params), str(request.url.replace(query="", path="/Jobs"))))

    async def submit(self, request: Request) -> Response:
        asked = bodies.parse(bodies.Submit, await request.body())
        job = await run_in_threadpool(self._jobs.submit, _id(request), asked.model_dump())
        return JSONResponse(replies.full(job, with_script=False))

    async def get(self, request: Request) -> Response:
        return JSONResponse(replies.full(await run_in_threadpool(self._jobs.get, _id(request))))

    async def cancel(self, request: Request) -> Response:
        await run_in_threadpool(self._jobs.cancel, _id(request))
        return Response(status_code=HTTPStatus.OK)

    async def statistics(self, request: Request) -> Response:
        job = await run_in_threadpool(self._jobs.get, _id(request))
        ended = job["ended"] or replies.now()
        return JSONResponse({"lastUpdateTimeUtc": ended, "finalizingTimeUtc": ended, "stages": job["stages"]})

    async def debug_data(self, request: Request) -> Response:
        job = await run_in_threadpool(self._jobs.get, _id(request))
        return JSONResponse({"jobId": job["id"], "command": "", "paths": self._jobs.files_of(job["id"])})

    async def build(self, request: Request) -> Response:
        asked = bodies.parse(bodies.Build, await request.body())
        return JSONResponse(replies.full(await run_in_threadpool(self._jobs.build, asked.model_dump())))


async def _no_groups(request: Request) -> Response:
    del request
    return JSONResponse({"value": []})


async def _no_group(request: Request) -> Response:
    raise Refused(HTTPStatus.NOT_FOUND, "NotFound", f"There is nothing called {_id(request)}.")


def _id(request: Request) -> str:
    text = request.path_params["id"]
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise Refused(HTTPStatus.BAD_REQUEST, "InvalidArgument", f"{text!r} is no GUID.") from None


def _check(request: Request) -> None:
    if not request.headers.get("authorization", "").startswith("Bearer "):
        raise Refused(HTTPStatus.UNAUTHORIZED, "AuthenticationFailed", "A bearer token is needed.")
    if request.query_params.get("api-version") != API_VERSION:
        raise Refused(HTTPStatus.BAD_REQUEST, "UnsupportedApiVersion", f"The api-version is {API_VERSION}.")


def _guarded(endpoint: _Endpoint) -> _Endpoint:
    """An endpoint that wants a token and the version of the API, and whose refusals are answers."""

    async def guarded(request: Request) -> Response:
        try:
            _check(request)
            return await endpoint(request)
        except Refused as refused:
            return JSONResponse(refused.body, refused.status)

    return guarded


def _lower_case(app: ASGIApp) -> ASGIApp:
    async def lowered(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "path": scope["path"].lower()}
        await app(scope, receive, send)

    return lowered
