"""Webhooks: a URL that is told when runs end. v1 had nothing like it."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeyard._clients.webhooks import WebhooksClient
    from pipeyard.core.workspace import Workspace


class Webhook:
    """A webhook of a workspace.

    Attributes:
        workspace: Where it is.
        id: Its id.
        name: What people call it.
        url: Where messages go.
        status: `Active` or `Disabled`.
        secret: Signs its messages; known only right after `create` and `rotate_secret`.
    """

    def __init__(self, workspace: "Workspace", document: dict[str, Any]) -> None:
        self.workspace = workspace
        self._take(document)

    @classmethod
    def create(
        cls,
        workspace: "Workspace",
        name: str,
        url: str,
        *,
        experiment: str | None = None,
        pipeline: str | None = None,
        statuses: Iterable[str] = (),
    ) -> "Webhook":
        """Make a webhook.

        Args:
            workspace: Where.
            name: What people will call it.
            url: An https address; a local workspace takes http, too.
            experiment: Only runs of this experiment.
            pipeline: Only runs of this pipeline.
            statuses: Only runs that end so: Finished, Failed, Canceled.
        """
        request = {"name": name, "url": url, "experiment": experiment, "pipeline": pipeline, "statuses": [*statuses]}
        return cls(workspace, _client(workspace).create(request))

    @classmethod
    def get(cls, workspace: "Workspace", webhook_id: str) -> "Webhook":
        """A webhook by its id."""
        return cls(workspace, _client(workspace).get(webhook_id))

    @classmethod
    def list(cls, workspace: "Workspace") -> "list[Webhook]":
        """Every webhook, newest first."""
        return [cls(workspace, document) for document in _client(workspace).list()]

    def update(
        self,
        *,
        name: str | None = None,
        url: str | None = None,
        experiment: str | None = None,
        pipeline: str | None = None,
        statuses: Iterable[str] | None = None,
    ) -> None:
        """Change what is given; the rest stays, and so does the secret.

        Args:
            name: What people call it.
            url: Where messages go.
            experiment: Only runs of this experiment; "" for runs of any.
            pipeline: Only runs of this pipeline; "" for runs of any.
            statuses: Only runs that end so; empty for however they end.
        """
        filters = {"experiment": experiment, "pipeline": pipeline}
        given: dict[str, Any] = {key: value or None for key, value in filters.items() if value is not None}
        given |= {key: value for key, value in {"name": name, "url": url}.items() if value is not None}
        if statuses is not None:
            given["statuses"] = [*statuses]
        self._change(**given)

    def disable(self) -> None:
        """Tell it nothing any more."""
        self._change(status="Disabled")

    def enable(self) -> None:
        """Tell it again."""
        self._change(status="Active")

    def rotate_secret(self) -> str:
        """A new secret in place of the old one, which ends at once."""
        self._change(rotate_secret=True)
        return str(self.secret)

    def delete(self) -> None:
        """Delete it with its deliveries."""
        _client(self.workspace).delete(self.id)

    def deliveries(self) -> Sequence[dict[str, Any]]:
        """What was sent, newest run first."""
        return tuple(_client(self.workspace).deliveries(self.id))

    def redeliver(self, delivery_id: str) -> dict[str, Any]:
        """Send a delivery now, under the same id."""
        return _client(self.workspace).redeliver(self.id, delivery_id)

    def _change(self, **change: Any) -> None:
        self._take(_client(self.workspace).change(self.id, change))

    def _take(self, document: dict[str, Any]) -> None:
        self.id: str = document["id"]
        self.name: str = document["name"]
        self.url: str = document["url"]
        self.status: str = document["status"]
        self.secret: str | None = document.get("secret")

    def __repr__(self) -> str:
        return f"Webhook(name={self.name!r}, id={self.id!r}, status={self.status!r})"


def _client(workspace: "Workspace") -> "WebhooksClient":
    from pipeyard._clients.webhooks import WebhooksClient  # noqa: PLC0415  (keeps the import of this module cheap)

    return WebhooksClient(workspace.client.http)
