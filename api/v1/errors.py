"""v1's form of an error. Its SDK shows only a meaningless text for anything else."""

import json
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.v1.wire import Wire

PREFIX = "/pipelines/"
_PROBLEM = b"application/problem+json"
_FIRST_SERVER_ERROR = 500


class ErrorDetail(Wire):
    """One of several things that are wrong."""

    code: str
    message: str
    target: str | None = None


class InnerError(Wire):
    """The machine-readable cause."""

    code: str
    inner_error: None = None


class RootError(Wire):
    """What is wrong. Clients show `Code` and `Message` only, so the message says everything."""

    code: str
    message: str
    target: str | None = None
    details: list[ErrorDetail] = []
    inner_error: InnerError | None = None
    debug_info: None = None


class ErrorResponse(Wire):
    """v1's error document."""

    error: RootError
    correlation: dict[str, str] = {}


class V1Errors:
    """Rewrites every problem document below v1's prefix, whoever made it: a route, the gate, the framework."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def rewrite(message: Message) -> None:
            if message["type"] == "http.response.start":
                if not _is_problem(message):
                    await send(message)
                    return
                held.append(message)
            elif held:
                held.append(message)
                if not message.get("more_body", False):
                    for each in _rewritten(held, scope):
                        await send(each)
            else:
                await send(message)

        await self._app(scope, receive, rewrite)


def v1_error(problem: Mapping[str, Any], operation: str = "") -> dict[str, Any]:
    """A problem document in v1's form."""
    details = [
        ErrorDetail(
            code="BadArgument",
            message=" ".join(filter(None, (fault["message"], fault["suggestion"]))),
            target=fault["pointer"] or None,
        )
        for fault in problem["faults"]
    ]
    sentences = [f"{each.target}: {each.message}" if each.target else each.message for each in details]
    root = RootError(
        code="ServiceError" if problem["status"] >= _FIRST_SERVER_ERROR else "UserError",
        message=" ".join(sentences) or problem["detail"],
        target=details[0].target if len(details) == 1 else None,
        details=details,
        inner_error=InnerError(code="".join(word.capitalize() for word in problem["code"].split("_"))),
    )
    correlation = {"operation": operation or uuid.uuid4().hex, "request": uuid.uuid4().hex}
    return ErrorResponse(error=root, correlation=correlation).model_dump(mode="json", by_alias=True)


def v1_status(status: int) -> int:
    """v1 answers 400 to what it cannot accept."""
    return HTTPStatus.BAD_REQUEST if status == HTTPStatus.UNPROCESSABLE_CONTENT else status


def response_in_v1_form(response: JSONResponse) -> JSONResponse:
    """A problem response in v1's form. Only for what is answered outside of `V1Errors`: bugs."""
    return JSONResponse(v1_error(json.loads(bytes(response.body))), status_code=v1_status(response.status_code))


def _is_problem(start: Message) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(_PROBLEM) for name, value in start["headers"])


def _rewritten(held: list[Message], scope: Scope) -> tuple[Message, Message]:
    start, *bodies = held
    problem = json.loads(b"".join(each.get("body", b"") for each in bodies))
    trace = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1").split("-")
    body = json.dumps(v1_error(problem, trace[1] if len(trace) > 1 else "")).encode()
    own = {b"content-type", b"content-length"}
    headers = [(name, value) for name, value in start["headers"] if name.lower() not in own]
    headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    status = v1_status(start["status"])
    return {**start, "status": status, "headers": headers}, {"type": "http.response.body", "body": body}
