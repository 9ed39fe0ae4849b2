"""The reconciler: at start and every minute, finds runs that nobody looks after and starts them again."""

import azure.durable_functions as df
import azure.functions as func

from shared import bootstrap
from shared.core import names
from shared.services.deliveries import restart_deliveries
from shared.services.runs import reconcile_runs as reconcile
from shared.telemetry import run_logger

bp = df.Blueprint()


@bp.function_name(names.RECONCILE_RUNS)
@bp.timer_trigger(arg_name="timer", schedule="0 * * * * *", run_on_startup=True, use_monitor=False)
@bp.durable_client_input(client_name="client")
def reconcile_runs(timer: func.TimerRequest, client: df.SyncDurableFunctionsClient) -> None:
    """Look after every run and every delivery that is not over."""
    del timer
    workspace, engine = bootstrap.workspace(), bootstrap.engine(client)
    for run_id in reconcile(workspace, engine):
        run_logger(__name__, run_id=run_id).info("started again: it was not over and had no live orchestration")
    restart_deliveries(workspace, engine)
