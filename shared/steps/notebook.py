"""The step type that executes a Jupyter notebook of the source directory (v1's NotebookRunnerStep)."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.core.bindings import Argument
from shared.core.definition import StepDefinition
from shared.core.errors import Fault
from shared.core.jobs import Launch
from shared.core.notebook import NotebookSettings
from shared.core.paths import relative_path_fault
from shared.core.pointers import json_pointer
from shared.core.wording import quoted
from shared.steps.base import StepTraits, output_fault, settings_faults, snapshot_faults


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookStep(StepTraits):
    """Runs `pipeyard.jobs.notebook`, which executes the notebook cell by cell."""

    name: str = "notebook"
    launch: Launch = "module"
    needs_snapshot: bool = True
    wants_settings: bool = True

    def check(self, step: StepDefinition) -> list[Fault]:
        """Faults of the settings, and of names that the notebook could not tell apart."""
        return [*settings_faults(NotebookSettings, step), *_meaning_faults(step), *snapshot_faults(step)]

    def words(self, step: StepDefinition) -> tuple[Argument, ...]:
        """The driver; a notebook has no command line."""
        del step
        return ("pipeyard.jobs.notebook",)


def _meaning_faults(step: StepDefinition) -> Iterator[Fault]:
    notebook, output = step.settings.get("notebook"), step.settings.get("output_notebook")
    if isinstance(notebook, str):
        sentence = relative_path_fault(notebook)
        if sentence is None and not notebook.endswith(".ipynb"):
            sentence = "A notebook's name must end with `.ipynb`."
        if sentence is not None:
            yield Fault(pointer="/settings/notebook", message=sentence)
    if isinstance(output, str) and output not in step.outputs:
        yield output_fault(step, output, "/settings/output_notebook")
    if step.arguments:
        message = "A notebook takes no arguments."
        yield Fault(pointer="/arguments", message=message, suggestion="Use `settings.parameters`.")
    parameters = step.settings.get("parameters")
    for name in parameters if isinstance(parameters, dict) else ():
        pointer = json_pointer("settings", "parameters", name)
        if not str(name).isidentifier():
            message = f"{quoted(str(name))} is no name of a variable."
            yield Fault(pointer=pointer, message=message)
        elif name in step.inputs or name in step.outputs:
            message = f"{quoted(name)} is an input or output of this step as well; the notebook gets its path so named."
            yield Fault(pointer=pointer, message=message)
