"""The workspace's tick: at start and every minute, starts what is due and takes up what nobody looks after.

One timer for both: each execution is billed as a whole second of an instance, and a workspace that idles has no others.
"""

import azure.durable_functions as df
import azure.functions as func

from shared import bootstrap
from shared.core import names
from shared.services.deliveries import restart_deliveries
from shared.services.firing import fire_schedules
from shared.services.left_jobs import end_left_jobs
from shared.services.runs import reconcile_runs
from shared.telemetry import run_logger

bp = df.Blueprint()


@bp.function_name(names.TICK)
@bp.timer_trigger(arg_name="timer", schedule="0 * * * * *", run_on_startup=True, use_monitor=False)
@bp.durable_client_input(client_name="client")
def tick(timer: func.TimerRequest, client: df.SyncDurableFunctionsClient) -> None:
    """Look after what is not over, then fire the schedules. A doubled tick does no harm."""
    del timer
    workspace, engine = bootstrap.workspace(), bootstrap.engine(client)
    try:
        for run_id in reconcile_runs(workspace, engine):
            run_logger(__name__, run_id=run_id).info("started again: it was not over and had no live orchestration")
        restart_deliveries(workspace, engine)
        end_left_jobs(workspace)
    finally:  # neither keeps the other from its work
        fire_schedules(workspace, engine)
