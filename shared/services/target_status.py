"""How compute targets are doing: what their service says of them, asked no more often than every few seconds."""

from datetime import datetime, timedelta
from typing import Any

from shared.core import names
from shared.core.compute_targets import AML_COMPUTE, SETTLED, AmlComputeProperties, ComputeTarget
from shared.core.errors import Conflict, NotFound, PipeyardError
from shared.core.status import STEP_TERMINAL
from shared.ports.compute import TargetStatus
from shared.services.catalogue import change
from shared.services.compute_targets import cluster_status
from shared.services.target_secrets import forget_secrets
from shared.services.workspace import Workspace

CREATION_GRACE = timedelta(minutes=1)
"""Time for a request to reach the service: until then, that it has no such target says nothing."""


def current(workspace: Workspace, target: ComputeTarget) -> tuple[ComputeTarget, dict[str, Any]]:
    """A target as its service sees it now, and its status in v1's shape.

    A state that is final is written to the target's row; a target whose deletion has come to its end goes.

    Raises:
        NotFound: It has been deleted.
    """
    status = _ask(workspace, target)
    if status is None:
        return target, cluster_status(workspace, target)
    if status.gone and target.provisioning_state == "Deleting":
        if not step_runs_on(workspace, target):
            remove_record(workspace, target)
            raise NotFound(f"There is no compute target `{target.name}` any more: it has been deleted.")
        return target, status.details
    if status.gone and target.provisioning_state == "Creating" and _is_new(target, workspace.now()):
        return target, status.details
    seen = {"provisioning_state": status.provisioning_state, "provisioning_errors": status.errors}
    if target.provisioning_state not in SETTLED and status.provisioning_state in SETTLED:
        _settle(workspace, target, seen)
    return target.model_copy(update=seen), status.details


def remembered(workspace: Workspace, target: ComputeTarget) -> tuple[ComputeTarget, dict[str, Any]] | None:
    """The same for lists, None where it is gone: services are only asked about targets whose state is not final."""
    if target.provisioning_state in SETTLED and workspace.services.compute.provisioner(target) is not None:
        return target, {}
    try:
        return current(workspace, target)
    except NotFound:
        return None


def nodes(workspace: Workspace, target: ComputeTarget) -> list[dict[str, Any]]:
    """The nodes of a cluster with their jobs, in v1's shape; targets of other types have none."""
    provisioner = workspace.services.compute.provisioner(target)
    if provisioner is not None:
        return provisioner.nodes()
    if target.type != AML_COMPUTE:
        return []
    busy = workspace.slots.holders(target.name)
    idle = AmlComputeProperties.model_validate(target.properties).min_nodes - len(busy)
    return [
        {"nodeId": f"node-{number}", "nodeState": "running" if holder else "idle", "runId": holder}
        for number, holder in enumerate([*busy, *[None] * idle])
    ]


def step_runs_on(workspace: Workspace, target: ComputeTarget) -> list[str]:
    """Step runs on a target that are not over."""
    return [
        names.step_run_id(run_id, row.ordinal)
        for run_id in workspace.services.runs.list_active_run_ids()
        for row in workspace.services.runs.get_steps(run_id)
        if row.compute_target.lower() == target.key and row.status not in STEP_TERMINAL
    ]


def remove_record(workspace: Workspace, target: ComputeTarget) -> None:
    """Forget a target and its secrets."""
    workspace.services.catalogue.delete(ComputeTarget, target.key)
    workspace.forget_compute_target(target.name)
    forget_secrets(workspace, target.secret_names.values())


def _ask(workspace: Workspace, target: ComputeTarget) -> TargetStatus | None:
    provisioner = workspace.services.compute.provisioner(target)
    if provisioner is None:
        return None

    def ask() -> TargetStatus:
        try:
            return provisioner.status()
        except PipeyardError as error:
            # Whoever looks at a target should see it, even where its service is not to be reached.
            details = {} if error.retryable else {"errors": [str(error)]}
            return TargetStatus(
                provisioning_state=target.provisioning_state, errors=target.provisioning_errors, details=details
            )

    return workspace.target_statuses.get(f"{target.key} {target.updated_at}", workspace.now(), ask)


def _settle(workspace: Workspace, target: ComputeTarget, seen: dict[str, Any]) -> None:
    def settled(old: ComputeTarget) -> ComputeTarget:
        is_same = old.updated_at == target.updated_at and old.provisioning_state not in SETTLED
        return old.model_copy(update=seen) if is_same else old

    try:
        change(workspace, ComputeTarget, target.key, settled)
    except (Conflict, NotFound):
        return  # Somebody else changed or deleted it at this moment; the next look will tell.
    workspace.forget_compute_target(target.name)


def _is_new(target: ComputeTarget, now: datetime) -> bool:
    return now - datetime.fromisoformat(target.updated_at) < CREATION_GRACE
