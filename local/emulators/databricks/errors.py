"""What goes wrong, as Databricks' REST tells it: a status, an error code and a sentence."""

from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

_ENDPOINT_ADVICE = "The emulator answers Jobs runs, Workspace, Files and Clusters; see docs/emulators.md."


class ApiError(Exception):
    """A request that is answered with an error.

    Args:
        status: HTTP status of the answer.
        code: Databricks' error code.
        message: The sentence for the caller.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def invalid(message: str) -> ApiError:
    """The request itself is wrong."""
    return ApiError(HTTPStatus.BAD_REQUEST, "INVALID_PARAMETER_VALUE", message)


def missing(message: str) -> ApiError:
    """What the request names does not exist."""
    return ApiError(HTTPStatus.NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)


def exists(message: str) -> ApiError:
    """What the request would create is there already."""
    return ApiError(HTTPStatus.BAD_REQUEST, "RESOURCE_ALREADY_EXISTS", message)


def error_body(code: str, message: str) -> dict[str, Any]:
    """The JSON of an error."""
    return {"error_code": code, "message": message, "details": []}


async def answer_error(_: Request, error: Exception) -> Response:
    """Answer an `ApiError`."""
    assert isinstance(error, ApiError)  # noqa: S101 -- registered for nothing else
    return JSONResponse(error_body(error.code, error.message), error.status)


async def answer_unknown_route(request: Request, _: Exception) -> Response:
    """Answer a path or method that this service does not have."""
    message = f"No API found for '{request.method} {request.url.path}'. {_ENDPOINT_ADVICE}"
    return JSONResponse(error_body("ENDPOINT_NOT_FOUND", message), HTTPStatus.NOT_FOUND)


async def json_object(request: Request) -> dict[str, Any]:
    """The body of a request.

    Raises:
        ApiError: It is not a JSON object.
    """
    try:
        body = await request.json()
    except ValueError as error:
        raise ApiError(
            HTTPStatus.BAD_REQUEST, "MALFORMED_REQUEST", f"Could not parse request object: {error}"
        ) from error
    if not isinstance(body, dict):
        raise ApiError(HTTPStatus.BAD_REQUEST, "MALFORMED_REQUEST", "Could not parse request object: not an object.")
    return body
