"""Activities in the life of one step run."""

from dataclasses import asdict
from typing import Any

import azure.durable_functions as df

from shared.bootstrap import workspace
from shared.core import names
from shared.services import begin, steps

from .observed import observed
from .payloads import CheckPayload, FailPayload, SkipPayload, StepPayload

bp = df.Blueprint()


@bp.activity_trigger(input_name="payload", activity=names.BEGIN_STEP)
@observed
def begin_step(payload: StepPayload) -> Any:
    """Reuse a result, submit the next try, or queue behind another run's identical step."""
    return asdict(begin.begin_step(workspace(), payload["run_id"], payload["ordinal"]))


@bp.activity_trigger(input_name="payload", activity=names.CHECK_STEP)
@observed
def check_step(payload: CheckPayload) -> Any:
    """Poll a step's job and record its end."""
    answer = steps.check_step(
        workspace(), payload["run_id"], payload["ordinal"], canceling=payload.get("canceling", False)
    )
    return asdict(answer)


@bp.activity_trigger(input_name="payload", activity=names.CANCEL_STEP)
@observed
def cancel_step(payload: StepPayload) -> Any:
    """Ask for the end of a step's job and of the runs below the step."""
    return {"children": steps.cancel_step(workspace(), payload["run_id"], payload["ordinal"])}


@bp.activity_trigger(input_name="payload", activity=names.FAIL_STEP)
@observed
def fail_step(payload: FailPayload) -> Any:
    """Record a step that failed for a reason of Pipeyard's own."""
    return asdict(steps.fail_step(workspace(), payload["run_id"], payload["ordinal"], payload["message"]))["status"]


@bp.activity_trigger(input_name="payload", activity=names.SKIP_STEPS)
@observed
def skip_steps(payload: SkipPayload) -> Any:
    """Record steps that will never start."""
    pairs = [(pair[0], pair[1]) for pair in payload["skips"]]
    steps.skip_steps(workspace(), payload["run_id"], pairs, canceled=payload["canceled"])
    return {}
