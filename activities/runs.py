"""Activities at the beginning and the end of a run."""

from typing import Any

import azure.durable_functions as df

from shared.bootstrap import workspace
from shared.core import names
from shared.core.status import RunStatus
from shared.services import runs

from .observed import observed
from .payloads import ClosePayload, RunPayload

bp = df.Blueprint()


@bp.activity_trigger(input_name="payload", activity=names.PREPARE_RUN)
@observed
def prepare_run(payload: RunPayload) -> Any:
    """Mark the run as running and settle every step whose finished result can stand in right away."""
    prepared = runs.prepare_run(workspace(), payload["run_id"])
    settled = {str(ordinal): status.value for ordinal, status in prepared.settled.items()}
    return {"graph": prepared.graph, "settled": settled}


@bp.activity_trigger(input_name="payload", activity=names.CLOSE_RUN)
@observed
def close_run(payload: ClosePayload) -> Any:
    """Write the run's final status; tells which webhooks are to be told."""
    pending = runs.close_run(workspace(), payload["run_id"], RunStatus(payload["status"]), payload.get("error"))
    return {"deliveries": [{"webhook_id": each.webhook_id, "delivery_id": each.delivery_id} for each in pending]}
