"""JSON Web Tokens: Entra ID's, checked against its published keys, and run tokens, signed with the workspace's key."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt

from shared.core.errors import NotAuthenticated, SignInUnavailable
from shared.ports.clock import Clock
from shared.ports.tokens import RunToken

LEEWAY = timedelta(seconds=60)
"""How far clocks may differ."""
KEYS_LIVE_SECONDS = 24 * 3600
REFETCH_SECONDS = 30.0
"""Least time between two fetches of the keys for tokens that name an unknown one: anybody can send such tokens."""
_FETCH_SECONDS = 5.0
_RUN_ISSUER = "pipeyard"
_RUN_AUDIENCE = "pipeyard-run"
_LONGEST_TOKEN = 16_384
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class EntraTokens:
    """Access tokens of one Entra ID tenant for one application, versions 1 and 2."""

    def __init__(
        self, *, authority: str, tenant_id: str, client_id: str, refetch_seconds: float = REFETCH_SECONDS
    ) -> None:
        """Nothing is fetched before the first token.

        Args:
            authority: Such as `https://login.microsoftonline.com`; plain http is for loopback alone.
            tenant_id: Whose tokens count.
            client_id: The application that they must be meant for.
            refetch_seconds: See `REFETCH_SECONDS`.
        """
        parts = urlsplit(authority)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ValueError(f"The sign-in authority {authority} must be an https address.")
        base = f"{authority.rstrip('/')}/{tenant_id}"
        self._issuers = [f"{base}/v2.0", f"https://sts.windows.net/{tenant_id}/"]
        self._tenant_id = tenant_id
        self._audiences = [client_id, f"api://{client_id}"]
        self._keys = jwt.PyJWKClient(
            f"{base}/discovery/v2.0/keys",
            lifespan=KEYS_LIVE_SECONDS,
            timeout=_FETCH_SECONDS,
            cooldown_duration=refetch_seconds,
        )

    def claims(self, token: str) -> Mapping[str, Any]:
        """See `TokenVerifier.claims`."""
        return _checked(lambda: self._claims(token))

    def _claims(self, token: str) -> dict[str, Any]:
        header = _header(token)
        if header.get("alg") != "RS256":
            raise NotAuthenticated("The token is not signed with RS256.")
        if not isinstance(header.get("kid"), str):
            raise NotAuthenticated("The token does not name the key that signed it.")
        try:
            key = self._keys.get_signing_key(header["kid"])
        except jwt.PyJWKClientConnectionError as error:
            raise SignInUnavailable("The sign-in service's keys cannot be fetched; try again in a moment.") from error
        except (jwt.PyJWKClientError, jwt.PyJWKSetError) as error:
            raise NotAuthenticated("The token is signed with a key that the sign-in service does not know.") from error
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=self._audiences,
            issuer=self._issuers,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud"]},
        )
        if claims.get("tid", self._tenant_id) != self._tenant_id:
            raise NotAuthenticated("The token is from another tenant.")
        return claims


class SignedRunTokens:
    """Run tokens: HS256 with a key that only the workspace has."""

    def __init__(self, key: Callable[[], str], clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def issue(self, holder: RunToken, expires_at: datetime) -> str:
        """See `RunTokens.issue`."""
        claims = {
            "iss": _RUN_ISSUER,
            "aud": _RUN_AUDIENCE,
            "sub": holder.step_run_id,
            "run_id": holder.run_id,
            "iat": self._clock.now(),
            "exp": expires_at.astimezone(UTC),
        }
        return jwt.encode(claims, self._key(), algorithm="HS256")

    def recognise(self, token: str) -> RunToken | None:
        """See `RunTokens.recognise`."""
        return _checked(lambda: self._recognise(token))

    def _recognise(self, token: str) -> RunToken | None:
        try:
            if _header(token).get("alg") != "HS256":
                return None
        except jwt.PyJWTError:
            return None
        claims = jwt.decode(
            token,
            self._key(),
            algorithms=["HS256"],
            audience=_RUN_AUDIENCE,
            issuer=_RUN_ISSUER,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
        return RunToken(run_id=str(claims["run_id"]), step_run_id=str(claims["sub"]))


def _header(token: str) -> dict[str, Any]:
    if len(token) > _LONGEST_TOKEN:
        raise NotAuthenticated("The token is too long.")
    return jwt.get_unverified_header(token)


def _checked[Result](check: Callable[[], Result]) -> Result:
    """Run a check; whatever PyJWT minds becomes a sentence that does not quote the token."""
    try:
        return check()
    except jwt.ExpiredSignatureError:
        raise NotAuthenticated("The token has expired; get a new one.") from None
    except jwt.InvalidIssuerError:
        raise NotAuthenticated("The token was issued by somebody whom this workspace does not trust.") from None
    except jwt.InvalidAudienceError:
        raise NotAuthenticated("The token is meant for another application.") from None
    except jwt.InvalidSignatureError:
        raise NotAuthenticated("The token's signature is wrong.") from None
    except jwt.MissingRequiredClaimError as error:
        raise NotAuthenticated(f"The token has no claim `{error.claim}`.") from None
    except (jwt.PyJWTError, KeyError, ValueError, RecursionError):
        raise NotAuthenticated("The token cannot be read.") from None
