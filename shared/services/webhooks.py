"""Webhooks as people handle them: create, change, delete, look at deliveries, send one again."""

import secrets
from typing import Self

from pydantic import Field, model_validator

from shared.core import names
from shared.core.document import EXPERIMENT_PATTERN, NAME_PATTERN, Document, Name
from shared.core.errors import Conflict, Fault, InvalidDocument
from shared.core.records import Page
from shared.core.status import RUN_TERMINAL, RunStatus
from shared.core.webhooks import (
    Delivery,
    DeliveryStatus,
    PendingDelivery,
    Webhook,
    WebhookStatus,
    delivery_key,
    new_secret,
)
from shared.ports.engine import Engine
from shared.services.catalogue import change
from shared.services.workspace import Workspace

MOST_WEBHOOKS = 100


class _Filter(Document):
    """Which runs a webhook is told of."""

    experiment: str | None = Field(default=None, pattern=EXPERIMENT_PATTERN)
    pipeline: str | None = Field(default=None, pattern=NAME_PATTERN)
    statuses: tuple[RunStatus, ...] = ()

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if not set(self.statuses) <= RUN_TERMINAL:
            raise ValueError("Webhooks tell of ends of runs: `statuses` can hold Finished, Failed and Canceled.")
        return self


class WebhookRequest(_Filter):
    """What a client sends to create a webhook."""

    name: Name
    url: str


class WebhookChange(_Filter):
    """What a client sends to change a webhook; what is missing stays.

    Attributes:
        rotate_secret: True makes a new secret, which the answer shows once; the old one ends at once.
    """

    name: Name | None = None
    url: str | None = None
    status: WebhookStatus = WebhookStatus.ACTIVE
    rotate_secret: bool = False


def create_webhook(
    workspace: Workspace, request: WebhookRequest, *, caller_name: str | None = None
) -> tuple[Webhook, str]:
    """Make a webhook. Returns it and its secret, which is shown this once.

    Raises:
        InvalidDocument: The URL may not be called.
        Conflict: There are as many webhooks as there may be.
    """
    _check_url(workspace, request.url)
    if len(workspace.webhooks()) >= MOST_WEBHOOKS:
        raise Conflict(f"There are {MOST_WEBHOOKS} webhooks, which is the most. Delete one first.")
    now = workspace.now()
    webhook = Webhook(
        id=workspace.new_id(),
        name=request.name,
        url=request.url,
        experiment=request.experiment,
        pipeline=request.pipeline,
        statuses=request.statuses,
        created_at=now.isoformat(),
        created_by=caller_name,
    )
    secret = _make_secret(workspace, webhook)
    webhook = workspace.services.catalogue.insert(webhook)
    workspace.forget_webhooks()
    return webhook, secret


def change_webhook(workspace: Workspace, webhook_id: str, request: WebhookChange) -> tuple[Webhook, str | None]:
    """Change a webhook. Returns it and its new secret if one was asked for.

    Raises:
        InvalidDocument: The URL may not be called.
        NotFound: There is no such webhook.
        Conflict: Others change it all the time.
    """
    if request.url is not None:
        _check_url(workspace, request.url)
    fields = {name: getattr(request, name) for name in request.model_fields_set - {"rotate_secret"}}
    fields = {name: value for name, value in fields.items() if value is not None or name in {"experiment", "pipeline"}}
    if "status" in fields:
        fields["note"] = None
    webhook = change(workspace, Webhook, webhook_id, lambda old: Webhook.model_validate({**_fields(old), **fields}))
    secret = _make_secret(workspace, webhook) if request.rotate_secret else None
    workspace.forget_webhooks()
    return webhook, secret


def get_webhook(workspace: Workspace, webhook_id: str) -> Webhook:
    """A webhook.

    Raises:
        NotFound: There is none.
    """
    return workspace.services.catalogue.get(Webhook, webhook_id)


def delete_webhook(workspace: Workspace, webhook_id: str) -> None:
    """Delete a webhook with its secret and all that is known of its deliveries.

    Raises:
        NotFound: There is no such webhook.
    """
    webhook = get_webhook(workspace, webhook_id)
    catalogue = workspace.services.catalogue
    catalogue.delete(Webhook, webhook_id)
    workspace.forget_webhooks()
    workspace.services.secrets.delete(webhook.secret_name)
    for pending in catalogue.all(PendingDelivery, prefix=delivery_key(webhook_id, "")):
        catalogue.delete(PendingDelivery, pending.key)
    for delivery in catalogue.all(Delivery, prefix=delivery_key(webhook_id, "")):
        catalogue.delete(Delivery, delivery.key)


def list_deliveries(
    workspace: Workspace, webhook_id: str, page_size: int, continuation_token: str | None
) -> Page[Delivery]:
    """Deliveries of a webhook, newest run first.

    Raises:
        NotFound: There is no such webhook.
    """
    get_webhook(workspace, webhook_id)
    prefix = delivery_key(webhook_id, "")
    return workspace.services.catalogue.page(Delivery, page_size, continuation_token, prefix=prefix)


def redeliver(workspace: Workspace, engine: Engine, webhook_id: str, delivery_id: str) -> Delivery:
    """Send a delivery now, under the same id: one that is over once more, one that waits for its next try at once.

    Raises:
        NotFound: There is no such delivery.
        Conflict: Its webhook is disabled, or it is being sent at this moment.
    """
    webhook = get_webhook(workspace, webhook_id)
    if webhook.status is not WebhookStatus.ACTIVE:
        raise Conflict(f"The webhook `{webhook.name}` is disabled. Set its status to Active first.")
    catalogue = workspace.services.catalogue
    delivery = catalogue.get(Delivery, delivery_key(webhook_id, delivery_id))
    catalogue.put(PendingDelivery(webhook_id=webhook_id, delivery_id=delivery_id))
    fields: dict[str, object] = {"status": DeliveryStatus.PENDING, "next_try_at": None, "ended_at": None}
    if delivery.status is not DeliveryStatus.PENDING:
        fields["attempts"] = 0
    delivery = catalogue.replace(delivery.model_copy(update=fields))
    instance_id = names.delivery_instance(delivery_id)
    if engine.is_alive(instance_id):
        engine.raise_event(instance_id, names.SEND_NOW_EVENT, {})
    else:
        engine.start_delivery(webhook_id, delivery_id)
    return delivery


def _check_url(workspace: Workspace, url: str) -> None:
    if (problem := workspace.services.webhook_sender.url_problem(url)) is not None:
        raise InvalidDocument([Fault(pointer="/url", message=problem)])


def _make_secret(workspace: Workspace, webhook: Webhook) -> str:
    secret = new_secret(secrets.token_bytes(32))
    workspace.services.secrets.set(webhook.secret_name, secret)
    return secret


def _fields(webhook: Webhook) -> dict[str, object]:
    return {name: getattr(webhook, name) for name in Webhook.model_fields}
