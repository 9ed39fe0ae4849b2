"""The address of a Databricks workspace, asked of Azure by the workspace's resource id."""

# ruff: noqa: PLC0415 - loaded where a target names its workspace by resource id

import re
from typing import Any

from azure.core.credentials import TokenCredential

from shared.core.errors import BackendError

_AZURE = "https://management.azure.com"
_API_VERSION = "2024-05-01"
_RESOURCE_ID = re.compile(
    r"/subscriptions/[\w-]+/resourceGroups/[\w.()-]+/providers/Microsoft\.Databricks/workspaces/[\w-]+", re.IGNORECASE
)


def workspace_url(resource_id: str, credential: TokenCredential | None, management: str = _AZURE) -> str:
    """The workspace's address, such as `adb-1234567890123456.7.azuredatabricks.net`.

    Raises:
        BackendError: It is no resource id of a Databricks workspace, there is no identity to ask with, or Azure
            refuses; its words are in the sentence.
    """
    if not _RESOURCE_ID.fullmatch(resource_id.rstrip("/")):
        raise BackendError(
            f"{resource_id!r} is no resource id of a Databricks workspace. It looks like /subscriptions/<id>/"
            "resourceGroups/<group>/providers/Microsoft.Databricks/workspaces/<name>."
        )
    if credential is None:
        raise BackendError(
            "This workspace has no identity in Azure to look up a Databricks workspace by its resource id: "
            "give the compute target a `workspace_url` instead."
        )
    return _ask(f"{management}{resource_id.rstrip('/')}", credential)


def _ask(url: str, credential: TokenCredential) -> str:
    from azure.core import PipelineClient
    from azure.core.exceptions import AzureError
    from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy
    from azure.core.rest import HttpRequest

    right = BearerTokenCredentialPolicy(credential, f"{_AZURE}/.default")
    client: PipelineClient[Any, Any] = PipelineClient(
        url, policies=[RetryPolicy(retry_total=3, backoff_factor=0.5), right]
    )
    try:
        with client:
            request = HttpRequest("GET", url, params={"api-version": _API_VERSION})
            # The token leaves this machine by https only.
            answer = client.send_request(request, enforce_https=not url.startswith("http://127.0.0.1:"))
            document = answer.json()
    except (AzureError, ValueError) as error:
        raise BackendError(
            f"Azure did not tell the address of the Databricks workspace: {error}", retryable=True
        ) from None
    found = document.get("properties", {}).get("workspaceUrl") if isinstance(document, dict) else None
    if answer.status_code != 200 or not found:  # noqa: PLR2004
        problem = document.get("error", {}) if isinstance(document, dict) else {}
        words = problem.get("message") or f"it answered {answer.status_code}"
        raise BackendError(
            f"Azure did not tell the address of the Databricks workspace: {words}",
            retryable=answer.status_code in {429, 500, 502, 503, 504},
        )
    return str(found)
