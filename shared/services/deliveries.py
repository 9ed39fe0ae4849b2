"""Messages to webhooks: written down before a run's end is, sent until the receiver accepts or every try has failed.

A delivery is a row, so it survives everything; `PendingDelivery` rows are the list of those that are not over. Each
message is sent at least once, always under the same id.
"""

import json
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.core import names
from shared.core.errors import Conflict, NotFound
from shared.core.records import RunRecord
from shared.core.status import RUN_TERMINAL, RunStatus
from shared.core.webhooks import (
    MOST_TRIES,
    Delivery,
    DeliveryStatus,
    PendingDelivery,
    Webhook,
    WebhookStatus,
    delivery_id,
    delivery_key,
    event_type,
    retry_wait,
    signature,
)
from shared.ports.engine import Engine
from shared.ports.webhooks import Answer
from shared.services.workspace import Workspace

_GONE = 410
_RUN_NOT_OVER_SECONDS = 2.0
_NOT_SHOWN = {"schema_version", "request_digest"}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Whether a delivery is over, and if not, when to look again."""

    outcome: Literal["ended", "wait"]
    wait_seconds: float = 0


def write_deliveries(workspace: Workspace, run: RunRecord, status: RunStatus) -> list[PendingDelivery]:
    """Write down who is to be told of a run's end. Doing it again changes nothing.

    Returns:
        The deliveries that are not over.
    """
    pending: list[PendingDelivery] = []
    catalogue = workspace.services.catalogue
    for webhook in workspace.webhooks():
        if not webhook.wants(run, status):
            continue
        delivery = Delivery(
            id=delivery_id(run.run_id, run.created_at, webhook.id),
            webhook_id=webhook.id,
            run_id=run.run_id,
            type=event_type(status),
            created_at=workspace.now().isoformat(),
        )
        try:
            catalogue.insert(delivery)
        except Conflict:  # an earlier try to close the run got this far
            delivery = catalogue.get(Delivery, delivery.key)
        if delivery.status is DeliveryStatus.PENDING:
            entry = PendingDelivery(webhook_id=webhook.id, delivery_id=delivery.id)
            catalogue.put(entry)
            pending.append(entry)
    return pending


def send_delivery(workspace: Workspace, webhook_id: str, message_id: str) -> Progress:
    """Try a delivery once if it is time."""
    catalogue, key = workspace.services.catalogue, delivery_key(webhook_id, message_id)
    delivery = catalogue.find(Delivery, key)
    if delivery is None or delivery.status is not DeliveryStatus.PENDING:
        catalogue.delete(PendingDelivery, key)
        return Progress(outcome="ended")
    if (early := _seconds_until(workspace, delivery.next_try_at)) > 0:
        return Progress(outcome="wait", wait_seconds=early)
    webhook = catalogue.find(Webhook, webhook_id)
    try:
        run = workspace.services.runs.get_run(delivery.run_id)
    except NotFound:
        return _end(workspace, delivery, DeliveryStatus.DROPPED, last_error="The run does not exist any more.")
    if run.status not in RUN_TERMINAL:  # the run's end is written down after this delivery
        return Progress(outcome="wait", wait_seconds=_RUN_NOT_OVER_SECONDS)
    if webhook is None or not webhook.wants(run, run.status):
        return _end(workspace, delivery, DeliveryStatus.DROPPED, last_error="The webhook does not want it any more.")
    answer = _send(workspace, webhook, delivery, run)
    return _record(workspace, webhook, delivery, answer)


def restart_deliveries(workspace: Workspace, engine: Engine) -> None:
    """Start again the deliveries that are not over and that no orchestration looks after."""
    if not workspace.webhooks():
        return
    for pending in workspace.services.catalogue.all(PendingDelivery):
        if not engine.is_alive(names.delivery_instance(pending.delivery_id)):
            engine.start_delivery(pending.webhook_id, pending.delivery_id)


def _send(workspace: Workspace, webhook: Webhook, delivery: Delivery, run: RunRecord) -> Answer:
    secret = workspace.services.secrets.get(webhook.secret_name)
    if secret is None:
        return Answer(error="The webhook's secret is lost. Make a new one (rotate_secret).")
    message = {
        "type": event_type(run.status),
        "timestamp": run.ended_at,
        "data": run.model_dump(mode="json", exclude=_NOT_SHOWN),
    }
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    timestamp = int(workspace.now().timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Pipeyard",
        "webhook-id": delivery.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, delivery.id, timestamp, body),
    }
    return workspace.services.webhook_sender.send(webhook.url, headers, body)


def _record(workspace: Workspace, webhook: Webhook, delivery: Delivery, answer: Answer) -> Progress:
    """Write down what came of a try."""
    now, attempts = workspace.now(), delivery.attempts + 1
    error = None if answer.delivered else answer.error or f"The receiver answered {answer.status}."
    tried = delivery.model_copy(
        update={
            "attempts": attempts,
            "last_status": answer.status,
            "last_error": error,
            "last_try_at": now.isoformat(),
            "next_try_at": None,
        }
    )
    if answer.delivered:
        return _end(workspace, tried, DeliveryStatus.DELIVERED)
    if answer.status == _GONE:
        _disable(workspace, webhook)
    if answer.status == _GONE or attempts >= MOST_TRIES:
        log.error("Webhook %s: delivery %s failed for good: %s", webhook.id, delivery.id, error)
        return _end(workspace, tried, DeliveryStatus.DEAD_LETTERED)
    wait = retry_wait(attempts, workspace.webhook_retry_seconds)
    next_try = (now + timedelta(seconds=wait)).isoformat()
    if not _replace(workspace, tried.model_copy(update={"next_try_at": next_try})):
        return Progress(outcome="wait", wait_seconds=1)
    return Progress(outcome="wait", wait_seconds=wait)


def _end(workspace: Workspace, delivery: Delivery, status: DeliveryStatus, **fields: object) -> Progress:
    ended = delivery.model_copy(update={"status": status, "ended_at": workspace.now().isoformat(), **fields})
    if not _replace(workspace, ended):
        return Progress(outcome="wait", wait_seconds=1)
    workspace.services.catalogue.delete(PendingDelivery, delivery.key)
    return Progress(outcome="ended")


def _replace(workspace: Workspace, delivery: Delivery) -> bool:
    """Write the row. False if somebody changed it meanwhile: it is read afresh at the next look."""
    with suppress(Conflict, NotFound):
        workspace.services.catalogue.replace(delivery)
        return True
    return False


def _disable(workspace: Workspace, webhook: Webhook) -> None:
    note = "The receiver answered 410 Gone."
    with suppress(Conflict, NotFound):
        workspace.services.catalogue.replace(
            webhook.model_copy(update={"status": WebhookStatus.DISABLED, "note": note})
        )
    workspace.forget_webhooks()


def _seconds_until(workspace: Workspace, moment: str | None) -> float:
    return 0 if moment is None else (datetime.fromisoformat(moment) - workspace.now()).total_seconds()
