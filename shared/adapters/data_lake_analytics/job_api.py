"""The job API of Data Lake Analytics (version 2016-11-01), as far as a step needs it.

The published schema is not quite what travels: the answer to a submit leaves out the script, a canceled job has an
entry of severity `Info` among its errors, cancelling answers with an empty body, times have seven decimals.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from azure.core import PipelineClient
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import HeadersPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest, HttpResponse

from shared.adapters.azure_transport import PooledTransport
from shared.core.data_lake_analytics import RETIRED
from shared.core.errors import BackendError, NotFound
from shared.core.target_properties import LOOPBACK

API_VERSION = "2016-11-01"
PATIENCE_SECONDS = 10.0
"""A service that is busy or away is asked again for so long; then the orchestration waits."""
_ANSWER_SECONDS = 15
_FIRST_PAUSE = 0.25
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_WORDS = 500


class DataLakeJobs:
    """Jobs of one account.

    Args:
        address: Of an emulator on this machine: there is no service in Azure any more.
        pause: Waits for some seconds.

    Raises:
        BackendError: The address is another machine's.
    """

    def __init__(self, address: str, pause: Callable[[float], None] = time.sleep) -> None:
        if urlsplit(address).hostname not in LOOPBACK:
            raise BackendError(RETIRED)
        self._pause = pause
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
            address,
            policies=[UserAgentPolicy("pipeyard"), HeadersPolicy({"Authorization": "Bearer emulated"})],
            transport=PooledTransport("data_lake_analytics"),
        )

    def submit(self, job_id: str, body: dict[str, Any]) -> None:
        """Start a job; one that there is already under this id stays as it is.

        Raises:
            BackendError: Refused, or no answer for now.
        """
        answer = self._call("PUT", f"/Jobs/{job_id}", body)
        if answer.status_code != HTTPStatus.CONFLICT:
            _accepted(answer, "refused the job")

    def get(self, job_id: str) -> tuple[dict[str, Any], datetime]:
        """What the service says about a job, and its clock.

        Raises:
            NotFound: It does not know the job.
            BackendError: No answer for now.
        """
        answer = self._call("GET", f"/Jobs/{job_id}")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise NotFound(f"Data Lake Analytics does not know the job {job_id} any more. {_words(answer)}".rstrip())
        return _accepted(answer, "refused to tell of the job"), _clock(answer)

    def cancel(self, job_id: str) -> None:
        """Ask for a job's end. One that has ended or is not known stays as it is.

        Raises:
            BackendError: Refused, or no answer for now.
        """
        answer = self._call("POST", f"/Jobs/{job_id}/CancelJob")
        if answer.status_code not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
            _accepted(answer, "refused to cancel the job")

    def statistics(self, job_id: str) -> list[dict[str, Any]]:
        """Statistics of the job's stages; none where the service has none."""
        try:
            found = _accepted(self._call("GET", f"/Jobs/{job_id}/GetStatistics"), "has no statistics")
        except BackendError:
            return []
        return list(found.get("stages") or [])

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> HttpResponse:
        """One request, repeated while the service is busy: every one of them may be sent twice."""
        url = self._client.format_url(path)
        left, pause = PATIENCE_SECONDS, _FIRST_PAUSE
        while True:
            # azure-core appends the parameters to the address anew at each sending.
            request = HttpRequest(method, url, params={"api-version": API_VERSION}, json=body)
            wait = pause
            try:
                answer = self._client.send_request(request, read_timeout=_ANSWER_SECONDS)
                if answer.status_code not in _PASSING:
                    return answer
                problem, wait = f"(HTTP {answer.status_code}). {_words(answer)}", max(pause, _retry_after(answer))
            except AzureError as error:
                problem = f"({type(error).__name__})."
            left -= wait
            if left < 0:
                raise BackendError(f"Data Lake Analytics does not answer for now {problem}".rstrip(), retryable=True)
            self._pause(wait)
            pause *= 2


def _accepted(answer: HttpResponse, what: str) -> dict[str, Any]:
    if answer.status_code >= HTTPStatus.BAD_REQUEST:
        raise BackendError(f"Data Lake Analytics {what} (HTTP {answer.status_code}). {_words(answer)}".rstrip())
    document = _json(answer)
    return document if isinstance(document, dict) else {}


def _words(answer: HttpResponse) -> str:
    """The service's own words in an answer that says no."""
    document = _json(answer)
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        return ""
    code, message = error.get("code"), error.get("message")
    return ": ".join(str(part) for part in (code, message) if part)[:_WORDS]


def _json(answer: HttpResponse) -> Any:
    try:
        return answer.json() if answer.content else None
    except ValueError:
        return None


def _retry_after(answer: HttpResponse) -> float:
    try:
        return float(answer.headers.get("Retry-After", 0))
    except ValueError:
        return 0.0


def _clock(answer: HttpResponse) -> datetime:
    """Now by the service's clock: its times are compared with each other only."""
    try:
        return parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError):
        return datetime.min.replace(tzinfo=UTC)
