"""What a step type is, and what the types share."""

from typing import Protocol

from pydantic import BaseModel, ValidationError

from shared.core.bindings import Argument
from shared.core.definition import StepDefinition
from shared.core.errors import Fault
from shared.core.jobs import Launch
from shared.core.pointers import below
from shared.core.shapes import Place, shape_faults
from shared.core.validation import StepRules
from shared.core.wording import Suggester


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
        """Backends that can run this type; None means any."""
        ...

    def words(self, step: StepDefinition) -> tuple[Argument, ...]:
        """The complete command line of a step that `check` found nothing wrong with: the script or executable first."""
        ...


def settings_faults(settings: type[BaseModel], step: StepDefinition) -> list[Fault]:
    """Faults of a step's settings against their model, with pointers relative to the step."""
    try:
        settings.model_validate(step.settings)
    except ValidationError as error:
        faults = shape_faults(error, lambda loc: Place(loc, settings), Suggester())
        return below("/settings", faults)
    return []


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
