"""WHEN things happen: deterministic generators that import the pure core only and call activities by name."""

import azure.durable_functions as df

from shared.core import names

from .collect_arrivals import collect_arrivals
from .deliver_webhook import deliver_webhook
from .run_pipeline import run_pipeline
from .run_step import run_step

bp = df.Blueprint()
bp.orchestration_trigger(context_name="context", orchestration=names.RUN_PIPELINE)(run_pipeline)
bp.orchestration_trigger(context_name="context", orchestration=names.RUN_STEP)(run_step)
bp.orchestration_trigger(context_name="context", orchestration=names.DELIVER_WEBHOOK)(deliver_webhook)
bp.orchestration_trigger(context_name="context", orchestration=names.COLLECT_ARRIVALS)(collect_arrivals)

BLUEPRINTS = (bp,)
