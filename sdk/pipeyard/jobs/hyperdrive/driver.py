"""A sweep from start to end."""

import json
import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

from pipeyard._client import Client
from pipeyard._core.sweep import HyperdriveSettings, Sampling
from pipeyard.core.run import Run
from pipeyard.core.workspace import Workspace
from pipeyard.exceptions import PipeyardException, UserErrorException
from pipeyard.jobs import _step
from pipeyard.jobs.hyperdrive import results
from pipeyard.jobs.hyperdrive.report import best_of, table_of
from pipeyard.jobs.hyperdrive.sampler import make_sampler
from pipeyard.jobs.hyperdrive.sweep import Sweep
from pipeyard.jobs.hyperdrive.trials import Trial, TrialRuns

CANCEL_SECONDS = 4.0
"""Time to see the trials' ends after a cancel; the workspace takes care of those that take longer."""
BEST_TAG = "best_child_run_id"


def main() -> int:
    """Run, and say on the log what went wrong; returns the exit code."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        _run()
    except PipeyardException as error:
        _step.say(f"The sweep failed: {error.message}")
        return 1
    return 0


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(128 + number)


def _run() -> None:
    settings = _step.read_settings(HyperdriveSettings)
    template: dict[str, Any] = json.loads(os.environ[_step.TEMPLATE_VARIABLE])
    client = Workspace.from_config().client
    sampling = Sampling.model_validate(settings.sampling)
    sampler = make_sampler(sampling, settings.primary_metric_goal, template["step_run_id"])
    sweep = Sweep(settings, TrialRuns(client, settings, template), sampler)
    try:
        sweep.run()
    except SystemExit:
        _cancel(client, sweep)
        raise
    finally:
        _step.say(table_of(sweep.trials, settings))
    _finish(client, settings, sweep.trials, list(template["outputs"]))


def _cancel(client: Client, sweep: Sweep) -> None:
    """Take the trials along, if the run was canceled.

    An interrupted driver leaves them alone: it is started again and goes on with them.
    """
    run_id = os.environ.get("AZUREML_ROOT_RUN_ID")
    try:
        if run_id and client.get_run(run_id)["status"] in {"CancelRequested", "Canceled", "Failed"}:
            sweep.cancel(CANCEL_SECONDS)
    except PipeyardException as error:
        _step.say(f"The trials could not be canceled from here: {error.summary}")


def _finish(client: Client, settings: HyperdriveSettings, trials: list[Trial], outputs: list[str]) -> None:
    best = best_of(trials, settings)
    results.write_metrics(client, settings, trials)
    if best is None:
        raise UserErrorException(
            f"None of {len(trials)} trials finished with the metric {settings.primary_metric_name!r}. "
            f"The script must log it: Run.get_context().log({settings.primary_metric_name!r}, value)."
        )
    results.copy_models(client, settings, best)
    results.copy_outputs(client, settings, best, outputs)
    value = best.best(settings)
    run = Run.get_context()
    for trial in trials:
        run.log_row("trials", trial=trial.number, status=trial.status, metric=trial.best(settings), run_id=trial.run_id)
    run.log(settings.primary_metric_name, value)
    run.tag(BEST_TAG, best.step_run_id)
    _step.say(f"the best is trial {best.number} (run {best.run_id}): {settings.primary_metric_name} {value:g}")
