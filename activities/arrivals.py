"""The activity that turns files that arrived into runs."""

from typing import Any

import azure.durable_functions as df

from shared import bootstrap
from shared.core import names
from shared.services import arrival_windows

from .observed import observed
from .payloads import SchedulePayload

bp = df.Blueprint()


@bp.activity_trigger(input_name="payload", activity=names.START_WINDOW)
@bp.durable_client_input(client_name="client")
@observed
def start_window(payload: SchedulePayload, client: df.SyncDurableFunctionsClient) -> Any:
    """Start the runs that are due, and say when to look again."""
    wait = arrival_windows.start_window(bootstrap.workspace(), bootstrap.engine(client), payload["schedule_id"])
    return {"wait_seconds": wait}
