"""v1's ParallelRunStep: gives its inputs to many workers, part by part."""

from collections.abc import Sequence
from typing import Any, ClassVar, Unpack

from pipeyard._core.parallel_run import RESERVED_ARGUMENTS
from pipeyard.data.dataset_consumption_config import DatasetConsumptionConfig
from pipeyard.pipeline.core.builder import PipelineStep, listed
from pipeyard.pipeline.core.graph import PipelineParameter
from pipeyard.pipeline.core.pipeline_output_dataset import PipelineOutputTabularDataset
from pipeyard.pipeline.steps._options import StepOptions
from pipeyard.pipeline.steps.parallel_run_config import ParallelRunConfig

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class ParallelRunStep(PipelineStep):
    """Cuts inputs into mini-batches and runs an entry script on each.

    Args:
        name: Of the step.
        parallel_run_config: How to cut, and what to run.
        inputs: What is cut: all files, or all rows.
        output: Gets the rows (`append_row`), and whatever the entry script writes to `EntryScript().output_dir`.
        side_inputs: Given to every worker as they are.
        arguments: The entry script's, with names: `["--model", model]`.

    Raises:
        ValueError: An input is missing or of another kind than the others, or an argument has no or a reserved name.
    """

    step_type: ClassVar[str] = "parallel_run"
    takes_source: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        parallel_run_config: ParallelRunConfig,
        inputs: Sequence[Any],
        output: Any = None,
        side_inputs: Sequence[Any] | None = None,
        arguments: Sequence[Any] | None = None,
        allow_reuse: bool = True,
        **options: Unpack[StepOptions],
    ) -> None:
        if not isinstance(parallel_run_config, ParallelRunConfig):
            raise ValueError(f"Step {name!r} needs a ParallelRunConfig, not {parallel_run_config!r}.")  # noqa: TRY004
        parallel_run_config.check()
        cut = listed(inputs)
        _check_inputs(name, cut)
        _check_arguments(name, listed(arguments))
        action = parallel_run_config.output_action
        action = action.default_value if isinstance(action, PipelineParameter) else action
        if output is None and action == "append_row":
            raise ValueError(f"Step {name!r} appends rows, so it needs an output; or set output_action='summary_only'.")
        self._config = parallel_run_config
        super().__init__(
            name,
            [*cut, *listed(side_inputs)],
            listed(output),
            arguments,
            source_directory=parallel_run_config.source_directory,
            script_name=parallel_run_config.entry_script,
            compute_target=parallel_run_config.compute_target,
            runconfig=parallel_run_config.run_configuration(),
            allow_reuse=allow_reuse,
            **options,
        )
        self._cut = [port.name for port in self.ports.inputs[: len(cut)]]
        self._output = self.ports.outputs[0].name if output is not None else None

    def settings(self) -> dict[str, Any]:
        """The configuration, with the names of what is cut and of the output."""
        found = {**self._config.settings(), "inputs": self._cut}
        return found if self._output is None else {**found, "output": self._output}


def _check_inputs(step: str, inputs: Sequence[Any]) -> None:
    if not inputs:
        raise ValueError(f"Step {step!r} has no inputs to cut into mini-batches.")
    kinds = {is_table(item) for item in inputs}
    if len(kinds) > 1:
        raise ValueError(f"The inputs of step {step!r} must be all files or all tabular: {inputs!r}.")


def is_table(value: Any) -> bool:
    """Whether an input consists of rows."""
    if isinstance(value, PipelineOutputTabularDataset):
        return True
    dataset = value.dataset if isinstance(value, DatasetConsumptionConfig) else value
    dataset = dataset.default_value if isinstance(dataset, PipelineParameter) else dataset
    return any("Tabular" in base.__name__ for base in type(dataset).__mro__)


def _check_arguments(step: str, arguments: Sequence[Any]) -> None:
    if arguments and not (isinstance(arguments[0], str) and arguments[0].startswith("-")):
        raise ValueError(
            f"The arguments of step {step!r} need names, such as ['--model', model]; not {arguments[0]!r}."
        )
    for word in arguments:
        if isinstance(word, str) and word.startswith("--"):
            name = word[2:].partition("=")[0].replace("-", "_")
            if name in RESERVED_ARGUMENTS:
                raise ValueError(f"Step {step!r} has an argument {word}, which is a field of its ParallelRunConfig.")
