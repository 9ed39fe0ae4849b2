"""What speaks against creating, attaching, changing or deleting a compute target."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import datetime
from typing import Any

from shared.core.compute_targets import (
    AML_COMPUTE,
    DATA_FACTORY,
    LOCAL_PROCESS,
    LOCAL_TARGET,
    RESERVED_NAMES,
    TARGET_TYPES,
    ComputeTarget,
    changed_connection,
    properties_model,
)
from shared.core.errors import Conflict, Fault, InvalidDocument, NotFound
from shared.core.pointers import below
from shared.core.target_properties import property_faults
from shared.core.wording import Suggester, listed, quoted
from shared.services.catalogue import change
from shared.services.compute_targets import HELD_FOR
from shared.services.target_secrets import secret_faults, without_secrets
from shared.services.target_status import step_runs_on
from shared.services.workspace import Workspace

CREATABLE = frozenset({AML_COMPUTE, DATA_FACTORY})
"""Types of targets that can be made here; the others exist somewhere and are attached."""
FIXED = frozenset(
    {"vm_size", "vm_priority", "location", "subnet_id", "node_public_ip", "identity_type", "identity_ids"}
)
"""Properties of a cluster that last as long as it does."""
_MAX_NAMED = 5


def check_name(name: str) -> None:
    """Refuse the name of the built-in target and those that mean something else."""
    refuse_built_in(name, "replaced")
    if name.lower() in RESERVED_NAMES:
        raise InvalidDocument([Fault(pointer="", message=f"`{name}` is reserved: choose another name.")])


def refuse_built_in(name: str, what: str) -> None:
    """Refuse the built-in target."""
    if name.lower() == LOCAL_TARGET:
        raise Conflict(f"The compute target `{LOCAL_TARGET}` is built in and cannot be {what}.")


def checked_properties(type_: str, given: Mapping[str, Any], *, attached: bool) -> dict[str, Any]:
    """Properties as they may be written to a row.

    Raises:
        InvalidDocument: With everything that is wrong with them.
    """
    plain = without_secrets(given)
    secret = secret_faults(given)
    told = {fault.pointer for fault in secret}
    plainly = property_faults(type_, plain, attached=attached)
    faults = [*secret, *(fault for fault in plainly if fault.pointer not in told)]
    if wrong := [*_type_faults(type_), *below("/properties", faults)]:
        raise InvalidDocument(wrong)
    kept = properties_model(type_).model_validate(plain)
    return kept.model_dump(mode="json", exclude_none=True, exclude_unset=attached)


def _type_faults(type_: str) -> Iterator[Fault]:
    """A type that is nearly a known one; others may be, so that pipelines can name what nothing here reaches."""
    near = Suggester().suggest(type_, TARGET_TYPES, list_all=False)
    if near is not None and type_ not in TARGET_TYPES:
        yield Fault(pointer="/type", message=f"There are no targets of type {quoted(type_)}.", suggestion=near)


def check_backend(workspace: Workspace, target: ComputeTarget) -> None:
    """Refuse a target that nothing here could make, or whose service nobody knows."""
    offered = workspace.services.compute.offers(target)
    if target.properties.get("emulated") and offered is None:
        message = f"This workspace has no emulator for targets of type `{target.type}`."
        advice = "Local workspaces (`./dev start`) have them for `AmlCompute`, `Databricks` and `DataLakeAnalytics`."
        raise InvalidDocument([Fault(pointer="/properties/emulated", message=message, suggestion=advice)])
    is_cluster = target.type == AML_COMPUTE
    if is_cluster and (offered is None or (target.attached and offered == LOCAL_PROCESS)):
        raise InvalidDocument(
            [
                Fault(
                    pointer="/properties/workspace_resource_id",
                    message="No Azure ML workspace is known that could have the cluster.",
                    suggestion="Give its resource id, or set PIPEYARD_AZURE_ML_WORKSPACE; in a local workspace, say "
                    "`emulated`.",
                )
            ]
        )
    if not target.attached and (target.type not in CREATABLE or offered is None):
        raise Conflict(
            f"A compute target of type `{target.type}` cannot be created here. One that exists can be attached, so "
            "that pipelines may name it."
        )


def check_change(workspace: Workspace, known: ComputeTarget, target: ComputeTarget) -> AbstractContextManager[None]:
    """Refuse changes that a target outlasts only by being made again.

    Returns:
        What the change is to be made in: it refuses to lose the jobs that run on the target.
    """
    connection = listed([quoted(name) for name in changed_connection(known, target)])
    made = not known.attached and workspace.services.compute.provisioner(known) is not None
    if connection and made:
        raise Conflict(
            f"`{known.name}` was created where it is: to change {connection}, delete it and create it again."
        )
    fixed = differing(known, target, FIXED) if made and known.provisioning_state != "Failed" else []
    if fixed:
        message = "It lasts as long as the cluster."
        suggestion = "Delete the cluster, and create it again."
        pointers = [f"/properties/{name}" for name in fixed]
        raise InvalidDocument([Fault(pointer=each, message=message, suggestion=suggestion) for each in pointers])
    if not connection:
        return nullcontext()
    return held_while_unused(workspace, known, f"reached otherwise ({connection})")


@contextmanager
def held_while_unused(workspace: Workspace, target: ComputeTarget, what: str) -> Iterator[None]:
    """Keep jobs from beginning on a target, and refuse what would leave some behind that nobody could look after.

    The target is held before its steps are looked for, and a step looks whether it is held after its row was written:
    whichever comes second sees the other.

    Raises:
        NotFound: It was deleted meanwhile.
        Conflict: Steps run on it, or somebody else is at it.
    """
    now = workspace.now()

    def hold(latest: ComputeTarget) -> ComputeTarget:
        if latest.held_since and now - datetime.fromisoformat(latest.held_since) <= HELD_FOR:
            raise Conflict(f"Somebody else is about to delete or to change the compute target `{target.name}`.")
        return latest.model_copy(update={"held_since": now.isoformat()})

    held = change(workspace, ComputeTarget, target.key, hold).held_since
    try:
        used = step_runs_on(workspace, target)
        if used:
            shown = listed([quoted(each) for each in used], limit=_MAX_NAMED)
            raise Conflict(
                f"The compute target `{target.name}` cannot be {what} while steps run on it: {shown}. Cancel their "
                "runs, or wait for their end."
            )
        yield
    finally:
        with suppress(NotFound):  # deleted
            change(workspace, ComputeTarget, target.key, lambda latest: _released(latest, held))
        workspace.forget_compute_target(target.name)


def _released(target: ComputeTarget, held_since: str) -> ComputeTarget:
    return target.model_copy(update={"held_since": ""}) if target.held_since == held_since else target


def differing(known: ComputeTarget, target: ComputeTarget, names: frozenset[str]) -> list[str]:
    """Those of the properties that differ."""
    return sorted(name for name in names if known.properties.get(name) != target.properties.get(name))
