"""Who one is to a workspace, and who did what in it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeyard._clients.webhooks import AuditClient
    from pipeyard.core.workspace import Workspace


def whoami(workspace: "Workspace") -> dict[str, Any]:
    """Whom the workspace takes the caller for: `name`, `kind`, `roles`, `authenticated`."""
    return _client(workspace).whoami()


def audit_log(
    workspace: "Workspace", *, caller: str | None = None, action: str | None = None, since: str | None = None
) -> Iterator[dict[str, Any]]:
    """Records of who changed what, newest first, fetched page by page. Needs the role Administrator.

    Args:
        workspace: Where.
        caller: Only what one caller did.
        action: Only one action, such as `POST /api/runs`.
        since: Only from this time on, in ISO 8601.

    Raises:
        AuthenticationException: The caller is no administrator.
    """
    return _client(workspace).list(caller=caller, action=action, since=since)


def _client(workspace: "Workspace") -> "AuditClient":
    from pipeyard._clients.webhooks import AuditClient  # noqa: PLC0415  (importing `pipeyard.core` stays quick)

    return AuditClient(workspace.client.http)
