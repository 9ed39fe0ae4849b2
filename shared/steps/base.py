"""What a step type is, and what the types share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from pydantic import BaseModel, ValidationError

from shared.core.bindings import Argument
from shared.core.definition import StepDefinition
from shared.core.errors import Fault
from shared.core.jobs import Launch
from shared.core.pointers import below
from shared.core.settings_binding import parameter_references
from shared.core.shapes import Place, shape_faults
from shared.core.validation import StepRules
from shared.core.wording import Suggester, quoted


class StepType(StepRules, Protocol):
    """A kind of step. Types are stateless: one object serves all steps and threads."""

    @property
    def launch(self) -> Launch:
        """What the first word of `words` is."""
        ...

    @property
    def needs_snapshot(self) -> bool:
        """Whether a step of this type cannot do without a source directory."""
        ...

    @property
    def compute_kinds(self) -> frozenset[str] | None:
        """Types of compute targets that this type can run on; None means any that runs scripts."""
        ...

    @property
    def wants_settings(self) -> bool:
        """Whether the job gets the settings, with parameters bound, as JSON in `PIPEYARD_STEP_SETTINGS`."""
        ...

    @property
    def starts_runs(self) -> bool:
        """Whether jobs of this type submit runs of their own, which must end before the step does."""
        ...

    @property
    def missing_backend(self) -> str | None:
        """What nothing here can do yet: the outside service that steps of this type need; None for types that run."""
        ...

    def words(self, step: StepDefinition) -> tuple[Argument, ...]:
        """The complete command line of a step that `check` found nothing wrong with: the script or executable first.

        Its settings are bound: they hold values, not references to parameters.
        """
        ...

    def outside_files(self, step: StepDefinition) -> Mapping[str, str]:
        """Files that the compute itself keeps and that a job of the step reads there: paths by what they are.

        They can change without the definition changing. The step's settings are bound.
        """
        ...

    def code_files(self, step: StepDefinition) -> Mapping[str, str]:
        """Files of the snapshot that the step cannot do without: paths by JSON pointers to the settings with them.

        Pointers are relative to the step, whose settings are bound.
        """
        ...

    @property
    def reads_code(self) -> bool:
        """Whether `code_faults` finds more than that a file is missing."""
        ...

    def code_faults(self, step: StepDefinition, variables: Mapping[str, str], code: Mapping[str, bytes]) -> list[Fault]:
        """What is wrong with the code, as far as that can be told before anything runs, with pointers as there.

        Args:
            step: Its settings are bound.
            variables: Those of the job that follow from the step.
            code: The files of `code_files` by path.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTraits:
    """The traits of most types, see `StepType`: a type says where it differs."""

    version: int = 1
    launch: Launch = "executable"
    needs_snapshot: bool = False
    compute_kinds: frozenset[str] | None = None
    wants_settings: bool = False
    starts_runs: bool = False
    missing_backend: str | None = None
    reads_code: bool = False

    def outside_files(self, step: StepDefinition) -> Mapping[str, str]:
        """None: everything that most jobs read comes with them."""
        del step
        return {}

    def code_files(self, step: StepDefinition) -> Mapping[str, str]:
        """None: a command line says by itself what it needs."""
        del step
        return {}

    def code_faults(self, step: StepDefinition, variables: Mapping[str, str], code: Mapping[str, bytes]) -> list[Fault]:
        """None: most languages are read where they run."""
        del step, variables, code
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideStep(StepTraits):
    """Base of the types whose work is done by an outside service: their settings are checked, but nothing runs them.

    Attributes:
        settings_model: What the settings must look like.
    """

    settings_model: ClassVar[type[BaseModel]]

    name: str

    def check(self, step: StepDefinition) -> list[Fault]:
        """Faults of the settings, and one if there is no snapshot where the type needs one."""
        faults = settings_faults(self.settings_model, step)
        return faults + (snapshot_faults(step) if self.needs_snapshot else [])

    def words(self, step: StepDefinition) -> tuple[Argument, ...]:
        """The arguments: there is no command line, and nothing asks for one."""
        return step.arguments


def settings_faults(settings: type[BaseModel], step: StepDefinition) -> list[Fault]:
    """Faults of a step's settings against their model, with pointers relative to the step.

    What stands for a pipeline parameter is passed over: it is checked again with the value in its place.
    """
    try:
        settings.model_validate(step.settings)
    except ValidationError as error:
        faults = below("/settings", shape_faults(error, lambda loc: Place(loc, settings), Suggester()))
        references = [pointer for pointer, _ in parameter_references(step.settings, "/settings")]
        return [fault for fault in faults if not any(_is_within(fault.pointer, pointer) for pointer in references)]
    return []


def has_references(step: StepDefinition) -> bool:
    """Whether the settings name pipeline parameters, so that they cannot be read before the values are known."""
    return next(parameter_references(step.settings), None) is not None


def output_fault(step: StepDefinition, name: str, pointer: str) -> Fault:
    """That settings name an output which the step does not have."""
    return Fault(
        pointer=pointer,
        message=f"There is no output of this step called {quoted(name)}.",
        suggestion=Suggester().suggest(name, step.outputs),
    )


def _is_within(pointer: str, whole: str) -> bool:
    return pointer == whole or pointer.startswith(f"{whole}/")


def snapshot_faults(step: StepDefinition) -> list[Fault]:
    """A fault if the step lacks the snapshot that its type needs."""
    if step.snapshot is not None:
        return []
    return [
        Fault(
            pointer="/snapshot",
            message=f"A step of type `{step.type}` needs a snapshot of its source directory.",
            suggestion="Register one with `POST /api/snapshots` and write its `snapshot_id` here.",
        )
    ]
