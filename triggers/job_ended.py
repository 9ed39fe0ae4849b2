"""A job's hint that it has ended: wakes the step's orchestration at once instead of at its next poll.

A function of its own beside the HTTP application, because it is called once per step and has nothing to parse. It is
only a hint: Pipeyard asks the compute itself, so a false one costs a look and changes nothing.
"""

import re

import azure.durable_functions as df
import azure.functions as func

from shared import bootstrap
from shared.core import names
from shared.core.telemetry_names import JOB_ENDED_SPAN, RUN_ID, STEP_RUN_ID
from shared.telemetry import spans

bp = df.Blueprint(http_auth_level=func.AuthLevel.ANONYMOUS)


@bp.function_name(names.JOB_ENDED)
@bp.route(route=names.JOB_ENDED_ROUTE, methods=["POST"])
@bp.durable_client_input(client_name="client")
def job_ended(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    """Wake the step; nothing happens if it does not wait (any more)."""
    step_run_id = req.route_params["step_run_id"]
    # Anybody can call: no other orchestration may be told anything.
    if re.fullmatch(names.STEP_RUN_ID_PATTERN, step_run_id):
        attributes = {RUN_ID: names.split_step_run_id(step_run_id)[0], STEP_RUN_ID: step_run_id}
        with spans.span(JOB_ENDED_SPAN, attributes, below=step_run_id):
            bootstrap.engine(client).raise_event(step_run_id, names.JOB_ENDED_EVENT, {})
    return func.HttpResponse(status_code=202)
