"""The trials of a search, as its runs show them."""

# ruff: noqa: FBT001, FBT002  (v1's signatures)

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeyard._core.settings_binding import bind_settings
from pipeyard._core.sweep import read_trial_labels
from pipeyard.core.experiment import Experiment
from pipeyard.core.run import Run
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core.run import StepRun

if TYPE_CHECKING:
    from pipeyard._client import Client

HYPERDRIVE = "hyperdrive"
_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    number: int
    values: dict[str, Any]
    status: str
    run: StepRun


class TrialsOfStep:
    """What runs of searches offer; a class that has it says where its step is."""

    experiment: Experiment

    def _place(self) -> tuple[str, str]:
        """(pipeline run, step)."""
        raise NotImplementedError

    @property
    def _workspace_client(self) -> "Client":
        return self.experiment.workspace.client

    def get_children(self, recursive: bool = False, **_: Any) -> Iterator[Run]:
        """The trials, in the order in which they were started."""
        del recursive
        for trial in self._trials():
            yield trial.run

    def get_hyperparameters(self) -> dict[str, dict[str, Any]]:
        """Each trial's hyperparameters, by the trial's run id."""
        return {trial.run.id: trial.values for trial in self._trials()}

    def get_metrics(
        self, name: str | None = None, recursive: bool = False, run_type: str | None = None, populate: bool = False
    ) -> dict[str, Any]:
        """Each trial's metrics, by the trial's run id."""
        del recursive, run_type, populate
        return {trial.run.id: trial.run.get_metrics(name) for trial in self._trials()}

    def get_children_sorted_by_primary_metric(
        self, top: int = 0, reverse: bool = False, discard_no_metric: bool = False
    ) -> list[dict[str, Any]]:
        """Trials from best to worst: `run_id`, `hyperparameters`, `best_primary_metric` and `status` of each.

        Args:
            top: Only so many; 0 for all.
            reverse: From worst to best.
            discard_no_metric: Leave out trials without the metric; else they come last.
        """
        ranked = [
            {
                "run_id": trial.run.id,
                "hyperparameters": trial.values,
                "best_primary_metric": metric,
                "status": trial.status,
            }
            for metric, trial in self._ranked(reverse=reverse)
            if metric is not None or not discard_no_metric
        ]
        return ranked[:top] if top > 0 else ranked

    def get_best_run_by_primary_metric(
        self, include_failed: bool = True, include_canceled: bool = True, include_resume_from_runs: bool = True
    ) -> StepRun | None:
        """The best trial, None where none has logged the metric."""
        del include_resume_from_runs
        for metric, trial in self._ranked(reverse=False):
            left_out = (trial.status == "Failed" and not include_failed) or (
                trial.status == "Canceled" and not include_canceled
            )
            if metric is not None and not left_out:
                return trial.run
        return None

    def _ranked(self, *, reverse: bool) -> list[tuple[float | None, _Trial]]:
        settings = self._settings()
        name, maximize = settings["primary_metric_name"], settings["primary_metric_goal"] == "MAXIMIZE"
        pairs = [(_best(trial.run.get_metrics().get(name), maximize=maximize), trial) for trial in self._trials()]
        known = [(metric, trial) for metric, trial in pairs if metric is not None]
        known.sort(key=lambda pair: pair[0], reverse=maximize != reverse)
        return [*known, *((None, trial) for metric, trial in pairs if metric is None)]

    def _settings(self) -> dict[str, Any]:
        run_id, name = self._place()
        run = self._workspace_client.get_run(run_id)
        definition = self._workspace_client.http.get(f"/api/definitions/{run['definition_id']}")
        settings = next(step["settings"] for step in definition["steps"] if step["name"] == name)
        bound: dict[str, Any] = bind_settings(settings, run.get("parameters", {}))
        return bound

    def _trials(self) -> list[_Trial]:
        run_id, name = self._place()
        step = self._workspace_client.get_step(run_id, name)
        # A reused search has no trials of its own: they are those of the run that it stands on.
        parent = step.get("source") if step.get("reused") else None
        found: list[_Trial] = []
        token: str | None = None
        while True:
            query = {
                "parent_step_run_id": parent or step["step_run_id"],
                "page_size": _PAGE,
                "continuation_token": token,
            }
            page = self._workspace_client.http.get("/api/runs", query)
            for run in page["value"]:
                known = read_trial_labels(run["labels"])
                if known is not None:
                    child = self._workspace_client.get_steps(run["run_id"])[0]
                    step_run = StepRun(self.experiment, child["step_run_id"], run["run_id"], child["name"])
                    found.append(_Trial(number=known[0], values=known[1], status=run["status"], run=step_run))
            token = page["continuation_token"]
            if token is None:
                return sorted(found, key=lambda trial: trial.number)


def _best(value: Any, *, maximize: bool) -> float | None:
    values = value if isinstance(value, list) else [value]
    numbers = [float(each) for each in values if isinstance(each, int | float) and not isinstance(each, bool)]
    numbers = [number for number in numbers if number == number]  # noqa: PLR0124 - NaN is not itself
    return (max(numbers) if maximize else min(numbers)) if numbers else None


def search_step(run: Any) -> str:
    """Name of the one search in a run.

    Raises:
        UserErrorException: There is none, or several.
    """
    steps = [
        step["name"] for step in run.experiment.workspace.client.get_steps(run.id) if step.get("type") == HYPERDRIVE
    ]
    if len(steps) != 1:
        raise UserErrorException(
            f"Run {run.id} has {len(steps)} HyperDriveSteps. Use HyperDriveStepRun for one of several."
        )
    return str(steps[0])
