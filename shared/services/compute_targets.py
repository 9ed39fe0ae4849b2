"""Compute targets: which there are, what runs their jobs, and how many at once."""

from dataclasses import dataclass
from typing import Any

from shared.core.compute_targets import (
    AML_COMPUTE,
    DATA_LAKE_ANALYTICS,
    LOCAL_PROCESS,
    LOCAL_TARGET,
    LOCAL_TYPE,
    AmlComputeProperties,
    ComputeTarget,
    has_engine,
    job_limit,
)
from shared.core.definition import StepDefinition
from shared.core.errors import BackendError, NotFound
from shared.ports.compute import ComputeBackend
from shared.services.workspace import RunContext, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a step's jobs go.

    Attributes:
        name: The compute target.
        backend: What runs them.
        backend_name: Its name, which goes into the step's row.
        limit: How many may run at once; None means as many as come.
    """

    name: str
    backend: ComputeBackend
    backend_name: str
    limit: int | None


def runs_on(workspace: Workspace, type_: str) -> str | None:
    """Name of the backend that runs jobs of targets of a type; None where nothing here does."""
    known = type_ in {LOCAL_TYPE, AML_COMPUTE} and LOCAL_PROCESS in workspace.services.backends
    return LOCAL_PROCESS if known else None


def target_runs_on(workspace: Workspace, target: ComputeTarget) -> str | None:
    """Name of the backend that runs jobs of a target; None where nothing here does."""
    if has_engine(target) and LOCAL_PROCESS in workspace.services.backends:
        return LOCAL_PROCESS
    return runs_on(workspace, target.type)


def built_in_targets(workspace: Workspace) -> list[ComputeTarget]:
    """The targets that nobody has to create."""
    if LOCAL_PROCESS not in workspace.services.backends:
        return []
    limit = workspace.max_local_jobs
    properties = {} if limit is None else {"max_concurrent_jobs": limit}
    description = "Processes of the machine that the workspace runs on."
    return [ComputeTarget(name=LOCAL_TARGET, type=LOCAL_TYPE, properties=properties, description=description)]


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
    step_type = workspace.step_types[step.type]
    missing = step_type.missing_backend
    # An engine runs the steps that are made for its target, and no others.
    engine = has_engine(target) and target.type in (step_type.compute_kinds or ())
    if missing is not None and not engine:
        raise BackendError(
            f"Step `{step.name}` needs a {missing} back-end, which this workspace does not have yet. "
            "Its settings are checked and kept, so that the pipeline can be written and published; "
            f"to run it, {_remedy(target)}."
        )
    backend_name = target_runs_on(workspace, target) if engine else runs_on(workspace, target.type)
    if backend_name is None:
        raise BackendError(
            f"Compute target `{target.name}` is known, but this workspace has no back-end for targets of type "
            f"`{target.type}` yet. Run step `{step.name}` on another compute target."
        )
    backend = workspace.services.backends[backend_name]
    limit = step_limit(workspace, step, target)
    return Destination(name=target.name, backend=backend, backend_name=backend_name, limit=limit)


def _remedy(target: ComputeTarget) -> str:
    if target.type == DATA_LAKE_ANALYTICS:
        return 'give the compute target the property `"engine": "duckdb"`, and scripts run on this machine'
    return "replace the step by one that runs a script, or leave it out"


def step_limit(workspace: Workspace, step: StepDefinition, target: ComputeTarget) -> int | None:
    """How many jobs a target takes at once, None where that is no matter for the step.

    A job that starts runs does little itself: were it to hold a place, a target of one would never get to its runs.
    """
    return None if workspace.step_types[step.type].starts_runs else job_limit(target)


def target_name(context: RunContext, ordinal: int) -> str:
    """The compute target that a step asks for."""
    return context.step(ordinal).compute_target or context.definition.default_compute_target


def cluster_status(workspace: Workspace, target: ComputeTarget) -> dict[str, Any]:
    """The status of a cluster in v1's shape; {} for targets of other types."""
    if target.type != AML_COMPUTE:
        return {}
    settings = AmlComputeProperties.model_validate(target.properties)
    running = workspace.slots.taken(target.name) if runs_on(workspace, target.type) else 0
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
