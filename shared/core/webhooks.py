"""Webhooks: who is told when a run ends, what was sent, and how it is signed (Standard Webhooks)."""

import base64
import hashlib
import hmac
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from .catalogue import CatalogueRecord
from .identifiers import newest_first_id
from .records import RunRecord
from .status import RunStatus

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with
MOST_TRIES = 8
RETRY_GROWTH = 4


class WebhookStatus(StrEnum):
    """Whether a webhook is told anything."""

    ACTIVE = "Active"
    DISABLED = "Disabled"


class DeliveryStatus(StrEnum):
    """How far a delivery has come. `DeadLettered`: every try failed. `Dropped`: nobody wants it any more."""

    PENDING = "Pending"
    DELIVERED = "Delivered"
    DEAD_LETTERED = "DeadLettered"
    DROPPED = "Dropped"


class Webhook(CatalogueRecord):
    """Somebody who is told when runs end. The secret is in the secret store, never here.

    Attributes:
        experiment: Only runs of this experiment, None for all.
        pipeline: Only runs of this pipeline, None for all.
        statuses: Only runs that ended so; empty for all.
        note: Why the workspace itself has disabled it.
    """

    kind: ClassVar[str] = "webhook"
    label: ClassVar[str] = "webhook"

    id: str
    name: str
    url: str
    experiment: str | None = None
    pipeline: str | None = None
    statuses: tuple[RunStatus, ...] = ()
    status: WebhookStatus = WebhookStatus.ACTIVE
    note: str | None = None
    created_at: str
    created_by: str | None = None

    @property
    def key(self) -> str:
        """Its id."""
        return self.id

    @property
    def secret_name(self) -> str:
        """Name of the secret that signs its deliveries."""
        return f"webhook-{self.id}"

    def wants(self, run: RunRecord, status: RunStatus) -> bool:
        """Whether it is to be told of a run that ends so."""
        return (
            self.status is WebhookStatus.ACTIVE
            and self.experiment in (None, run.experiment)
            and self.pipeline in (None, run.pipeline)
            and (not self.statuses or status in self.statuses)
        )


class Delivery(CatalogueRecord):
    """One message for one webhook.

    Attributes:
        id: The message's id, the same in every try: receivers know by it what they have seen.
        type: Such as `run.finished`.
        attempts: Tries so far.
        last_status: HTTP status of the last answer, None where there was none.
        last_error: What went wrong the last time.
        next_try_at: Not before this; None: at once.
    """

    kind: ClassVar[str] = "webhook_delivery"
    label: ClassVar[str] = "delivery"

    id: str
    webhook_id: str
    run_id: str
    type: str
    status: DeliveryStatus = DeliveryStatus.PENDING
    attempts: int = 0
    last_status: int | None = None
    last_error: str | None = None
    created_at: str
    last_try_at: str | None = None
    next_try_at: str | None = None
    ended_at: str | None = None

    @property
    def key(self) -> str:
        """Newest first within its webhook."""
        return delivery_key(self.webhook_id, self.id)


class PendingDelivery(CatalogueRecord):
    """Says that a delivery is not over, so that it is found again after a crash."""

    kind: ClassVar[str] = "pending_webhook_delivery"
    label: ClassVar[str] = "pending delivery"

    webhook_id: str
    delivery_id: str

    @property
    def key(self) -> str:
        """That of its delivery."""
        return delivery_key(self.webhook_id, self.delivery_id)


def delivery_key(webhook_id: str, delivery_id: str) -> str:
    """Key of a delivery; without the second part, the beginning of all keys of a webhook."""
    return f"{webhook_id}:{delivery_id}"


def delivery_id(run_id: str, created_at: str, webhook_id: str) -> str:
    """Id of the message about a run's end: derived, so that closing a run twice makes one message."""
    random = int.from_bytes(hashlib.sha256(f"{run_id}:{webhook_id}".encode()).digest())
    return newest_first_id(datetime.fromisoformat(created_at), random)


def event_type(status: RunStatus) -> str:
    """The message's type for a final status."""
    return f"run.{status.value.lower()}"


def new_secret(random: bytes) -> str:
    """A secret as receivers keep it."""
    return SECRET_PREFIX + base64.b64encode(random).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header of a message."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def retry_wait(attempts: int, first_seconds: float) -> float:
    """Seconds from the failure of try `attempts` (from 1) to the next one."""
    return first_seconds * float(RETRY_GROWTH ** (attempts - 1))
