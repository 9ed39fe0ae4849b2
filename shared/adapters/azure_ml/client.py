"""Requests to one Azure ML workspace: plain JSON through Azure's own pipeline, with short retries.

`ARMPipelineClient` brings sign-in and transport; its own retries are left out, because they would wait for as long as
the service likes. Whoever calls here is an activity that can be repeated, so a few seconds are enough.
"""

import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline.policies import HeadersPolicy, SansIOHTTPPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest
from azure.mgmt.core import ARMPipelineClient
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from shared.adapters.azure_errors import token_may_come
from shared.adapters.azure_ml.errors import TRANSIENT, no_answer, public, refusal
from shared.adapters.azure_transport import PooledTransport
from shared.core.errors import BackendError

API_VERSION = "2025-12-01"
RETRY_SECONDS = 10.0
"""Longest time that a request spends on trying again."""

_FIRST_WAIT_SECONDS = 0.25
_TIMEOUTS: dict[str, Any] = {"connection_timeout": 5, "read_timeout": 20}
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SCOPE = "https://management.azure.com/.default"
_PARTIAL = (200, 206)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A success. `json` is None where there was no body."""

    status: int
    headers: dict[str, str]
    json: Any


class AzureMlClient:
    """One Azure ML workspace.

    Args:
        endpoint: `https://management.azure.com`, or the address of an emulator on this machine.
        workspace_id: Resource id of the workspace.
        credential: Signs in; its token is only ever sent by https or to this machine.

    Raises:
        BackendError: The endpoint is neither https nor on this machine.
    """

    def __init__(self, endpoint: str, workspace_id: str, credential: TokenCredential) -> None:
        self.workspace_id = f"/{workspace_id.strip('/')}"
        self.emulated = _is_loopback(endpoint)
        self._endpoint = endpoint.rstrip("/")
        self._refuse_plain(endpoint)
        shared = [HeadersPolicy({"Accept": "application/json"}), UserAgentPolicy("pipeyard")]
        sign_in = ARMChallengeAuthenticationPolicy(credential, _SCOPE)
        transport = PooledTransport("azure_ml")
        self._signed_in: ARMPipelineClient[Any, Any] = ARMPipelineClient(
            self._endpoint, policies=[*shared, _AllowLoopback(), sign_in], transport=transport
        )
        self._anonymous: ARMPipelineClient[Any, Any] = ARMPipelineClient(
            self._endpoint, policies=shared, transport=transport
        )

    def get(self, path: str) -> Answer:
        """Read. `path` is relative to the workspace ("" is the workspace itself), or a whole URL that it gave.

        Raises:
            NotFound: The service does not know it.
            Conflict: Its state forbids the request.
            BackendError: The service refused or did not answer.
        """
        return self._send("GET", path)

    def put(self, path: str, json: Any) -> Answer:
        """Create or replace. Raises as `get` does."""
        return self._send("PUT", path, json)

    def patch(self, path: str, json: Any) -> Answer:
        """Change. Raises as `get` does."""
        return self._send("PATCH", path, json)

    def post(self, path: str, json: Any = None) -> Answer:
        """Do. Raises as `get` does."""
        return self._send("POST", path, json)

    def delete(self, path: str) -> Answer:
        """Delete. Raises as `get` does."""
        return self._send("DELETE", path)

    def read_signed(self, url: str, last_bytes: int) -> bytes:
        """The end of a file at an address that carries its own signature. Raises as `get` does."""
        self._refuse_plain(url)
        data, size = self._read_range(url, 0, last_bytes)
        if size > len(data):  # storage knows no ranges that count from the end
            data, _ = self._read_range(url, size - last_bytes, last_bytes)
        return data[-last_bytes:]

    def _read_range(self, url: str, start: int, count: int) -> tuple[bytes, int]:
        """Bytes of a file, and its size."""
        request = HttpRequest("GET", url, headers={"Range": f"bytes={start}-{start + count - 1}"})
        what = f"GET {urlsplit(url).path}"
        try:
            response = self._anonymous.send_request(request, **_TIMEOUTS)
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:  # it is empty
                return b"", 0
            if response.status_code not in _PARTIAL:
                raise refusal(response.status_code, None, what)
            data = bytes(response.content)
            size = str(response.headers.get("Content-Range") or "").rpartition("/")[2]
            return data, int(size) if size.isdigit() else len(data)
        except AzureError as error:
            raise no_answer(error, what) from None

    def close(self) -> None:
        """Close the connections."""
        self._signed_in.close()

    def _send(self, method: str, path: str, json: Any = None) -> Answer:
        url, parameters = self._address(path)
        what = f"{method} {public(path if '://' not in path else urlsplit(path).path) or 'the workspace'}"
        deadline, wait = time.monotonic() + RETRY_SECONDS, _FIRST_WAIT_SECONDS
        while True:
            pause = wait
            try:
                request = HttpRequest(method, url, params=parameters, json=json)
                response = self._signed_in.send_request(request, **_TIMEOUTS)
                if response.status_code < HTTPStatus.MULTIPLE_CHOICES:
                    return Answer(status=response.status_code, headers=dict(response.headers), json=_body(response))
                error: Exception = refusal(response.status_code, _body(response), what)
                if response.status_code not in TRANSIENT:
                    raise error
                pause = max(wait, _retry_after(response.headers))
            except ClientAuthenticationError as failure:
                raise BackendError(
                    f"No token for Azure Resource Manager was given ({type(failure).__name__}). "
                    "Check that this app has an identity.",
                    retryable=token_may_come(failure),
                ) from None
            except AzureError as failure:
                error = no_answer(failure, what)
            if time.monotonic() + pause > deadline:
                raise error
            time.sleep(pause)
            wait *= 2

    def _address(self, path: str) -> tuple[str, dict[str, str]]:
        if "://" in path:
            self._refuse_plain(path)
            return path, {}
        below = f"/{path.strip('/')}" if path else ""
        return f"{self._endpoint}{self.workspace_id}{below}", {"api-version": API_VERSION}

    def _refuse_plain(self, url: str) -> None:
        if urlsplit(url).scheme == "https" or (self.emulated and _is_loopback(url)):
            return
        raise BackendError(f"{urlsplit(url).hostname} is not reached by https: nothing is sent there.")


class _AllowLoopback(SansIOHTTPPolicy[Any, Any]):
    """Lets a token travel without TLS inside this machine, which azure-core refuses everywhere."""

    def on_request(self, request: Any) -> None:
        if _is_loopback(request.http_request.url):
            request.context.options["enforce_https"] = False


def _is_loopback(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def _body(response: Any) -> Any:
    try:
        return response.json() if response.content else None
    except ValueError:
        return None


def _retry_after(headers: Any) -> float:
    """Seconds that the service asks to wait; a date instead of a number counts as nothing."""
    value = str(headers.get("Retry-After") or "")
    return float(value) if value.replace(".", "", 1).isdigit() else 0.0
