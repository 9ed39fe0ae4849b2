"""The step type that runs an executable of the compute, with or without a source directory."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from shared.core.bindings import Argument
from shared.core.definition import StepDefinition
from shared.core.document import Document, Text
from shared.core.errors import Fault
from shared.steps.base import StepTraits, has_references, settings_faults


class CommandSettings(Document):
    """Settings of a `command` step.

    Attributes:
        command: The executable and its first words, each a word of its own: no shell splits or expands them.
    """

    command: tuple[Annotated[Text, Field(strict=True)], ...] = Field(min_length=1, max_length=1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandStep(StepTraits):
    """Runs `command` in the working directory, which holds the snapshot if there is one."""

    name: str = "command"

    def check(self, step: StepDefinition) -> list[Fault]:
        """Faults of the settings."""
        faults = settings_faults(CommandSettings, step)
        if not faults and not has_references(step) and not _command(step)[0]:
            faults.append(Fault(pointer="/settings/command/0", message="The executable must not be empty."))
        return faults

    def words(self, step: StepDefinition) -> tuple[Argument, ...]:
        """The command, then the arguments."""
        return (*_command(step), *step.arguments)


def _command(step: StepDefinition) -> tuple[str, ...]:
    return CommandSettings.model_validate(step.settings).command
