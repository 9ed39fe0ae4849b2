"""Compute targets: which there are, what runs their jobs, and how many at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.core.compute_targets import (
    AML_COMPUTE,
    DATA_LAKE_ANALYTICS,
    DATABRICKS,
    LOCAL_PROCESS,
    LOCAL_TARGET,
    ONE_MACHINE,
    SCRIPT_TYPES,
    THIS_MACHINE,
    AmlComputeProperties,
    ComputeTarget,
    changed_connection,
    job_limit,
)
from shared.core.definition import StepDefinition
from shared.core.errors import BackendError, Fault, NotFound
from shared.core.records import StepRecord
from shared.ports.compute import ComputeBackend
from shared.services.workspace import RunContext, Workspace

_REACHED_BY = {
    AML_COMPUTE: "Give it the property `workspace_resource_id`, or set PIPEYARD_AZURE_ML_WORKSPACE.",
    DATABRICKS: "Give it the property `workspace_url`; in a local workspace, `emulated` will do, too.",
    DATA_LAKE_ANALYTICS: 'Give it the property `"engine": "duckdb"`, and scripts run on this machine.',
}
"""What a target of a type lacks that nothing here can reach."""


HELD_FOR = timedelta(minutes=5)
"""A target that is held for longer was forgotten: whoever deletes or changes one takes some seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a step's jobs go.

    Attributes:
        target: The compute target as it was read.
        backend: What runs them.
        backend_name: Its name, which goes into the step's row.
        limit: How many may run at once; None means as many as come.
    """

    target: ComputeTarget
    backend: ComputeBackend
    backend_name: str
    limit: int | None

    @property
    def name(self) -> str:
        """The compute target's name."""
        return self.target.name


def built_in_targets(workspace: Workspace) -> list[ComputeTarget]:
    """The targets that nobody has to create."""
    limit = workspace.max_local_jobs
    local = (
        THIS_MACHINE
        if limit is None
        else THIS_MACHINE.model_copy(update={"properties": {"max_concurrent_jobs": limit}})
    )
    return [local] if workspace.services.compute.offers(local) is not None else []


def all_targets(workspace: Workspace) -> list[ComputeTarget]:
    """Every compute target: the built-in ones, then the others by name."""
    return [*built_in_targets(workspace), *workspace.services.catalogue.all(ComputeTarget)]


def find_target(workspace: Workspace, name: str) -> ComputeTarget:
    """A compute target by name, as another process may have changed it some seconds ago.

    Raises:
        NotFound: There is none.
    """
    found = next(iter(built_in_targets(workspace)), None) if name == LOCAL_TARGET else workspace.compute_target(name)
    if found is None:
        known = ", ".join(f"`{target.name}`" for target in all_targets(workspace)) or "none"
        raise NotFound(f"There is no compute target `{name}`; the workspace has {known}.")
    return found


def destination(workspace: Workspace, step: StepDefinition, target_name: str) -> Destination:
    """Where a step's jobs go.

    Raises:
        NotFound: There is no such compute target.
        BackendError: Nothing here can run the step; the sentence says what is missing.
    """
    target = find_target(workspace, target_name)
    _require_usable(target)
    backend_name = workspace.services.compute.offers(target) or ""  # there is one where nothing is refused
    if (fault := refusal(workspace, step, target)) is not None:
        raise BackendError(f"{fault.message} {fault.suggestion}")
    backend = workspace.services.compute.open(target)
    limit = step_limit(workspace, step, target)
    return Destination(target=target, backend=backend, backend_name=backend_name, limit=limit)


def still_stands(workspace: Workspace, destination: Destination) -> bool:
    """Whether a target, read anew, is where it was, and nobody is about to delete it or to point it elsewhere.

    To be asked after the step's row was written: who deletes a target holds it first and looks for rows then, so at
    least one of the two sees the other. Jobs on this machine are found whatever becomes of the target.
    """
    if destination.backend_name == LOCAL_PROCESS:
        return True
    workspace.forget_compute_target(destination.name)
    found = workspace.compute_target(destination.name)
    if found is None or found.provisioning_state == "Deleting" or changed_connection(destination.target, found):
        return False
    return not found.held_since or workspace.now() - datetime.fromisoformat(found.held_since) > HELD_FOR


def _require_usable(target: ComputeTarget) -> None:
    if target.provisioning_state in {"Deleting", "Failed", "Canceled"}:
        said = "; ".join(target.provisioning_errors) or "its service says no more about it."
        raise BackendError(f"Compute target `{target.name}` is `{target.provisioning_state}`: {said}")


