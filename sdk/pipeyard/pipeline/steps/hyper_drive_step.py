"""v1's HyperDriveStep: a search for hyperparameters as a step, and its run."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self, Unpack

from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core.builder import PipelineStep, listed
from pipeyard.pipeline.core.pipeline_data import data_behind
from pipeyard.pipeline.core.run import StepRun
from pipeyard.pipeline.steps._options import StepOptions
from pipeyard.train.hyperdrive._trials import HYPERDRIVE, TrialsOfStep
from pipeyard.train.hyperdrive.hyperdrive_config import HyperDriveConfig

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class HyperDriveStep(PipelineStep):
    """Searches for the best hyperparameters; every trial is a run of its own.

    Args:
        name: Of the step.
        hyperdrive_config: The search.
        estimator_entry_script_arguments: Words for the script, before the hyperparameters.
        inputs: What the script reads.
        outputs: PipelineData with `training_output=TrainingOutput("Model", model_file="outputs/...")` takes a file of
            the best trial; every other output is the best trial's own.
        metrics_output: Gets all trials' metrics as JSON.

    Raises:
        ValueError: The configuration is none, or an output cannot be had.
    """

    step_type: ClassVar[str] = "hyperdrive"
    takes_source: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        hyperdrive_config: HyperDriveConfig,
        estimator_entry_script_arguments: Sequence[Any] | None = None,
        inputs: Sequence[Any] | None = None,
        outputs: Sequence[Any] | None = None,
        metrics_output: Any = None,
        allow_reuse: bool = True,
        version: str | None = None,
        **options: Unpack[StepOptions],
    ) -> None:
        if not isinstance(hyperdrive_config, HyperDriveConfig):
            raise ValueError(f"Step {name!r} needs a HyperDriveConfig, not {hyperdrive_config!r}.")  # noqa: TRY004
        script = hyperdrive_config.run_config
        self._config = hyperdrive_config
        super().__init__(
            name,
            inputs,
            [*listed(outputs), *listed(metrics_output)],
            [*script.arguments, *listed(estimator_entry_script_arguments)],
            fix_port_name_collisions=True,
            source_directory=script.source_directory,
            script_name=script.script,
            runconfig=script.run_config,
            allow_reuse=allow_reuse,
            version=version,
            **options,
        )
        self._metrics = self.ports.outputs[len(listed(outputs))].name if metrics_output is not None else None
        self._models: dict[str, dict[str, str]] = {}
        for port in self.ports.outputs:
            self._take(port.name, getattr(data_behind(port.value), "training_output", None))

    def settings(self) -> dict[str, Any]:
        """The search, and what its outputs are."""
        found = self._config.settings()
        if self._metrics is not None:
            found["metrics_output"] = self._metrics
        return {**found, "model_outputs": self._models} if self._models else found

    def _take(self, output: str, training: Any) -> None:
        if training is None:
            return
        if training.type == "Metrics":
            if self._metrics not in (None, output):
                raise ValueError(f"Step {self.name!r} has two outputs for metrics, {self._metrics!r} and {output!r}.")
            self._metrics = output
        elif not training.model_file or training.iteration is not None or training.metric is not None:
            raise ValueError(
                f"The output {output!r} of step {self.name!r} needs TrainingOutput('Model', model_file='outputs/...'): "
                "the best trial by the primary metric has it."
            )
        else:
            self._models[output] = {"model_file": training.model_file}


class HyperDriveStepRun(TrialsOfStep, StepRun):
    """A HyperDriveStep's run, with its trials.

    Args:
        step_run: As `PipelineRun.find_step_run` gives it.

    Raises:
        ValueError: It is another kind of step's.
    """

    def __new__(cls, step_run: StepRun) -> Self:
        """An object of this class, whatever kind of run it is made of."""
        del step_run
        return object.__new__(cls)

    def __init__(self, step_run: StepRun) -> None:
        if not isinstance(step_run, StepRun):
            raise UserErrorException(
                f"HyperDriveStepRun needs the StepRun of a HyperDriveStep, not {step_run!r}. "
                "Get it with run.find_step_run(name)[0]."
            )
        super().__init__(step_run.experiment, step_run.id, step_run.pipeline_run_id, step_run.name)
        kind = self.document.get("type")
        if kind != HYPERDRIVE:
            raise ValueError(f"The step {step_run.name!r} is no HyperDriveStep, but of the type {kind!r}.")

    def _place(self) -> tuple[str, str]:
        return self.pipeline_run_id, self.name
