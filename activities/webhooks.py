"""The activity that sends a message to a webhook."""

from dataclasses import asdict
from typing import Any

import azure.durable_functions as df

from shared.bootstrap import workspace
from shared.core import names
from shared.services import deliveries

from .observed import observed
from .payloads import DeliveryPayload

bp = df.Blueprint()


@bp.activity_trigger(input_name="payload", activity=names.SEND_WEBHOOK)
@observed
def send_webhook(payload: DeliveryPayload) -> Any:
    """Try a delivery once if it is time."""
    return asdict(deliveries.send_delivery(workspace(), payload["webhook_id"], payload["delivery_id"]))
