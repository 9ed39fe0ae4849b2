"""What every step takes beside v1's arguments, and checks that script steps share."""

from collections.abc import Mapping
from typing import Any, TypedDict

from pipeyard.core.runconfig import RunConfiguration
from pipeyard.pipeline.core.graph import PipelineParameter

RUNCONFIG_PARAMETERS = frozenset(
    {"NodeCount", "MpiProcessCountPerNode", "TensorflowWorkerCount", "TensorflowParameterServerCount"}
)
_MPI = frozenset({"Mpi", "IntelMpi", "OpenMpi"})


class StepOptions(TypedDict, total=False):
    """Keyword-only arguments of every step; `PipelineStep` describes them."""

    retry: int | Mapping[str, Any] | None
    timeout: float | None
    always_run: bool
    labels: Mapping[str, str] | None


def one_node(step: str, runconfig: RunConfiguration | None) -> int:
    """How many MPI processes a step starts, once it is sure that one node is enough.

    Raises:
        ValueError: The run configuration asks for more nodes, or for processes that nobody would start.
    """
    if not isinstance(runconfig, RunConfiguration):
        return 1  # what else was given, the step refuses itself
    if (runconfig.node_count or 1) > 1:
        raise ValueError(
            f"Step {step!r} asks for {runconfig.node_count} nodes. Pipeyard runs a step on one node: "
            "set node_count to 1, or split the work with ParallelRunStep."
        )
    if runconfig.framework == "PyTorch" and (runconfig.pytorch.process_count or 1) > 1:
        raise ValueError(
            f"Step {step!r} asks for {runconfig.pytorch.process_count} PyTorch processes. Start them yourself: a "
            "CommandStep with the command 'torchrun --nproc-per-node N train.py'."
        )
    if runconfig.framework == "TensorFlow" and runconfig.communicator == "ParameterServer":
        counts = runconfig.tensorflow
        if counts.worker_count > 1:
            raise ValueError(f"Step {step!r} asks for {counts.worker_count} TensorFlow workers; there is one node.")
    return runconfig.mpi.process_count_per_node if runconfig.communicator in _MPI else 1


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
                f"Step {step!r}: {key!r} must be 1, since Pipeyard runs a step as one process on one node."
            )


def mpi_command(processes: int, script: str) -> list[str]:
    """The command line that starts a script several times on one node."""
    return ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", str(processes), "python", script]


def required(step: str, **values: Any) -> None:
    """Refuse missing arguments.

    Raises:
        ValueError: There are some; names all of them.
    """
    missing = [name for name, value in values.items() if value is None or value == ""]
    if missing:
        raise ValueError(f"Step {step!r} needs {' and '.join(missing)}.")
