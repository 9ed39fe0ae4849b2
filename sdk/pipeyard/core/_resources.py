"""Nodes and processes of a run configuration, as definitions say them."""

from typing import Any

from pipeyard.core.runconfig import RunConfiguration

_MPI = frozenset({"Mpi", "IntelMpi", "OpenMpi"})


def resources_of(step: str, runconfig: RunConfiguration | None) -> dict[str, Any]:
    """How many nodes and processes a step asks for, as a definition says it; {} for one process on one node.

    Raises:
        ValueError: The run configuration asks for nodes or processes that nothing would start.
    """
    if not isinstance(runconfig, RunConfiguration):
        return {}  # what else was given, the step refuses itself
    nodes, processes, communicator = runconfig.node_count or 1, 1, ""
    if runconfig.communicator in _MPI:
        processes, communicator = runconfig.mpi.process_count_per_node, "mpi"
    elif runconfig.framework == "PyTorch":
        total = runconfig.pytorch.process_count or nodes
        if total % nodes:
            raise ValueError(f"Step {step!r} asks for {total} PyTorch processes, which {nodes} nodes cannot share.")
        processes, communicator = total // nodes, "pytorch"
    elif runconfig.framework == "TensorFlow" and runconfig.communicator == "ParameterServer":
        nodes, communicator = runconfig.tensorflow.worker_count, "tensorflow"
    if nodes == processes == 1:
        return {}
    if not communicator:
        raise ValueError(
            f"Step {step!r} asks for {nodes} nodes and does not say how their processes find each other: set the "
            "communicator to 'Mpi', use an MpiStep or a PyTorchConfiguration, or split the work with ParallelRunStep."
        )
    return {"node_count": nodes, "process_count_per_node": processes, "communicator": communicator}
