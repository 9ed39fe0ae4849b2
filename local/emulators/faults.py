"""Switches that make an emulated service as unreliable as the real one, and a list of the calls that it got."""

import asyncio
import itertools
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.emulators.server import cut

_FAULTS, _REQUESTS = "/_emulator/faults", "/_emulator/requests"
_MAX_CALLS = 10_000
ErrorBody = Callable[[int, str, str], dict[str, Any]]
"""How a service says (HTTP status, code, message)."""


class LostReply(BaseModel):
    """Calls whose work is done, but whose connection is cut before the answer."""

    model_config = ConfigDict(extra="forbid")

    method: str = ""
    path_contains: str = ""
    count: NonNegativeInt = 1


class Switches(BaseModel):
    """What can go wrong.

    Attributes:
        latency_seconds: Before every answer.
        throttle_every: Every so many calls one is refused with 429; 0 is never.
        retry_after_seconds: What a refused call is told to wait.
        error_every: Every so many calls one fails with 503; 0 is never.
        lose_replies: Calls that are carried out, but never answered.
        provisioning_seconds: How long compute takes to come up.
        queue_seconds: How long a job waits before it is looked at.
        failing_nodes: So many of the next jobs lose the node that they run on.
        quota_nodes: How many nodes there are to be had; None is without limit.
    """

    model_config = ConfigDict(extra="forbid")

    latency_seconds: NonNegativeFloat = 0
    throttle_every: NonNegativeInt = 0
    retry_after_seconds: NonNegativeInt = 1
    error_every: NonNegativeInt = 0
    lose_replies: list[LostReply] = Field(default_factory=list)
    provisioning_seconds: NonNegativeFloat = 0
    queue_seconds: NonNegativeFloat = 0
    failing_nodes: NonNegativeInt = 0
    quota_nodes: NonNegativeInt | None = None


class Faults:
    """The switches as they stand, and the calls so far. Safe for many threads."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self._lock = threading.Lock()
        self._counter = itertools.count(1)
        self._calls: list[dict[str, Any]] = []

    @classmethod
    def parse(cls, text: str) -> "Faults":
        """From the JSON of the switches that are set.

        Raises:
            ValidationError: There is no such switch, or it has another type.
        """
        return cls(Switches.model_validate_json(text))

    def take_failing_node(self) -> bool:
        """Whether the job that is beginning loses its node."""
        with self._lock:
            if not self.switches.failing_nodes:
                return False
            self.switches.failing_nodes -= 1
            return True

    def guard(self, app: ASGIApp, error_body: ErrorBody) -> ASGIApp:
        """`app` with the faults before it, and the routes that set them beside it."""

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
            elif scope["path"] in {_FAULTS, _REQUESTS}:
                await (await self._answer(Request(scope, receive)))(scope, receive, send)
            else:
                await self._pass(app, error_body, scope, receive, send)

        return guarded

    async def _answer(self, request: Request) -> Response:
        if request.url.path == _REQUESTS:
            if request.method == "DELETE":
                self._calls = []
            return JSONResponse(self._calls)
        if request.method == "PUT":
            try:
                self.switches = Switches.model_validate_json(await request.body())
            except ValidationError as error:
                return JSONResponse({"detail": str(error)}, HTTPStatus.BAD_REQUEST)
            self._counter = itertools.count(1)
        return JSONResponse(self.switches.model_dump())

    async def _pass(self, app: ASGIApp, error_body: ErrorBody, scope: Scope, receive: Receive, send: Send) -> None:
        call: dict[str, Any] = {"method": scope["method"], "path": scope["path"], "status": None}
        if len(self._calls) < _MAX_CALLS:
            self._calls.append(call)
        number, now = next(self._counter), self.switches.model_copy()
        await asyncio.sleep(now.latency_seconds)

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                call["status"] = message["status"]
            await send(message)

        refused = _refusal(now, number, error_body)
        if refused is not None:
            await refused(scope, receive, noted)
        elif self._takes_reply(scope):
            await app(scope, receive, _nowhere)
            await cut(scope, receive)
        else:
            await app(scope, receive, noted)

    def _takes_reply(self, scope: Scope) -> bool:
        with self._lock:
            for fault in self.switches.lose_replies:
                fits = fault.path_contains in scope["path"] and fault.method.upper() in {"", scope["method"]}
                if fault.count and fits:
                    fault.count -= 1
                    return True
        return False


def _refusal(switches: Switches, number: int, error_body: ErrorBody) -> Response | None:
    if switches.throttle_every and number % switches.throttle_every == 0:
        status, code, message = HTTPStatus.TOO_MANY_REQUESTS, "TooManyRequests", "There were too many requests."
    elif switches.error_every and number % switches.error_every == 0:
        status, code, message = HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailable", "Try again later."
    else:
        return None
    headers = {"Retry-After": str(switches.retry_after_seconds)}
    return JSONResponse(
        error_body(status, code, message), status, headers if status == HTTPStatus.TOO_MANY_REQUESTS else None
    )


async def _nowhere(_message: Message) -> None:
    """Swallow an answer."""
