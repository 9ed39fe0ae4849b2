"""Webhooks and their deliveries."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Path
from pydantic import BaseModel

from api.dependencies import CallerDep, EngineDep, PageSize, Token, WorkspaceDep
from shared.core.identity import Caller, Role
from shared.core.names import GUID_PATTERN
from shared.core.records import Page
from shared.core.webhooks import Delivery, Webhook
from shared.services import webhooks
from shared.services.webhooks import WebhookChange, WebhookRequest

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])

WebhookId = Annotated[str, Path(pattern=GUID_PATTERN)]
DeliveryId = Annotated[str, Path(pattern=GUID_PATTERN)]


class WebhookView(BaseModel):
    """A webhook. Of its `url` only administrators see more than the host: for many receivers it is the key."""

    id: str
    name: str
    url: str
    experiment: str | None
    pipeline: str | None
    statuses: list[str]
    status: str
    note: str | None
    created_at: str
    created_by: str | None


class WebhookWithSecret(WebhookView):
    """A webhook with its secret, where there is a new one: shown once and never again."""

    secret: str | None


class DeliveryView(BaseModel):
    """One message for a webhook."""

    id: str
    webhook_id: str
    run_id: str
    type: str
    status: str
    attempts: int
    last_status: int | None
    last_error: str | None
    created_at: str
    last_try_at: str | None
    next_try_at: str | None
    ended_at: str | None


@router.post("", status_code=HTTPStatus.CREATED)
async def create(workspace: WorkspaceDep, caller: CallerDep, body: WebhookRequest) -> WebhookWithSecret:
    """Make a webhook. The answer shows its secret, this once."""
    webhook, secret = webhooks.create_webhook(workspace, body, caller_name=caller.name)
    return WebhookWithSecret(**_view(webhook).model_dump(), secret=secret)


@router.get("")
async def list_webhooks(
    workspace: WorkspaceDep, caller: CallerDep, page_size: PageSize = 50, continuation_token: Token = None
) -> Page[WebhookView]:
    """Webhooks, newest first."""
    page = workspace.services.catalogue.page(Webhook, page_size, continuation_token)
    return page.shown(lambda webhook: _shown(webhook, caller))


@router.get("/{webhook_id}")
async def get(workspace: WorkspaceDep, caller: CallerDep, webhook_id: WebhookId) -> WebhookView:
    """A webhook."""
    return _shown(webhooks.get_webhook(workspace, webhook_id), caller)


@router.patch("/{webhook_id}")
async def change(workspace: WorkspaceDep, webhook_id: WebhookId, body: WebhookChange) -> WebhookWithSecret:
    """Change a webhook, switch it off and on, or make a new secret."""
    webhook, secret = webhooks.change_webhook(workspace, webhook_id, body)
    return WebhookWithSecret(**_view(webhook).model_dump(), secret=secret)


@router.delete("/{webhook_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete(workspace: WorkspaceDep, webhook_id: WebhookId) -> None:
    """Delete a webhook with its deliveries."""
    webhooks.delete_webhook(workspace, webhook_id)


@router.get("/{webhook_id}/deliveries")
async def list_deliveries(
    workspace: WorkspaceDep, webhook_id: WebhookId, page_size: PageSize = 50, continuation_token: Token = None
) -> Page[DeliveryView]:
    """What was sent, or is being sent, newest run first."""
    page = webhooks.list_deliveries(workspace, webhook_id, page_size, continuation_token)
    return page.shown(_delivery)


@router.post("/{webhook_id}/deliveries/{delivery_id}/redeliver", status_code=HTTPStatus.ACCEPTED)
async def redeliver(
    workspace: WorkspaceDep, engine: EngineDep, webhook_id: WebhookId, delivery_id: DeliveryId
) -> DeliveryView:
    """Send a delivery now, under the same id."""
    return _delivery(webhooks.redeliver(workspace, engine, webhook_id, delivery_id))


def _shown(webhook: Webhook, caller: Caller) -> WebhookView:
    view = _view(webhook)
    if caller.may(Role.ADMINISTRATOR):
        return view
    parts = urlsplit(webhook.url)
    return view.model_copy(update={"url": f"{parts.scheme}://{parts.netloc}/..."})


def _view(webhook: Webhook) -> WebhookView:
    return WebhookView.model_validate(webhook.model_dump(include=set(WebhookView.model_fields)))


def _delivery(delivery: Delivery) -> DeliveryView:
    return DeliveryView.model_validate(delivery.model_dump(include=set(DeliveryView.model_fields)))
