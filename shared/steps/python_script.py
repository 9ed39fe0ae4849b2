"""The step type that runs a Python script of the source directory (v1's PythonScriptStep)."""

from dataclasses import dataclass

from pydantic import Field

from shared.core.bindings import Argument
from shared.core.definition import StepDefinition
from shared.core.document import Document
from shared.core.errors import Fault
from shared.core.jobs import Launch
from shared.core.paths import relative_path_fault
from shared.steps.base import StepTraits, has_references, settings_faults, snapshot_faults


class PythonScriptSettings(Document):
    """Settings of a `python_script` step.

    Attributes:
        script_name: Path of the script, relative to the source directory.
    """

    script_name: str = Field(strict=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonScriptStep(StepTraits):
    """Runs `script_name` with the interpreter of the step's environment."""

    name: str = "python_script"
    launch: Launch = "script"
    needs_snapshot: bool = True

    def check(self, step: StepDefinition) -> list[Fault]:
        """Faults of the settings, and one if there is no snapshot to take the script from."""
        faults = settings_faults(PythonScriptSettings, step)
        if not faults and not has_references(step):
            sentence = relative_path_fault(_script_name(step))
            faults += [Fault(pointer="/settings/script_name", message=sentence)] if sentence is not None else []
        return faults + snapshot_faults(step)

    def words(self, step: StepDefinition) -> tuple[Argument, ...]:
        """The script, then the arguments."""
        return (_script_name(step), *step.arguments)


def _script_name(step: StepDefinition) -> str:
    return PythonScriptSettings.model_validate(step.settings).script_name
