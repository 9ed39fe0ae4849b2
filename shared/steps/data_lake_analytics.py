"""The step type that runs a U-SQL script (v1's AdlaStep)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from shared.core.bindings import Argument
from shared.core.data_lake_analytics import DataLakeAnalyticsSettings
from shared.core.definition import StepDefinition
from shared.core.document import Document
from shared.core.errors import Fault
from shared.core.jobs import Launch
from shared.core.paths import relative_path_fault
from shared.steps.base import OutsideStep


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLakeAnalyticsStep(OutsideStep):
    """Runs `pipeyard.jobs.usql` on targets that have an engine; without one it needs the retired service."""

    settings_model: ClassVar[type[Document]] = DataLakeAnalyticsSettings

    name: str = "data_lake_analytics"
    launch: Launch = "module"
    missing_backend: str | None = "Data Lake Analytics"
    compute_kinds: frozenset[str] | None = frozenset({"DataLakeAnalytics"})
    needs_snapshot: bool = True
    wants_settings: bool = True

    def check(self, step: StepDefinition) -> list[Fault]:
        """Faults of the settings."""
        faults = OutsideStep.check(self, step)
        wrong = {fault.pointer for fault in faults}
        return faults + [fault for fault in _faults(step) if fault.pointer not in wrong]

    def words(self, step: StepDefinition) -> tuple[Argument, ...]:
        """The driver, which reads everything from the job's variables."""
        del step
        return ("pipeyard.jobs.usql",)


def _faults(step: StepDefinition) -> Iterator[Fault]:
    script = step.settings.get("script_name")
    if isinstance(script, str) and (sentence := relative_path_fault(script)) is not None:
        yield Fault(pointer="/settings/script_name", message=sentence)
