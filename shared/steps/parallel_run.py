"""The step type that gives its inputs to many workers in mini-batches (v1's ParallelRunStep)."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.core.bindings import Argument, LiteralInput, ParameterInput
from shared.core.definition import StepDefinition
from shared.core.errors import Fault
from shared.core.jobs import Launch
from shared.core.parallel_run import RESERVED_ARGUMENTS, ParallelRunSettings
from shared.core.paths import relative_path_fault
from shared.core.pointers import json_pointer
from shared.core.wording import Suggester, quoted
from shared.steps.base import StepTraits, output_fault, settings_faults, snapshot_faults


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelRunStep(StepTraits):
    """Runs `pipeyard.jobs.parallel_run`, which calls `run()` of the entry script for each mini-batch."""

    name: str = "parallel_run"
    launch: Launch = "module"
    needs_snapshot: bool = True
    wants_settings: bool = True

    def check(self, step: StepDefinition) -> list[Fault]:
        """Faults of the settings, of what they say together, and of arguments that no entry script could get."""
        faults = settings_faults(ParallelRunSettings, step)
        wrong = {fault.pointer for fault in faults}
        faults += [fault for fault in _meaning_faults(step) if fault.pointer not in wrong]
        return [*faults, *_argument_faults(step), *snapshot_faults(step)]

    def words(self, step: StepDefinition) -> tuple[Argument, ...]:
        """The driver, then the arguments of the entry script."""
        return ("pipeyard.jobs.parallel_run", *step.arguments)


def _meaning_faults(step: StepDefinition) -> Iterator[Fault]:
    settings = step.settings
    script, file_name = settings.get("entry_script"), settings.get("append_row_file_name")
    if isinstance(script, str) and (sentence := relative_path_fault(script)) is not None:
        yield Fault(pointer="/settings/entry_script", message=sentence)
    if isinstance(file_name, str) and ("/" in file_name or "\\" in file_name or file_name in {".", ".."}):
        message = "Must be the plain name of a file: the folder is the step's output."
        yield Fault(pointer="/settings/append_row_file_name", message=message)
    if settings.get("partition_keys") is not None and settings.get("mini_batch_size") is not None:
        yield Fault(
            pointer="/settings/mini_batch_size",
            message="`mini_batch_size` and `partition_keys` exclude each other.",
            suggestion="Leave one of them out: partitions are mini-batches of whatever size they have.",
        )
    if settings.get("output") is None and settings.get("output_action", "append_row") == "append_row":
        message = "`append_row` needs an output for its file."
        yield Fault(pointer="/settings/output", message=message, suggestion="Name one, or use `summary_only`.")
    output = settings.get("output")
    if isinstance(output, str) and output not in step.outputs:
        yield output_fault(step, output, "/settings/output")
    yield from _input_faults(step)


def _input_faults(step: StepDefinition) -> Iterator[Fault]:
    names = step.settings.get("inputs")
    for position, name in enumerate(names if isinstance(names, list | tuple) else ()):
        pointer = json_pointer("settings", "inputs", position)
        if isinstance(name, str) and name not in step.inputs:
            suggestion = Suggester().suggest(name, step.inputs)
            yield Fault(
                pointer=pointer,
                message=f"There is no input of this step called {quoted(name)}.",
                suggestion=suggestion,
            )
        elif isinstance(name, str) and isinstance(step.inputs[name], ParameterInput | LiteralInput):
            yield Fault(pointer=pointer, message=f"Input {quoted(name)} is a value: it has no mini-batches.")


def _argument_faults(step: StepDefinition) -> Iterator[Fault]:
    for position, word in enumerate(step.arguments):
        pointer = json_pointer("arguments", position)
        is_flag = isinstance(word, str) and word.startswith("-")
        if position == 0 and not is_flag:
            message = "Arguments of an entry script must be named: the first one must be a flag such as `--model`."
            yield Fault(pointer=pointer, message=message)
        elif isinstance(word, str) and word.startswith("--"):
            name = word[2:].partition("=")[0].replace("-", "_")
            if name in RESERVED_ARGUMENTS:
                message = f"The argument {quoted(word)} is a setting of the step itself."
                yield Fault(pointer=pointer, message=message, suggestion="Give the entry script's own another name.")
