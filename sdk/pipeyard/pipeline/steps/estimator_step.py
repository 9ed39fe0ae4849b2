"""v1's EstimatorStep: the script of an estimator. v1 deprecated it; PythonScriptStep says the same with less."""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from pipeyard.pipeline.steps._options import StepOptions
from pipeyard.pipeline.steps.python_script_step import PythonScriptStep
from pipeyard.train.estimator import Estimator

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class EstimatorStep(PythonScriptStep):
    """Runs an estimator's entry script.

    Raises:
        ValueError: The estimator, the compute target or the arguments are missing, or the estimator has its own.
    """

    def __init__(
        self,
        name: str | None = None,
        estimator: Estimator | None = None,
        estimator_entry_script_arguments: Sequence[Any] | None = None,
        runconfig_pipeline_params: Mapping[str, Any] | None = None,
        inputs: Sequence[Any] | None = None,
        outputs: Sequence[Any] | None = None,
        compute_target: Any = None,
        allow_reuse: bool = True,
        version: str | None = None,
        **options: Unpack[StepOptions],
    ) -> None:
        if estimator is None or compute_target is None:
            raise ValueError("An EstimatorStep needs an estimator and a compute_target.")
        if estimator_entry_script_arguments is None:
            raise ValueError("An EstimatorStep needs estimator_entry_script_arguments; an empty list will do.")
        if estimator.script_params or estimator.inputs:
            raise ValueError("Give arguments and inputs to the EstimatorStep, not to its estimator.")
        super().__init__(
            estimator.entry_script or "",
            name=name or estimator.entry_script,
            arguments=estimator_entry_script_arguments,
            compute_target=compute_target,
            runconfig=estimator.run_config,
            runconfig_pipeline_params=runconfig_pipeline_params,
            inputs=inputs,
            outputs=outputs,
            source_directory=estimator.source_directory,
            allow_reuse=allow_reuse,
            version=version,
            **options,
        )
