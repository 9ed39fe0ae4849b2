"""The step type that runs a U-SQL script (v1's AdlaStep)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from shared.core.bindings import Argument, LiteralInput, ParameterInput
from shared.core.data_lake_analytics import DataLakeAnalyticsSettings
from shared.core.definition import StepDefinition
from shared.core.document import Document
from shared.core.errors import Fault
from shared.core.jobs import Launch
from shared.core.paths import relative_path_fault
from shared.steps.base import OutsideStep

_SCRIPT = "/settings/script_name"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLakeAnalyticsStep(OutsideStep):
    """Runs `pipeyard.jobs.usql` on targets that have an engine, and on emulated accounts the service's own jobs."""

    settings_model: ClassVar[type[Document]] = DataLakeAnalyticsSettings

    name: str = "data_lake_analytics"
    launch: Launch = "module"
    compute_kinds: frozenset[str] | None = frozenset({"DataLakeAnalytics"})
    needs_snapshot: bool = True
    wants_settings: bool = True
    reads_code: bool = True

    def check(self, step: StepDefinition) -> list[Fault]:
        """Faults of the settings."""
        faults = OutsideStep.check(self, step)
        wrong = {fault.pointer for fault in faults}
        return faults + [fault for fault in _faults(step) if fault.pointer not in wrong]

    def words(self, step: StepDefinition) -> tuple[Argument, ...]:
        """The driver, which reads everything from the job's variables."""
        del step
        return ("pipeyard.jobs.usql",)

    def code_files(self, step: StepDefinition) -> Mapping[str, str]:
        """The script."""
        return {_SCRIPT: str(step.settings["script_name"])}

    def code_faults(self, step: StepDefinition, variables: Mapping[str, str], code: Mapping[str, bytes]) -> list[Fault]:
        """What keeps the script from compiling: that needs no data, so nothing has to run to find out."""
        # ruff: noqa: PLC0415 - the grammar takes its time, and few workspaces need it
        from shared.core.usql.compiler import compile_script
        from shared.core.usql.places import Places
        from shared.core.usql.problems import CompileFailed
        from shared.core.usql.step_values import script_text, step_values

        name = str(step.settings["script_name"])
        values = (LiteralInput, ParameterInput)
        inputs = {each: f"/inputs/{each}" for each, source in step.inputs.items() if not isinstance(source, values)}
        outputs = {each: f"/outputs/{each}" for each in step.outputs}
        try:
            known = step_values(variables, {**inputs, **outputs})
            compile_script(script_text(code[name]), known, Places(inputs, outputs))
        except CompileFailed as failed:
            return [Fault(pointer=_SCRIPT, message=problem.text(name)) for problem in failed.problems]
        return []


def _faults(step: StepDefinition) -> Iterator[Fault]:
    script = step.settings.get("script_name")
    if isinstance(script, str) and (sentence := relative_path_fault(script)) is not None:
        yield Fault(pointer=_SCRIPT, message=sentence)
