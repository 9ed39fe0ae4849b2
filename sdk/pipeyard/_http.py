"""Requests to a workspace: retries where repeating is safe, and every failure as one of our exceptions."""

import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from pipeyard._config import WorkspaceLocation
from pipeyard._tokens import Auth, token_of_environment
from pipeyard.exceptions import (
    AuthenticationException,
    Fault,
    PipeyardException,
    ServiceException,
    UserErrorException,
)

TIMEOUT = httpx.Timeout(60, connect=10)
TRIES = 4
FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 10.0
TRANSIENT_STATUSES = frozenset({408, 429, 502, 503, 504})
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
CLIENT_ERRORS = range(400, 500)
SIGN_IN_STATUSES = frozenset({401, 403})


class HttpSession:
    """Requests to one workspace and to the signed storage URLs that it hands out. Safe for several threads."""

    def __init__(
        self,
        location: WorkspaceLocation,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        auth: Auth | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            location: The workspace.
            transport: For tests and special transports.
            sleep: Waits between tries.
            auth: Asked for a bearer token before each request, so that it can renew one; the variables
                `PIPEYARD_TOKEN` and, in a job, `AZUREML_RUN_TOKEN` come first.
        """
        self.location = location
        self.auth = auth
        self._sleep = sleep
        # A proxy of the environment cannot reach this machine's own loopback.
        trust_env = urlsplit(location.url).hostname not in LOOPBACK_HOSTS
        self._client = httpx.Client(base_url=location.url, transport=transport, timeout=TIMEOUT, trust_env=trust_env)
        # Nobody closes a `Workspace`: its connections go when it does.
        weakref.finalize(self, self._client.close)

    def close(self) -> None:
        """Close pooled connections."""
        self._client.close()

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """The JSON answer of a GET."""
        return _json_of(self.send("GET", path, params=_without_none(parameters)))

    def post(self, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON answer of a POST."""
        return _json_of(self.send("POST", path, json=body, headers=headers))

    def redirect_of(self, path: str) -> str:
        """The URL that a workspace route points to."""
        response = self.send("GET", path)
        location = response.headers.get("location")
        if not response.is_redirect or not location:
            raise ServiceException(
                f"{response.request.url} should point to a file, but answered {response.status_code}."
            )
        return str(response.request.url.join(location))

    @contextmanager
    def stream(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator[httpx.Response]:
        """Open a signed storage URL for reading.

        Raises:
            ServiceException: Storage did not deliver.
        """
        try:
            with self._client.stream("GET", url, headers=headers) as response:
                _raise_for_answer(response)
                yield response
        except httpx.ConnectError as error:
            raise self._unreachable(error) from error
        except httpx.TransportError as error:
            raise self._interrupted(error) from error

    def send(self, method: str, url: str, **arguments: Any) -> httpx.Response:
        """Send a request, again after transient failures: every route may be asked twice.

        Raises:
            UserErrorException: The workspace refused the request.
            ServiceException: It did not answer, or could not serve the request.
        """
        wait = FIRST_WAIT_SECONDS
        for remaining in reversed(range(TRIES)):
            try:
                response = self._client.request(method, url, **self._signed_in(url, arguments))
            except httpx.ConnectError as error:
                raise self._unreachable(error) from error
            except httpx.TransportError as error:
                if not remaining:
                    raise self._interrupted(error) from error
            else:
                if response.status_code not in TRANSIENT_STATUSES or not remaining:
                    _raise_for_answer(response, own=not urlsplit(url).netloc)
                    return response
                wait = max(wait, _retry_after(response))
            self._sleep(min(wait, LONGEST_WAIT_SECONDS))
            wait *= 3
        raise AssertionError  # pragma: no cover  (the last round returns or raises)

    def _signed_in(self, url: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments with the caller's token: for the workspace's own routes only, never for storage."""
        if urlsplit(url).netloc:
            return arguments
        token = token_of_environment(self.location.url) or (self.auth() if self.auth is not None else None)
        if token is None:
            return arguments
        return {**arguments, "headers": {**(arguments.get("headers") or {}), "Authorization": f"Bearer {token}"}}

    def _unreachable(self, error: httpx.ConnectError) -> ServiceException:
        tried = error.request.url.copy_with(path="/", query=None)
        if tried.host == urlsplit(self.location.url).hostname and tried.port == urlsplit(self.location.url).port:
            return ServiceException(
                f"No workspace answers at {self.location.url} (from {self.location.source}): {error}. "
                "Start the local workspace with ./dev start, or set PIPEYARD_URL to another one.",
                code="unreachable",
            )
        return ServiceException(f"The workspace's storage at {tried} cannot be reached: {error}.", code="unreachable")

    def _interrupted(self, error: httpx.TransportError) -> ServiceException:
        reason = str(error) or type(error).__name__
        return ServiceException(
            f"The workspace at {self.location.url} (from {self.location.source}) did not answer: {reason}.",
            code="no_answer",
        )


def _raise_for_answer(response: httpx.Response, *, own: bool = False) -> None:
    """Turn an error answer into an exception; problem documents keep their faults.

    Args:
        response: The answer.
        own: Whether a route of the workspace gave it, not storage.
    """
    if response.status_code < CLIENT_ERRORS.start:
        return
    response.read()
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {"detail": response.text.strip()[:500]}
    kind: type[PipeyardException] = UserErrorException if response.status_code in CLIENT_ERRORS else ServiceException
    if own and response.status_code in SIGN_IN_STATUSES:
        kind = AuthenticationException
    where = f"{response.request.method} {response.request.url.path}"
    text = problem.get("detail") or problem.get("title") or response.reason_phrase
    raise kind(
        str(text) if problem.get("code") else f"{where} answered {response.status_code}: {text}",
        code=problem.get("code"),
        status=response.status_code,
        faults=[_fault(item) for item in problem.get("faults") or () if isinstance(item, dict)],
    )


def _fault(item: Mapping[str, Any]) -> Fault:
    return Fault(str(item.get("pointer", "")), str(item.get("message", "")), item.get("suggestion"))


def _json_of(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise ServiceException(
            f"{response.request.url} did not answer with JSON. Is there another program at this address?"
        ) from error


def _retry_after(response: httpx.Response) -> float:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdigit() else 0.0


def _without_none(parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (parameters or {}).items() if value is not None}
