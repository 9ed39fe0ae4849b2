"""The step type that searches for the best hyperparameters of a script (v1's HyperDriveStep)."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.core.bindings import Argument, OutputArgument
from shared.core.definition import StepDefinition
from shared.core.errors import Fault
from shared.core.jobs import Launch
from shared.core.paths import relative_path_fault
from shared.core.pointers import below, json_pointer
from shared.core.sweep import HyperdriveSettings, sweep_faults
from shared.core.wording import quoted
from shared.steps.base import StepTraits, output_fault, settings_faults, snapshot_faults


@dataclass(frozen=True, slots=True, kw_only=True)
class HyperdriveStep(StepTraits):
    """Runs `pipeyard.jobs.hyperdrive`, which starts a run of the script for every trial."""

    name: str = "hyperdrive"
    launch: Launch = "module"
    needs_snapshot: bool = True
    wants_settings: bool = True
    starts_runs: bool = True

    def check(self, step: StepDefinition) -> list[Fault]:
        """Faults of the settings, of the search space, of the policy, and of the outputs that they name."""
        faults = settings_faults(HyperdriveSettings, step)
        faults += below("/settings", sweep_faults(step.settings))
        return [*faults, *_script_faults(step), *_output_faults(step), *snapshot_faults(step)]

    def words(self, step: StepDefinition) -> tuple[Argument, ...]:
        """The driver. The step's arguments are those of the trials' script."""
        del step
        return ("pipeyard.jobs.hyperdrive",)


def _script_faults(step: StepDefinition) -> Iterator[Fault]:
    script = step.settings.get("script_name")
    if isinstance(script, str) and (sentence := relative_path_fault(script)) is not None:
        yield Fault(pointer="/settings/script_name", message=sentence)


def _output_faults(step: StepDefinition) -> Iterator[Fault]:
    metrics, models = step.settings.get("metrics_output"), step.settings.get("model_outputs")
    named = [("/settings/metrics_output", metrics)] if isinstance(metrics, str) else []
    models = models if isinstance(models, dict) else {}
    named += [(json_pointer("settings", "model_outputs", name), name) for name in models]
    for pointer, name in named:
        if name not in step.outputs:
            yield output_fault(step, name, pointer)
    if metrics in models:
        message = f"The output {quoted(str(metrics))} gets a file of the best trial already."
        yield Fault(pointer="/settings/metrics_output", message=message)
    for position, word in enumerate(step.arguments):
        if isinstance(word, OutputArgument) and (word.output == metrics or word.output in models):
            message = f"The sweep itself writes {quoted(word.output)}; trials cannot."
            yield Fault(pointer=json_pointer("arguments", position), message=message)
    for name, model in models.items():
        path = model.get("model_file") if isinstance(model, dict) else None
        if isinstance(path, str) and (sentence := relative_path_fault(path.removeprefix("./"))) is not None:
            yield Fault(pointer=json_pointer("settings", "model_outputs", name, "model_file"), message=sentence)
