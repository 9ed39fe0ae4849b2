"""The step type that copies files from one datastore to another (v1's DataTransferStep)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from shared.core.bindings import (
    Argument,
    DataPathInput,
    DataReferenceInput,
    DatasetInput,
    InputArgument,
    OutputArgument,
    PipelineDataInput,
)
from shared.core.definition import StepDefinition
from shared.core.document import Document
from shared.core.errors import Fault
from shared.core.jobs import Launch
from shared.steps.base import StepTraits, settings_faults

ReferenceType = Literal["file", "directory"]


class DataTransferSettings(Document):
    """Settings of a `data_transfer` step. It copies its input to the place of its output.

    Attributes:
        source: A table, a query or a stored procedure of a database; refused.
        destination: A table of a database; refused.
        source_reference_type: What the input must be; None means either.
        destination_reference_type: Whether a single file becomes the place itself or goes below it; None means the
            same as the source.
    """

    source: dict[str, Any] | None = None
    destination: dict[str, Any] | None = None
    source_reference_type: ReferenceType | None = None
    destination_reference_type: ReferenceType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTransferStep(StepTraits):
    """Its job is the runner's own work: there is no program that it would start."""

    name: str = "data_transfer"
    launch: Launch = "transfer"
    compute_kinds: frozenset[str] | None = frozenset({"DataFactory", "LocalProcess"})

    def check(self, step: StepDefinition) -> list[Fault]:
        """Faults of the settings, and of anything but one input with files and one output."""
        return [*settings_faults(DataTransferSettings, step), *_end_faults(step)]

    def words(self, step: StepDefinition) -> tuple[Argument, ...]:
        """Both ends, then the kinds of both."""
        settings = DataTransferSettings.model_validate(step.settings)
        (source,), (output,) = step.inputs, step.outputs
        return (
            InputArgument(input=source),
            OutputArgument(output=output),
            settings.source_reference_type or "any",
            settings.destination_reference_type or "any",
        )


def _end_faults(step: StepDefinition) -> Iterator[Fault]:
    for end in ("source", "destination"):
        if step.settings.get(end) is not None:
            yield Fault(
                pointer=f"/settings/{end}",
                message=f"A `{step.type}` step copies files: it cannot read from or write to databases.",
                suggestion="Use a step with a script that does, and hand the rows on as files.",
            )
            return
    files = DataReferenceInput | DataPathInput | DatasetInput | PipelineDataInput
    if len(step.inputs) != 1 or not all(isinstance(source, files) for source in step.inputs.values()):
        yield Fault(pointer="/inputs", message=f"A `{step.type}` step has exactly one input, and it has files.")
    if len(step.outputs) != 1:
        yield Fault(
            pointer="/outputs",
            message=f"A `{step.type}` step has exactly one output: its `datastore` and `path` are the destination.",
        )
