"""v1's HyperDriveRun: a search that was submitted by itself."""

from pipeyard.core.experiment import Experiment
from pipeyard.pipeline.core.run import PipelineRun
from pipeyard.train.hyperdrive._trials import TrialsOfStep, search_step
from pipeyard.train.hyperdrive.hyperdrive_config import HyperDriveConfig


class HyperDriveRun(TrialsOfStep, PipelineRun):
    """The run of a search: a pipeline run with one HyperDriveStep.

    Attributes:
        hyperdrive_config: As it was submitted; None for a run that was looked up.
    """

    def __init__(self, experiment: Experiment, run_id: str, hyperdrive_config: HyperDriveConfig | None = None) -> None:
        super().__init__(experiment, run_id)
        self.hyperdrive_config = hyperdrive_config
        self._search: str | None = None

    def _place(self) -> tuple[str, str]:
        if self._search is None:
            self._search = search_step(self)
        return self.id, self._search
