"""Errors of azure-core as errors of ours, for tables and blobs alike.

Messages name the thing, the HTTP status and the service's error code. They never repeat the service's own text: it
may hold a request URL with its signature.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from shared.core.errors import Conflict, NotFound, PipeyardError, StorageUnavailable, TooLarge

_BY_CODE: dict[str, type[PipeyardError]] = {
    "ContainerBeingDeleted": StorageUnavailable,
    "EntityTooLarge": TooLarge,
    "PropertyValueTooLarge": TooLarge,
    "RequestBodyTooLarge": TooLarge,
    "TableBeingDeleted": StorageUnavailable,
}
_BY_STATUS: dict[int, type[PipeyardError]] = {
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.REQUEST_TIMEOUT: StorageUnavailable,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.PRECONDITION_FAILED: Conflict,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLarge,
    HTTPStatus.TOO_MANY_REQUESTS: StorageUnavailable,
}
_MEANING: dict[type[PipeyardError], str] = {
    Conflict: "exists already, or somebody else changed it first",
    NotFound: "does not exist",
    PipeyardError: "storage refused the request; check the account and the roles of this app's identity",
    StorageUnavailable: "storage did not answer or refused for now; try again",
    TooLarge: "larger than storage allows",
}


def error_code(error: AzureError) -> str:
    """The service's code such as `TableNotFound`, "" where it gave none."""
    code = getattr(error, "error_code", None)
    if code is None and isinstance(error, HttpResponseError) and error.response is not None:
        code = getattr(error.response, "headers", {}).get("x-ms-error-code")
    return str(getattr(code, "value", code) or "")


def translate(error: AzureError, what: str) -> PipeyardError:
    """Our error for theirs; `what` names the table and row, or the container and blob."""
    status = error.status_code if isinstance(error, HttpResponseError) else None
    if not isinstance(status, int):  # no answer at all: connection, time-out, token
        return StorageUnavailable(f"{what}: {_MEANING[StorageUnavailable]} ({type(error).__name__}).")
    return error_for_status(status, error_code(error), what)


def error_for_status(status: int, code: str, what: str) -> PipeyardError:
    """Our error for an HTTP status and the service's code ("" where it gave none)."""
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status)
    if kind is None:
        kind = StorageUnavailable if status >= HTTPStatus.INTERNAL_SERVER_ERROR else PipeyardError
    return kind(f"{what}: {_MEANING[kind]} (HTTP {status}{' ' if code else ''}{code}).")


def token_may_come(error: ClientAuthenticationError) -> bool:
    """Whether an identity that gave no token may give one later: unless the sign-in service has said no to it.

    An identity's endpoint that does not answer for a moment must not end jobs that have worked for days.
    """
    status = error.status_code
    if not isinstance(status, int):
        return True
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or _BY_STATUS.get(status) is StorageUnavailable


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Run a block of SDK calls; their errors leave it as ours."""
    try:
        yield
    except AzureError as error:
        raise translate(error, what) from error
