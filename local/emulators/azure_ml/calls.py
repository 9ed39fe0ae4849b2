"""A call of the service: what every route checks first, and what it gets to see of a request."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, RootModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.emulators.azure_ml.errors import Refusal, error_body

API_VERSIONS = ("2025-12-01", "2023-04-01")
"""Those in which what is emulated here is the same."""
PROVIDER = "/providers/Microsoft.MachineLearningServices"
WORKSPACE = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}{PROVIDER}/workspaces/{{workspace}}"


class _Object(RootModel[dict[str, Any]]):
    """Any JSON object."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that carries a token and a version.

    Attributes:
        base: The emulator's own address.
        names: Parts of the path.
        query: Parameters of the address.
        content: The body.
    """

    base: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    content: bytes

    @property
    def workspace(self) -> str:
        """Resource id of the workspace; the emulator is one workspace, which answers under every id."""
        return WORKSPACE.format(**self.names)

    def body[Body: BaseModel](self, model: type[Body]) -> Body:
        """The body, checked.

        Raises:
            Refusal: It is not what the contract asks for.
        """
        try:
            return model.model_validate_json(self.content)
        except ValidationError as error:
            faults = [f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in error.errors()]
            raise Refusal(f"The request is invalid. {'; '.join(faults)}", inner="ValidationError") from error

    def json(self) -> dict[str, Any]:
        """The body, of which no more is known than that it is an object.

        Raises:
            Refusal: It is none.
        """
        return self.body(_Object).root

    def address(self, path: str, **query: str) -> str:
        """An absolute address of the emulator, with the version that the call used."""
        more = "".join(f"&{quote(name, safe='$')}={quote(value, safe='')}" for name, value in query.items())
        return f"{self.base}{path}?api-version={self.query['api-version']}{more}"


Handler = Callable[[Call], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(handler: Handler, *, versioned: bool = True) -> Endpoint:
    """A route around a handler, which runs in a thread; the management API wants to be told the version."""

    async def answer(request: Request) -> Response:
        try:
            _check_token(request)
            if versioned:
                _check_version(request)
            base = str(request.base_url).rstrip("/")
            call = Call(base, request.path_params, dict(request.query_params), await request.body())
            return await run_in_threadpool(handler, call)
        except Refusal as refusal:
            return JSONResponse(refusal.body, refusal.status)

    return answer


async def unknown_route(request: Request, _error: Exception) -> Response:
    """The answer to an address that is not emulated."""
    message = f"The emulator has no {request.method} {request.url.path}."
    return JSONResponse(error_body("ResourceNotFound", message), HTTPStatus.NOT_FOUND)


def resource(call: Call, kind: str, path: str, created: float, properties: Mapping[str, Any]) -> dict[str, Any]:
    """A resource in its envelope.

    Args:
        call: Who asks; resources carry the id of the workspace that was asked for.
        kind: Last part of its type.
        path: Its id below the workspace.
        created: When it was made.
        properties: The rest.
    """
    made = {"createdAt": timestamp(created), "createdBy": "emulator", "createdByType": "User"}
    return {
        "id": f"{call.workspace}/{path}",
        "name": path.rpartition("/")[2],
        "type": f"Microsoft.MachineLearningServices/workspaces/{kind}",
        "systemData": {**made, "lastModifiedAt": timestamp(created)},
        "properties": dict(properties),
    }


def timestamp(seconds: float | None = None) -> str:
    """A time as the service writes it; now if none is given."""
    moment = datetime.fromtimestamp(time.time() if seconds is None else seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _check_token(request: Request) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refusal(
            "Authentication failed. The 'Authorization' header is missing.",
            status=HTTPStatus.UNAUTHORIZED,
            code="AuthenticationFailed",
        )


def _check_version(request: Request) -> None:
    version = request.query_params.get("api-version")
    if not version:
        raise Refusal(
            "The api-version query parameter (?api-version=) is required for all requests.",
            code="MissingApiVersionParameter",
        )
    if version not in API_VERSIONS:
        raise Refusal(
            f"The api-version '{version}' is invalid. The supported versions are '{', '.join(API_VERSIONS)}'.",
            code="InvalidApiVersionParameter",
        )
