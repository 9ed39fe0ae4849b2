"""Routes of webhooks, the audit log, and who the caller is."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from pipeyard._clients._paging import pages, part
from pipeyard._http import HttpSession

type Json = dict[str, Any]
WEBHOOKS = "/api/webhooks"


class WebhooksClient:
    """Who is told when runs end."""

    def __init__(self, http: HttpSession) -> None:
        self._http = http

    def create(self, request: Mapping[str, Any]) -> Json:
        """Make a webhook; the answer has its `secret`, this once."""
        return cast("Json", self._http.post(WEBHOOKS, request))

    def change(self, webhook_id: str, change: Mapping[str, Any]) -> Json:
        """Change a webhook; the answer has a `secret` where a new one was asked for."""
        return cast("Json", self._http.send("PATCH", _route(webhook_id), json=change).json())

    def get(self, webhook_id: str) -> Json:
        """A webhook."""
        return cast("Json", self._http.get(_route(webhook_id)))

    def list(self) -> Iterator[Json]:
        """Every webhook, newest first."""
        return pages(self._http, WEBHOOKS)

    def delete(self, webhook_id: str) -> None:
        """Delete a webhook with its deliveries."""
        self._http.send("DELETE", _route(webhook_id))

    def deliveries(self, webhook_id: str) -> Iterator[Json]:
        """What was sent, newest run first."""
        return pages(self._http, f"{_route(webhook_id)}/deliveries")

    def redeliver(self, webhook_id: str, delivery_id: str) -> Json:
        """Send a delivery now, under the same id."""
        return cast("Json", self._http.post(f"{_route(webhook_id)}/deliveries/{part(delivery_id)}/redeliver"))


class AuditClient:
    """Who did what, and who one is."""

    def __init__(self, http: HttpSession) -> None:
        self._http = http

    def list(self, *, caller: str | None = None, action: str | None = None, since: str | None = None) -> Iterator[Json]:
        """Records of changes, newest first."""
        return pages(self._http, "/api/audit", {"caller": caller, "action": action, "since": since})

    def whoami(self) -> Json:
        """The caller as the workspace sees it."""
        return cast("Json", self._http.get("/api/whoami"))


def _route(webhook_id: str) -> str:
    return f"{WEBHOOKS}/{part(webhook_id)}"