def refusal(workspace: Workspace, step: StepDefinition, target: ComputeTarget) -> Fault | None:
    """Why a step can have no job on its target, whatever state that is in; None where it can.

    Nothing is asked of a service, so a submit can tell. The pointer is relative to the step.
    """
    step_type = workspace.step_types[step.type]
    backend_name = workspace.services.compute.offers(target)
    # Services and engines run the steps that are made for them, and no others.
    kinds = step_type.compute_kinds or SCRIPT_TYPES
    if step_type.missing_backend is None and backend_name is None and target.type in _REACHED_BY.keys() & kinds:
        message = (
            f"Step `{step.name}` runs on compute target `{target.name}`, and nothing says where in this workspace's "
            "reach that is."
        )
        return Fault(pointer="/compute_target", message=message, suggestion=_REACHED_BY[target.type])
    if step_type.missing_backend is not None or (step_type.compute_kinds is not None and backend_name is None):
        missing = step_type.missing_backend or target.type
        message = f"Step `{step.name}` needs a back-end for {missing}, which this workspace does not have yet."
        suggestion = (
            "Its settings are checked and kept, so that the pipeline can be written and published; "
            "to run it, replace the step by one that runs a script, or leave it out."
        )
        return Fault(pointer="/type", message=message, suggestion=suggestion)
    if backend_name is None or target.type not in kinds:
        message = (
            f"Compute target `{target.name}` is known, but this workspace has no back-end for targets of type "
            f"`{target.type}` that runs scripts."
        )
        suggestion = f"Run step `{step.name}` on another compute target."
        return Fault(pointer="/compute_target", message=message, suggestion=suggestion)
    if step.resources.node_count > 1 and backend_name in ONE_MACHINE:
        message = (
            f"Step `{step.name}` asks for {step.resources.node_count} nodes, and compute target `{target.name}` is "
            "this one machine."
        )
        suggestion = "Run it on a cluster of Azure ML (or an emulated one), or set `node_count` to 1."
        return Fault(pointer="/resources/node_count", message=message, suggestion=suggestion)
    return None


def step_limit(workspace: Workspace, step: StepDefinition, target: ComputeTarget) -> int | None:
    """How many jobs a target takes at once, None where that is no matter for the step.

    A job that starts runs does little itself: were it to hold a place, a target of one would never get to its runs.
    """
    if workspace.step_types[step.type].starts_runs:
        return None
    return job_limit(target, queues=workspace.services.compute.open(target).capabilities.queues)


def open_backend(workspace: Workspace, row: StepRecord) -> ComputeBackend:
    """The backend that has the job of a step which has begun.

    Raises:
        NotFound: Its compute target is gone, or something else runs the target's jobs by now.
    """
    if row.backend in {"", LOCAL_PROCESS}:  # whatever became of the target
        return workspace.services.compute.open(THIS_MACHINE)
    target = find_target(workspace, row.compute_target)
    if workspace.services.compute.offers(target) != row.backend:
        raise NotFound(f"This workspace has no back-end `{row.backend}` any more, which had the job.")
    return workspace.services.compute.open(target)


def target_name(context: RunContext, ordinal: int) -> str:
    """The compute target that a step asks for."""
    return context.step(ordinal).compute_target or context.definition.default_compute_target


def cluster_status(workspace: Workspace, target: ComputeTarget) -> dict[str, Any]:
    """The status of a cluster in v1's shape; {} for targets of other types."""
    if target.type != AML_COMPUTE:
        return {}
    settings = AmlComputeProperties.model_validate(target.properties)
    running = workspace.slots.taken(target.name) if workspace.services.compute.offers(target) else 0
    nodes = max(running, settings.min_nodes)
    return {
        "allocationState": "Steady",
        "allocationStateTransitionTime": target.updated_at,
        "creationTime": target.created_at,
        "modifiedTime": target.updated_at,
        "currentNodeCount": nodes,
        "targetNodeCount": nodes,
        "nodeStateCounts": {
            "preparingNodeCount": 0,
            "runningNodeCount": running,
            "idleNodeCount": nodes - running,
            "unusableNodeCount": 0,
            "leavingNodeCount": 0,
            "preemptedNodeCount": 0,
        },
        "provisioningState": target.provisioning_state,
        "provisioningStateTransitionTime": target.created_at,
        "scaleSettings": {
            "minNodeCount": settings.min_nodes,
            "maxNodeCount": settings.max_nodes,
            "nodeIdleTimeBeforeScaleDown": f"PT{settings.idle_seconds_before_scaledown}S",
        },
        "vmPriority": {"dedicated": "Dedicated", "lowpriority": "LowPriority"}[settings.vm_priority],
        "vmSize": settings.vm_size,
        "errors": None,
    }
