"""The gate before every route: who calls (a middleware), whether they may (a dependency, which knows the route).

Routes that are not in `api.roles` are refused, so that a new one cannot be open by mistake. What changes something
is recorded in the audit log here, once for all routes.
"""

import json
from contextlib import suppress
from typing import Any

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dependencies import VISIT, Visit
from api.roles import AUDITED, OPEN_PATHS, ROLES, STARTS_RUNS
from shared import bootstrap
from shared.core.errors import Forbidden, PipeyardError
from shared.services.audit import record_change
from shared.services.identity import acting_caller, identify

_RESULTS = ("run_id", "id", "Id", "dataset_id", "definition_id", "name")
"""Where the id of what a request made stands in its answer."""
_READ_BYTES = 1024 * 1024


class Gate:
    """Finds out who calls, or refuses the request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            caller = identify(bootstrap.workspace(), request.headers)
        except PipeyardError as error:
            response = await scope["app"].exception_handlers[PipeyardError](request, error)
            await response(scope, receive, send)
            return
        visit = scope[VISIT] = Visit(caller=caller)
        acting = acting_caller.set(caller)
        try:
            await _serve_and_record(self._app, visit, scope, receive, send)
        finally:
            acting_caller.reset(acting)


async def _serve_and_record(app: ASGIApp, visit: Visit, scope: Scope, receive: Receive, send: Send) -> None:
    status, body = 0, b""

    async def watch(message: Message) -> None:
        nonlocal status, body
        if message["type"] == "http.response.start":
            status = message["status"]
        elif (scope["method"], visit.route) in AUDITED and len(body) < _READ_BYTES:
            body += message.get("body", b"")
        await send(message)

    await app(scope, receive, watch)
    route = (scope["method"], visit.route)
    if route in AUDITED and 200 <= status < 300:  # noqa: PLR2004 - what success is
        action = " ".join(route)
        record_change(bootstrap.workspace(), visit.caller, action, visit.parameters, _result(body), status)


def _result(body: bytes) -> str | None:
    answer: Any = None
    with suppress(ValueError):
        answer = json.loads(body)
    if not isinstance(answer, dict):
        return None
    return next((answer[name] for name in _RESULTS if isinstance(answer.get(name), str)), None)


def _template(request: Request) -> str:
    """The matched route's path as OpenAPI writes it, with the prefixes of the routers around it."""
    context = request.scope.get("fastapi", {}).get("effective_route_context")
    template: str = (context or request.scope["route"]).path_format
    return template


async def admit(request: Request) -> None:
    """Refuse a caller whose roles do not allow the matched route, and a run over the limits.

    Raises:
        Forbidden: The sentence names the role that is needed.
        TooManyRequests: The route starts a run, and a limit is reached.
    """
    path = _template(request)
    if path in OPEN_PATHS:
        return
    visit: Visit = request.scope[VISIT]
    visit.route, visit.parameters = path, request.path_params
    needed = ROLES.get((request.method, path))
    if needed is None:
        raise Forbidden(f"{request.method} {path} cannot be called: api/roles.py gives it no role.")
    if not visit.caller.may(needed):
        held = ", ".join(visit.caller.roles) or "no role"
        raise Forbidden(
            f"This needs the role {needed}; {visit.caller.name} has {held}. Ask an administrator for the role."
        )
    if (request.method, path) in STARTS_RUNS:
        bootstrap.workspace().run_limits.admit(visit.caller)
