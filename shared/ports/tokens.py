"""Bearer tokens: those of the directory, which are checked here and made elsewhere, and the workspace's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class TokenVerifier(Protocol):
    """Tokens of an identity provider."""

    def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that is genuine, meant for this workspace and valid now.

        Raises:
            NotAuthenticated: It is not; the sentence says why, without quoting it.
            SignInUnavailable: The provider's keys cannot be fetched.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunToken:
    """Whom a run token was given to."""

    run_id: str
    step_run_id: str


class RunTokens(Protocol):
    """Tokens that the workspace gives to its own jobs."""

    def issue(self, holder: RunToken, expires_at: datetime) -> str:
        """A token for a job."""
        ...

    def recognise(self, token: str) -> RunToken | None:
        """Whom a run token was given to; None if the token does not even claim to be one.

        Raises:
            NotAuthenticated: It claims to be one, but its signature is wrong or it has expired.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """How callers are told apart.

    Attributes:
        required: False only in a local workspace without sign-in, where everybody is the same caller.
        trusts_platform: Whether App Service authentication stands before the app, so that its header can be believed.
        directory: Checks bearer tokens; None where no tenant is configured.
        run_tokens: The workspace's own tokens for its jobs.
        tenant_id: The only tenant whose people count, where one is configured: the platform may let others in, too.
    """

    required: bool
    trusts_platform: bool
    directory: TokenVerifier | None
    run_tokens: RunTokens
    tenant_id: str | None = None
