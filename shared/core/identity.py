"""Who calls: roles, callers, and what a token's claims or the platform's header say about them."""

import base64
import binascii
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from .document import Document

_ROLE_TYPE = "roles"
_NAME_CLAIMS = ("preferred_username", "upn", "unique_name", "email", "name", "app_displayname")
_SHORT_NAMES = {
    "http://schemas.microsoft.com/identity/claims/objectidentifier": "oid",
    "http://schemas.microsoft.com/identity/claims/scope": "scp",
    "http://schemas.microsoft.com/identity/claims/tenantid": "tid",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": "email",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name": "name",
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/role": _ROLE_TYPE,
}
"""The platform hands claims on under long names."""


class Role(StrEnum):
    """What a caller may do. Each role includes the ones before it."""

    READER = "Reader"
    CONTRIBUTOR = "Contributor"
    PUBLISHER = "Publisher"
    ADMINISTRATOR = "Administrator"

    def includes(self, needed: "Role") -> bool:
        """Whether somebody with this role may do what `needed` allows."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class Caller(Document):
    """Who sent a request.

    Attributes:
        id: Never changes and belongs to nobody else: limits are counted by it.
        name: For people; may change.
        kind: `user`, `application`, `run` (a job with its run token), or `local` (a workspace without sign-in).
        authenticated: False only for `local`.
        run_id: The run that a `run` belongs to.
        step_run_id: And the step run.
    """

    id: str
    name: str
    kind: Literal["user", "application", "run", "local"]
    roles: tuple[Role, ...] = ()
    authenticated: bool = True
    run_id: str | None = None
    step_run_id: str | None = None

    def may(self, needed: Role) -> bool:
        """Whether one of the caller's roles includes `needed`."""
        return any(role.includes(needed) for role in self.roles)


LOCAL_CALLER = Caller(id="local", name="local", kind="local", roles=(Role.ADMINISTRATOR,), authenticated=False)
"""Everybody, where the workspace asks for no sign-in."""


def run_caller(run_id: str, step_run_id: str) -> Caller:
    """A job of a run, calling with its run token."""
    return Caller(
        id=f"run:{run_id}",
        name=f"run {run_id}",
        kind="run",
        roles=(Role.CONTRIBUTOR,),
        run_id=run_id,
        step_run_id=step_run_id,
    )


def caller_of_claims(claims: Mapping[str, Any]) -> Caller | None:
    """The caller that checked claims describe, None if they name nobody. Roles that we do not know are left out."""
    application = _text(claims, "azp") or _text(claims, "appid")
    stable = _text(claims, "oid") or _text(claims, "sub") or application
    if stable is None:
        return None
    # Tokens of applications carry no delegated scopes; `idtyp` says it outright where it is configured.
    is_application = claims.get("idtyp") == "app" or ("scp" not in claims and not _person(claims))
    given = claims.get("roles", ())
    words = [given] if isinstance(given, str) else given if isinstance(given, list | tuple) else []
    return Caller(
        id=stable,
        name=(_person(claims) or application or stable)[:200],
        kind="application" if is_application else "user",
        roles=tuple(role for role in Role if role.value in words),
    )


def principal_claims(header: str) -> dict[str, Any] | None:
    """Claims in the App Service header `X-MS-CLIENT-PRINCIPAL` under their short names, None if it is not one."""
    try:
        padded = header.encode("ascii") + b"=" * (-len(header) % 4)
        document = json.loads(base64.b64decode(padded, altchars=b"-_" if set(header) & set("-_") else None))
        if document.get("auth_typ") != "aad":
            return None
        role_type = document.get("role_typ") or _ROLE_TYPE
        claims: dict[str, Any] = {"roles": []}
        for item in document["claims"]:
            kind, value = str(item["typ"]), str(item["val"])
            name = _ROLE_TYPE if kind == role_type else _SHORT_NAMES.get(kind, kind)
            if name == _ROLE_TYPE:
                claims["roles"].append(value)
            else:
                claims.setdefault(name, value)
    except (AttributeError, KeyError, TypeError, ValueError, binascii.Error, RecursionError):
        return None
    return claims


def _person(claims: Mapping[str, Any]) -> str | None:
    return next((found for name in _NAME_CLAIMS if (found := _text(claims, name))), None)


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value else None
