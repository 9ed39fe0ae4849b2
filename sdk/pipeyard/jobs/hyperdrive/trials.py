"""Trials as runs of the workspace: one-step pipelines below the sweep's own step run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeyard._client import Client
from pipeyard._core.sweep import HyperdriveSettings, read_trial_labels, trial_labels
from pipeyard._core.sweep_policies import better
from pipeyard._core.sweep_space import Value
from pipeyard.core._metrics import SCALAR
from pipeyard.exceptions import UserErrorException

ENDED = frozenset({"Finished", "Failed", "Canceled"})
CONFLICT = 409
_LONGEST_NAME = 128


@dataclass(slots=True, kw_only=True, eq=False)
class Trial:
    """A trial.

    Attributes:
        number: From 0, in the order in which trials start.
        values: Its hyperparameters.
        status: Of its run.
        series: The primary metric's values in logging order.
        given_up: Why the sweep canceled it, "" where it did not.
        settled: The sampler knows what came of it.
    """

    number: int
    values: dict[str, Value]
    run_id: str
    step: str
    created_at: str
    status: str
    series: list[float] = field(default_factory=list)
    given_up: str = ""
    settled: bool = False

    @property
    def step_run_id(self) -> str:
        """What the trial's script sees as its run id."""
        return f"{self.run_id}-00000"

    @property
    def ended(self) -> bool:
        """Whether its run is over."""
        return self.status in ENDED

    def best(self, settings: HyperdriveSettings) -> float | None:
        """The best value that it has logged; None where there is none."""
        numbers = [value for value in self.series if value == value]  # noqa: PLR0124 - NaN is not itself
        return better(settings.primary_metric_goal, numbers) if numbers else None


class TrialRuns:
    """The workspace's side of the trials.

    Args:
        client: The workspace.
        settings: The sweep.
        template: The step as the workspace made it concrete (`PIPEYARD_STEP_TEMPLATE`).
    """

    def __init__(self, client: Client, settings: HyperdriveSettings, template: Mapping[str, Any]) -> None:
        self._client = client
        self._settings = settings
        self._template = template
        self._inputs: dict[str, Any] | None = None

    def find(self) -> list[Trial]:
        """Trials that were started before, by number."""
        found = [self._trial(*known, run) for run in self._children() if (known := read_trial_labels(run["labels"]))]
        return sorted(found, key=lambda trial: trial.number)

    def _children(self) -> Iterator[dict[str, Any]]:
        token = None
        while True:
            query = {
                "parent_step_run_id": self._template["step_run_id"],
                "page_size": 200,
                "continuation_token": token,
            }
            page = self._client.http.get("/api/runs", query)
            yield from page["value"]
            token = page["continuation_token"]
            if token is None:
                return

    def start(self, number: int, values: Mapping[str, Value]) -> Trial:
        """Start a trial; one that was started before under this number is found instead."""
        request = {
            "definition": self._definition(number, values),
            "experiment_name": self._template["experiment"],
            "description": f"Trial {number} of {self._template['name']}",
            "labels": trial_labels(number, values),
            "regenerate_outputs": self._template["regenerate_outputs"],
            "parent_step_run_id": self._template["step_run_id"],
            "run_source": "HyperDrive",
        }
        # The step run's id and the number, not the try: a driver that is started again must not start it twice.
        headers = {"Idempotency-Key": f"hyperdrive/{self._template['step_run_id']}/{number}"}
        return self._trial(number, dict(values), self._client.http.post("/api/runs", request, headers=headers))

    def look(self, trial: Trial) -> None:
        """Bring status and metric of a trial up to date."""
        trial.status = self._client.get_run(trial.run_id)["status"]
        trial.series = [
            float(metric["value"])
            for metric in self._client.get_metrics(trial.run_id, trial.step)
            if metric["name"] == self._settings.primary_metric_name
            and metric.get("kind", SCALAR) == SCALAR
            and _is_number(metric["value"])
        ]

    def cancel(self, trial: Trial) -> None:
        """Ask for a trial's end."""
        try:
            self._client.cancel(trial.run_id)
        except UserErrorException as error:
            if error.status != CONFLICT:  # it has just ended by itself
                raise

    def _trial(self, number: int, values: dict[str, Value], run: Mapping[str, Any]) -> Trial:
        return Trial(
            number=number,
            values=values,
            run_id=run["run_id"],
            step=self._step_name(number),
            created_at=run["created_at"],
            status=run["status"],
        )

    def _step_name(self, number: int) -> str:
        # The same in the next run of the sweep, so that the workspace can say what has changed.
        ending = f"_trial_{number}"
        return f"{self._template['name'][: _LONGEST_NAME - len(ending)]}{ending}"

    def _definition(self, number: int, values: Mapping[str, Value]) -> dict[str, Any]:
        template, settings = self._template, self._settings
        kept = {settings.metrics_output, *settings.model_outputs}
        datastores = {name: output.get("datastore") for name, output in template["outputs"].items() if name not in kept}
        step = {
            "name": self._step_name(number),
            "type": "python_script",
            "settings": {"script_name": settings.script_name},
            "snapshot": template["snapshot"],
            "arguments": [*template["arguments"], *flags(values)],
            "inputs": self._concrete_inputs(),
            # Each trial has places of its own; registering is the sweep's business.
            "outputs": {name: {"datastore": datastore} for name, datastore in datastores.items()},
            "environment": template["environment"],
            "environment_variables": template["environment_variables"],
            "timeout_seconds": template["timeout_seconds"],
            "version": template["version"],
            "allow_reuse": template["allow_reuse"],
            "compute_target": template["compute_target"],
        }
        return {"name": step["name"], "default_datastore": template["default_datastore"], "steps": [step]}

    def _concrete_inputs(self) -> dict[str, Any]:
        if self._inputs is None:
            self._inputs = {
                name: self._save_dataset(source) if "sources" in source else source
                for name, source in self._template["inputs"].items()
            }
        return self._inputs

    def _save_dataset(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """An intermediate dataset has no id until somebody saves it; saving it again gives the same one."""
        definition = {"sources": source["sources"], "view": source["view"]}
        answer = self._client.http.post("/api/datasets", {"definition": definition})
        return {"kind": "dataset", "dataset_id": answer["dataset_id"], "mode": source["mode"]}


def flags(values: Mapping[str, Value]) -> list[Value]:
    """Hyperparameters as words of a command line."""
    words: list[Value] = []
    for name, value in values.items():
        words += [name if name.startswith("-") else f"--{name}", value]
    return words


def _is_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) or value in {"NaN", "Infinity", "-Infinity"}
