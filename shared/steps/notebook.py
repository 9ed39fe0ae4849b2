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
from shared.core.wording import Suggester, quoted
from shared.steps.base import settings_faults, snapshot_faults


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookStep:
    """Runs `pipeyard.jobs.notebook`, which executes the notebook cell by cell."""

    name: str = "notebook"
    version: int = 1
    launch: Launch = "module"
    needs_snapshot: bool = True
    compute_kinds: frozenset[str] | None = None
    wants_settings: bool = True
    starts_runs: bool = False
    missing_backend: str | None = None

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
        suggestion = Suggester().suggest(output, step.outputs)
        message = f"There is no output of this step called {quoted(output)}."
        yield Fault(pointer="/settings/output_notebook", message=message, suggestion=suggestion)
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
