"""What every step takes beside v1's arguments, and checks that script steps share."""

from collections.abc import Mapping
from typing import Any, TypedDict

from pipeyard.pipeline.core.graph import PipelineParameter

RUNCONFIG_PARAMETERS = frozenset(
    {"NodeCount", "MpiProcessCountPerNode", "TensorflowWorkerCount", "TensorflowParameterServerCount"}
)


class StepOptions(TypedDict, total=False):
    """Keyword-only arguments of every step; `PipelineStep` describes them."""

    retry: int | Mapping[str, Any] | None
    timeout: float | None
    always_run: bool
    labels: Mapping[str, str] | None


def check_runconfig_parameters(step: str, parameters: Mapping[str, Any] | None) -> None:
    """Check v1's `runconfig_pipeline_params`.

    Raises:
        ValueError: A key or a value is none of v1's, or the value would change how many nodes there are.
    """
    for key, value in (parameters or {}).items():
        if key not in RUNCONFIG_PARAMETERS:
            known = ", ".join(sorted(RUNCONFIG_PARAMETERS))
            raise ValueError(f"Step {step!r}: {key!r} is none of the runconfig_pipeline_params {known}.")
        if not isinstance(value, PipelineParameter):
            raise ValueError(  # noqa: TRY004  (v1's type)
                f"Step {step!r}: the value of {key!r} must be a PipelineParameter, not {value!r}."
            )
        if value.default_value != 1:
            raise ValueError(
                f"Step {step!r}: {key!r} cannot be a pipeline parameter. Set the number in the run configuration."
            )


def required(step: str, **values: Any) -> None:
    """Refuse missing arguments.

    Raises:
        ValueError: There are some; names all of them.
    """
    missing = [name for name, value in values.items() if value is None or value == ""]
    if missing:
        raise ValueError(f"Step {step!r} needs {' and '.join(missing)}.")
