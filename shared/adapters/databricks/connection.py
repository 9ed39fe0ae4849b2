"""Reaching one Databricks workspace: where it is, who asks, how patiently, and what its refusals become.

Databricks' SDK carries the requests. Of its configuration only what stands here counts: neither variables of the
environment nor a file in somebody's home directory may decide which workspace gets a job.
"""

# ruff: noqa: PLC0415 - the SDK takes a second to import: it is loaded when a target is first used

import ipaddress
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential

from shared.adapters.azure_errors import token_may_come
from shared.adapters.compute_connections import ComputeConnections
from shared.adapters.databricks.azure_lookup import workspace_url
from shared.core.compute_targets import DATABRICKS_JOBS, ComputeTarget
from shared.core.errors import BackendError
from shared.core.telemetry_names import COMPUTE_THROTTLED
from shared.telemetry import metrics

DATABRICKS_SCOPE = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"
"""What a token of Entra ID must be for: Databricks' own application, the same in every tenant."""

_EMULATOR_TOKEN = "emulator"  # noqa: S105 - the emulator lets everybody in, but the SDK wants a token
_HTTP_SECONDS = 30
_RETRY_SECONDS = 8
_LONGEST_PAUSE_SECONDS = 10.0
_WAITS = (0.25, 1.0)
"""Pauses before further tries after failures of the service that the SDK itself does not try again."""


class NotThere(BackendError):
    """Databricks has no such thing."""


class Connection:
    """Requests to the workspace behind a compute target. Connects at the first one; safe for many threads."""

    def __init__(self, connections: ComputeConnections, target: ComputeTarget) -> None:
        self._connections = connections
        self._target = target
        self._client: Any = None
        self._host = ""
        self._lock = threading.Lock()

    def call(self, doing: str, method: str, path: str, **request: Any) -> dict[str, Any]:
        """Send a request that may be repeated without harm; returns the answer's JSON.

        Args:
            doing: What is asked for, to follow "Databricks did not".
            method: HTTP method.
            path: Path below the workspace's address.
            request: `query`, `body`, or what else the SDK's `do` takes.

        Raises:
            NotThere: What the request names does not exist.
            BackendError: Refused, with Databricks' own words, or no answer: then it is retryable.
        """
        client = self._opened()
        for wait in (*_WAITS, None):
            try:
                answer = client.do(method, path, **request)
            except Exception as error:
                refusal = _refusal(doing, error, self._host)
                if refusal is None:
                    raise
                if wait is None or not refusal.retryable or isinstance(error, TimeoutError):
                    raise refusal from None  # the SDK's error may quote the request
                time.sleep(max(wait, _asked_to_wait(error)))
            else:
                return answer if isinstance(answer, dict) else {}
        raise AssertionError  # the last try returns or raises

    def _opened(self) -> Any:
        with self._lock:
            if self._client is None:
                self._host, right = self._place_and_right()
                self._client = _client(self._host, right)
            return self._client

    def _place_and_right(self) -> tuple[str, str | TokenCredential]:
        """The workspace's address, and a token or the identity that gets one."""
        target, connections = self._target, self._connections
        if target.properties.get("emulated"):
            return _emulator_url(target.name, connections.emulators.get(DATABRICKS_JOBS)), _EMULATOR_TOKEN
        host = target.properties.get("workspace_url") or workspace_url(
            str(target.properties.get("resource_id", "")), connections.credential
        )
        secret = target.secret_names.get("access_token")
        token = connections.secrets.get(secret) if secret is not None else None
        if secret is not None and token is None:
            raise BackendError(
                f"The access token of compute target `{target.name}` is not in the secret store any more: "
                "attach the target again with a token."
            )
        right = token or connections.credential
        if right is None:
            raise BackendError(
                f"Compute target `{target.name}` has no `access_token`, and this workspace has no identity in Azure "
                "that could stand in: attach the target again with a token."
            )
        return _secure(target.name, str(host)), right


