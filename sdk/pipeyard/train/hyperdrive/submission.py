"""`Experiment.submit(HyperDriveConfig(...))`: a pipeline of one step."""

from typing import Any

from pipeyard._checks import refuse_unknown
from pipeyard.core.experiment import Experiment
from pipeyard.train.hyperdrive.hyperdrive_config import HyperDriveConfig
from pipeyard.train.hyperdrive.hyperdrive_run import HyperDriveRun

STEP = "hyperdrive"
KEYWORDS = frozenset({"tags", "pipeline_parameters", "regenerate_outputs", "parent_run_id"})


def submit_search(experiment: Experiment, config: HyperDriveConfig, **options: Any) -> HyperDriveRun:
    """Submit a search.

    Args:
        experiment: Where it belongs.
        config: The search.
        options: `tags`, `pipeline_parameters`, `regenerate_outputs`, `parent_run_id`, as for `Pipeline.submit`.

    Raises:
        UserErrorException: The workspace refused it, or a keyword is not known.
    """
    refuse_unknown("Experiment.submit(HyperDriveConfig)", options, KEYWORDS)
    from pipeyard.pipeline.core.pipeline import Pipeline  # noqa: PLC0415  (pipelines name experiments)
    from pipeyard.pipeline.steps.hyper_drive_step import HyperDriveStep  # noqa: PLC0415  (steps name searches)

    pipeline = Pipeline(experiment.workspace, [HyperDriveStep(STEP, config)])
    run = pipeline.submit(experiment.name, **options)
    return HyperDriveRun(experiment, run.id, config)
