"""What Azure ML's run history knows of a job: why it ended, when, and what the service itself has logged.

The service's public API tells a job's status and no reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from shared.adapters.azure_ml.client import AzureMlClient
from shared.adapters.azure_ml.errors import public, words_of
from shared.core.errors import BackendError, PipeyardError

_LOG_BYTES = 256 * 1024
_MAX_LOGS = 5
_ORDER = ("user_logs/", "azureml-logs/", "logs/", "system_logs/")
"""Which logs say most about an end that the runner could not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What run history says of a job; everything is empty where it says nothing.

    Attributes:
        codes: The error's code and the codes within it, such as `UserError/ImageBuildFailure`.
        message: The error in the service's words.
        seconds: From start to end.
        ended_at: When it ended.
        logs: Signed addresses of log files by name.
    """

    codes: str = ""
    message: str = ""
    seconds: float | None = None
    ended_at: datetime | None = None
    logs: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The error as a clause."""
        return ": ".join(part for part in (self.codes, self.message.strip()) if part).rstrip(".")


class RunHistory:
    """Run history of one Azure ML workspace."""

    def __init__(self, client: AzureMlClient) -> None:
        self._client = client
        self._api: str | None = None

    def details(self, job_name: str) -> Details:
        """What is known of a job. A service that refuses to tell is no reason not to end.

        Raises:
            BackendError: It does not answer for now.
        """
        try:
            path = f"history/v1.0{self._client.workspace_id}/runs/{quote(job_name, safe='')}/details"
            found = self._client.get(f"{self._address()}/{path}").json
        except PipeyardError as refused:
            if refused.retryable:
                raise
            return Details()
        if not isinstance(found, dict):
            return Details()
        error = found.get("error")
        codes, message = words_of(error if isinstance(error, dict) and "error" in error else {"error": error})
        return Details(
            codes=codes,
            message=message,
            seconds=_seconds(found.get("startTimeUtc"), found.get("endTimeUtc")),
            ended_at=_time(found.get("endTimeUtc")),
            logs={str(name): str(url) for name, url in (found.get("logFiles") or {}).items()},
        )

    def tail(self, details: Details) -> str:
        """The ends of the log files, "" where there are none or they cannot be read."""
        parts = []
        for name in sorted(details.logs, key=_weight)[:_MAX_LOGS]:
            try:
                data = self._client.read_signed(details.logs[name], _LOG_BYTES)
            except PipeyardError:
                continue
            if text := public(data.decode(errors="replace")).rstrip():
                parts.append(f"=== {name} (kept by Azure Machine Learning)\n{text}\n")
        return "\n".join(parts)

    def _address(self) -> str:
        if self._api is None:
            workspace = self._client.get("").json or {}
            discovery = (workspace.get("properties") or {}).get("discoveryUrl")
            if not discovery:
                raise BackendError("The Azure ML workspace does not say where its run history is.")
            self._api = str((self._client.get(discovery).json or {}).get("api") or "").rstrip("/")
        if not self._api:
            raise BackendError("The Azure ML workspace does not say where its run history is.")
        return self._api


def _weight(name: str) -> tuple[int, str]:
    return next((index for index, folder in enumerate(_ORDER) if name.startswith(folder)), len(_ORDER)), name


def _seconds(start: Any, end: Any) -> float | None:
    begun, ended = _time(start), _time(end)
    return None if begun is None or ended is None else (ended - begun).total_seconds()


def _time(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
