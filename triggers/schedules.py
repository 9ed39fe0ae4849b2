"""The schedules' tick: at start and every minute. Idempotent, so that a doubled tick starts nothing twice."""

import azure.durable_functions as df
import azure.functions as func

from shared import bootstrap
from shared.core import names
from shared.services.firing import fire_schedules as fire

bp = df.Blueprint()


@bp.function_name(names.FIRE_SCHEDULES)
@bp.timer_trigger(arg_name="timer", schedule="0 * * * * *", run_on_startup=True, use_monitor=False)
@bp.durable_client_input(client_name="client")
def fire_schedules(timer: func.TimerRequest, client: df.SyncDurableFunctionsClient) -> None:
    """Start what is due, and look for files where that is due."""
    del timer
    fire(bootstrap.workspace(), bootstrap.engine(client))
