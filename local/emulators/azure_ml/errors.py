"""Refusals, in the form in which Azure Resource Manager words them."""

from http import HTTPStatus
from typing import Any


class Refusal(Exception):
    """A call that is not carried out.

    Args:
        message: Why.
        status: HTTP status.
        code: The service's own word; most of its refusals are a `UserError` whose inner error says more.
        inner: Code of the inner error.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = HTTPStatus.BAD_REQUEST,
        code: str = "UserError",
        inner: str = "BadArgument",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(code, message, inner)


def not_found(what: str, name: str) -> Refusal:
    """The address names nothing."""
    return Refusal(f"{what} {name} was not found.", status=HTTPStatus.NOT_FOUND, inner="NotFoundError")


def error_body(code: str, message: str, inner: str | None = None) -> dict[str, Any]:
    """An error response."""
    notes: list[dict[str, Any]] = [{"type": "ComponentName", "info": {"value": "managementfrontend"}}]
    if inner is not None:
        notes.append({"type": "InnerError", "info": {"value": {"code": inner, "innerError": None}}})
    return {"error": {"code": code, "message": message, "target": None, "details": [], "additionalInfo": notes}}


def fault_body(_status: int, code: str, message: str) -> dict[str, Any]:
    """What the switches for faults answer."""
    return error_body(code, message)
