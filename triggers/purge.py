"""The purge's tick: every hour it goes on with what is left to do, where the workspace is set to purge by itself."""

import logging

import azure.durable_functions as df
import azure.functions as func

from shared import bootstrap
from shared.core import names
from shared.core.errors import Conflict
from shared.services.maintenance.purge import purge_by_timer

SECONDS = 10 * 60
"""Far below the time limit of a function: what is left waits for the next tick."""

bp = df.Blueprint()
log = logging.getLogger(__name__)


@bp.function_name(names.PURGE)
@bp.timer_trigger(arg_name="timer", schedule="0 17 * * * *", run_on_startup=False, use_monitor=False)
@bp.durable_client_input(client_name="client")
def purge(timer: func.TimerRequest, client: df.SyncDurableFunctionsClient) -> None:
    """Begin a purge, or go on with it."""
    del timer
    try:
        purge_by_timer(bootstrap.workspace(), bootstrap.engine(client), SECONDS)
    except Conflict as error:  # an administrator is at it by hand
        log.info("Not now: %s", error)
