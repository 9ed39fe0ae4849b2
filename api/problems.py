"""Errors as RFC 9457 problem documents, and the one table from error class to HTTP status."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from api.v1.errors import PREFIX, response_in_v1_form
from shared.core.errors import (
    BackendError,
    Conflict,
    Fault,
    Forbidden,
    IntegrityError,
    InvalidDocument,
    NotAuthenticated,
    NotFound,
    PipeyardError,
    SignInUnavailable,
    StorageUnavailable,
    TooLarge,
    TooManyRequests,
)
from shared.core.shapes import pattern_sentence

_STATUS: dict[type[PipeyardError], HTTPStatus] = {
    InvalidDocument: HTTPStatus.UNPROCESSABLE_CONTENT,
    IntegrityError: HTTPStatus.UNPROCESSABLE_CONTENT,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    TooLarge: HTTPStatus.CONTENT_TOO_LARGE,
    BackendError: HTTPStatus.BAD_GATEWAY,
    StorageUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    SignInUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Problem(BaseModel):
    """A problem document. `faults` lists everything that is wrong with a document."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    faults: list[Fault] = []


def problem_response(
    status: HTTPStatus, code: str, detail: str, faults: list[Fault] | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """The response for one problem."""
    problem = Problem(title=status.phrase, status=status, detail=detail, code=code, faults=faults or [])
    return JSONResponse(
        problem.model_dump(mode="json"), status_code=status, headers=headers, media_type="application/problem+json"
    )


async def _pipeyard_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PipeyardError)  # noqa: S101 - registered for this class only
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), HTTPStatus.INTERNAL_SERVER_ERROR)
    if isinstance(error, InvalidDocument):
        count = len(error.faults)
        detail = f"The document has {count} fault{'s' if count != 1 else ''}."
        return problem_response(status, error.code, detail, list(error.faults))
    return problem_response(status, error.code, str(error), headers=_headers(error))


def _headers(error: PipeyardError) -> dict[str, str] | None:
    """What tells a client how to go on."""
    if isinstance(error, NotAuthenticated):
        return {"WWW-Authenticate": 'Bearer realm="pipeyard"'}
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(error.wait_seconds)}
    return {"Retry-After": "2"} if error.retryable else None


async def _request_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    details = error.errors()
    if any(detail["type"] == "json_invalid" for detail in details):
        reason = details[0].get("ctx", {}).get("error", "not JSON")
        return problem_response(HTTPStatus.BAD_REQUEST, "invalid_json", f"The body is not valid JSON: {reason}.")
    sent_as = request.headers.get("content-type", "")
    faults = [_not_json(sent_as) if _whole_body(detail, sent_as) else _fault(detail) for detail in details]
    text = f"The request has {len(faults)} fault{'s' if len(faults) != 1 else ''}."
    return problem_response(HTTPStatus.UNPROCESSABLE_CONTENT, "invalid_request", text, faults)


def _whole_body(detail: dict[str, Any], sent_as: str) -> bool:
    """Whether a body was not even read, because its type is another: curl's `-d` sends forms."""
    return detail["loc"] == ("body",) and isinstance(detail["input"], bytes) and "json" not in sent_as


def _not_json(sent_as: str) -> Fault:
    named = f"as `{sent_as[:80]}`" if sent_as else "without a type"
    suggestion = "Send the header `Content-Type: application/json`."
    return Fault(pointer="", message=f"The body must be JSON, and came {named}.", suggestion=suggestion)


def _fault(detail: dict[str, Any]) -> Fault:
    where, *path = detail["loc"]
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
    named = "" if where == "body" else f"{where} parameter: "
    pattern = detail.get("ctx", {}).get("pattern") if detail["type"] == "string_pattern_mismatch" else None
    message = pattern_sentence(pattern) if pattern else None
    return Fault(pointer=pointer, message=named + (message or detail["msg"].removeprefix("Value error, ")))


async def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    status = HTTPStatus(error.status_code)
    return problem_response(status, status.name.lower(), str(error.detail), headers=dict(error.headers or {}))


async def _not_text(_request: Request, _error: Exception) -> JSONResponse:
    """JSON can smuggle in lone surrogates, which no store can encode."""
    detail = "The request has characters that are not valid Unicode text."
    return problem_response(HTTPStatus.UNPROCESSABLE_CONTENT, "invalid_text", detail)


async def _bug(request: Request, error: Exception) -> JSONResponse:
    logging.getLogger(__name__).error("%s %s failed", request.method, request.url.path, exc_info=error)
    detail = "Something in Pipeyard itself went wrong; the service's log has the details."
    response = problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", detail)
    return response_in_v1_form(response) if request.url.path.startswith(PREFIX) else response


def register(app: FastAPI) -> None:
    """Make the application answer every error with a problem document."""
    app.add_exception_handler(PipeyardError, _pipeyard_error)
    app.add_exception_handler(RequestValidationError, _request_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(UnicodeEncodeError, _not_text)
    app.add_exception_handler(Exception, _bug)
