"""Who calls: from what a request carries to a caller with roles, or a refusal."""

import logging
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime, timedelta

from shared.core import names
from shared.core.errors import NotAuthenticated, NotFound
from shared.core.identity import LOCAL_CALLER, Caller, caller_of_claims, principal_claims, run_caller
from shared.core.status import RUN_TERMINAL, STEP_TERMINAL
from shared.ports.tokens import RunToken
from shared.services.workspace import SIGNATURE_VALIDITY, Workspace

RUN_TOKEN_OUTLIVES_RUN = timedelta(hours=1)
"""How long a token is accepted after the end of its run or its step: the job may still be tidying up."""
_PRINCIPAL = "x-ms-client-principal"

acting_caller: ContextVar[Caller | None] = ContextVar("acting_caller", default=None)
"""Who sent the request that this thread serves; None in timers and activities."""

log = logging.getLogger(__name__)


def identify(workspace: Workspace, headers: Mapping[str, str]) -> Caller:
    """The caller of a request.

    Args:
        workspace: The workspace.
        headers: The request's headers, names in lower case.

    Raises:
        NotAuthenticated: Nobody known is calling; the sentence says what to send.
        SignInUnavailable: The sign-in service does not answer.
    """
    sign_in = workspace.services.sign_in
    token = _bearer(headers)
    if token is not None and (holder := sign_in.run_tokens.recognise(token)) is not None:
        return _run_caller(workspace, holder)
    if not sign_in.required:
        return LOCAL_CALLER
    if (principal := headers.get(_PRINCIPAL)) is not None:
        if sign_in.trusts_platform:
            claims = principal_claims(principal)
            if claims is not None and sign_in.tenant_id not in {None, claims.get("tid", sign_in.tenant_id)}:
                raise NotAuthenticated("The sign-in is from another tenant.")
            return _known(claims)
        # Without the platform's sign-in in front anybody can send this header.
        log.warning("Ignored the header X-MS-CLIENT-PRINCIPAL: App Service authentication is not on for this app.")
    if token is None:
        raise NotAuthenticated("Sign in: send an access token of this workspace's tenant as `Authorization: Bearer`.")
    if sign_in.directory is None:
        raise NotAuthenticated("No tenant is configured, so no token can be checked: set PIPEYARD_TENANT_ID.")
    return _known(sign_in.directory.claims(token))


def run_token(workspace: Workspace, run_id: str, step_run_id: str) -> tuple[str, datetime]:
    """The token with which a job calls the API, and when it expires."""
    expires_at = workspace.now() + SIGNATURE_VALIDITY
    holder = RunToken(run_id=run_id, step_run_id=step_run_id)
    return workspace.services.sign_in.run_tokens.issue(holder, expires_at), expires_at


def _bearer(headers: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _known(claims: Mapping[str, object] | None) -> Caller:
    caller = caller_of_claims(claims) if claims is not None else None
    if caller is None:
        raise NotAuthenticated("The sign-in names nobody.")
    return caller


def _run_caller(workspace: Workspace, holder: RunToken) -> Caller:
    try:
        run = workspace.services.runs.get_run(holder.run_id)
    except NotFound:
        raise NotAuthenticated(f"The run token belongs to run {holder.run_id}, which does not exist.") from None
    if run.status in RUN_TERMINAL and _is_long_ago(workspace, run.ended_at):
        raise NotAuthenticated(f"The run token belongs to run {holder.run_id}, which is over.")
    row = workspace.services.runs.get_step(*names.split_step_run_id(holder.step_run_id))
    if row is not None and row.status in STEP_TERMINAL and _is_long_ago(workspace, row.ended_at):
        raise NotAuthenticated(f"The run token belongs to step run {holder.step_run_id}, which is over.")
    return run_caller(holder.run_id, holder.step_run_id)


def _is_long_ago(workspace: Workspace, ended_at: str | None) -> bool:
    return ended_at is not None and workspace.now() - datetime.fromisoformat(ended_at) > RUN_TOKEN_OUTLIVES_RUN