def _client(host: str, right: str | TokenCredential) -> Any:
    from databricks.sdk.clock import Clock
    from databricks.sdk.core import ApiClient, Config

    class ShortPauses(Clock):
        """The SDK's clock. It sleeps for as long as a server asks; here somebody waits for the answer."""

        def time(self) -> float:
            return time.monotonic()

        def sleep(self, seconds: float) -> None:
            if seconds > _LONGEST_PAUSE_SECONDS + 1:  # the SDK adds up to a second of its own
                raise BackendError(f"it asks to be left alone for {int(seconds)} s.", retryable=True)
            time.sleep(seconds)

    Config.attributes()  # names the attributes of the class itself: asked of a subclass first, it would find none

    class OwnConfig(Config):
        """A configuration from its arguments alone."""

        def _load_from_env(self) -> None:
            pass

        def _known_file_config_loader(self) -> None:
            pass

        def _resolve_host_metadata(self) -> None:
            pass  # one request less: what the host could tell is for other ways of signing in

        def wrap_debug_info(self, message: str) -> str:
            return message  # would list the environment's variables

    given: dict[str, Any] = {"token": right} if isinstance(right, str) else {"credentials_strategy": _strategy(right)}
    config = OwnConfig(
        host=host,
        http_timeout_seconds=_HTTP_SECONDS,
        retry_timeout_seconds=_RETRY_SECONDS,
        clock=ShortPauses(),
        product="pipeyard",
        product_version="1",
        **given,
    )
    return ApiClient(config)


def _strategy(credential: TokenCredential) -> Any:
    """The app's identity as one of the SDK's ways to sign in; it has none of its own for managed identities."""
    from databricks.sdk.credentials_provider import CredentialsStrategy

    class AppIdentity(CredentialsStrategy):
        def auth_type(self) -> str:
            return "azure-identity"

        def __call__(self, _: object) -> Callable[[], dict[str, str]]:
            return lambda: {"Authorization": f"Bearer {credential.get_token(DATABRICKS_SCOPE).token}"}

    return AppIdentity()


def _emulator_url(target: str, url: str | None) -> str:
    if url is None:
        raise BackendError(f"Compute target `{target}` is emulated, and this workspace has no emulator of Databricks.")
    host = urlsplit(url).hostname or ""
    if host != "localhost" and not _is_loopback(host):
        raise BackendError(f"The emulator of Databricks must be on this machine, not on {host}.")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _secure(target: str, host: str) -> str:
    parts = urlsplit(host if "//" in host else f"https://{host}")
    if parts.scheme != "https" or not parts.hostname or parts.username:
        raise BackendError(
            f"The `workspace_url` of compute target `{target}` is no https address such as "
            "https://adb-1234567890123456.7.azuredatabricks.net."
        )
    return f"https://{parts.netloc}"


def _refusal(doing: str, error: Exception, host: str) -> BackendError | None:
    """What an error of the SDK means here; None for errors that are not of the service."""
    import requests
    from azure.core.exceptions import ClientAuthenticationError
    from databricks.sdk import errors
    from databricks.sdk.errors.base import DatabricksError

    cause = error.__cause__ if isinstance(error, TimeoutError) else error  # the SDK gave up trying
    if isinstance(cause, errors.TooManyRequests | errors.TemporarilyUnavailable):
        status = "429" if isinstance(cause, errors.TooManyRequests) else "503"
        metrics.record(COMPUTE_THROTTLED, service="databricks", status=status)
    if isinstance(error, BackendError):
        return BackendError(f"Databricks did not {doing}: {error}", retryable=error.retryable)
    if isinstance(error, ClientAuthenticationError):
        message = f"Databricks did not {doing}: the app's identity got no token for it."
        return BackendError(message, retryable=token_may_come(error))
    if isinstance(error, TimeoutError | requests.RequestException):
        if isinstance(error, TimeoutError) and isinstance(cause, DatabricksError):
            return BackendError(f"Databricks did not {doing}: {_words(cause)}", retryable=True)
        return BackendError(f"Databricks did not {doing}: it does not answer at {host}.", retryable=True)
    if not isinstance(error, DatabricksError):
        return None
    if isinstance(error, errors.NotFound):
        return NotThere(f"Databricks did not {doing}: {_words(error)}")
    passing = (errors.TooManyRequests, errors.InternalError, errors.TemporarilyUnavailable, errors.DeadlineExceeded)
    unknown = type(error) is DatabricksError  # a status that the SDK has no class for, such as 502
    advice = ""
    if isinstance(error, errors.Unauthenticated):
        advice = " Attach the compute target again with a token that is valid."
    return BackendError(
        f"Databricks did not {doing}: {_words(error)}{advice}", retryable=unknown or isinstance(error, passing)
    )


def _words(error: Exception) -> str:
    """Databricks' own sentence, ended like one."""
    text = " ".join(str(error).split())[:2000] or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _asked_to_wait(error: Exception) -> float:
    asked = getattr(error, "retry_after_secs", None)
    return min(float(asked), _LONGEST_PAUSE_SECONDS) if asked else 0.0
