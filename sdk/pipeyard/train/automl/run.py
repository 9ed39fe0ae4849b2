"""v1's `azureml.train.automl.run`: runs of automated trainings, which nothing here makes."""

from typing import Any

from pipeyard._checks import not_offered


class AutoMLRun:
    """Refused: there is no engine for automated training."""

    def __init__(self, experiment: Any, run_id: str, **_: Any) -> None:
        del experiment
        raise not_offered(f"automated training, so there is no run {run_id!r} of one", "Search with HyperDriveStep.")
