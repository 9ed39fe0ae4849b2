"""Creating, attaching, changing and deleting compute targets."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from pydantic import Field

from shared.core.compute_targets import (
    SETTLED,
    ComputeTarget,
    ProvisioningState,
    changed_connection,
)
from shared.core.document import Description, Document
from shared.core.errors import BackendError, Conflict, Fault, InvalidDocument, NotFound, PipeyardError
from shared.services.catalogue import change
from shared.services.compute_targets import find_target
from shared.services.target_checks import (
    check_backend,
    check_change,
    check_name,
    checked_properties,
    differing,
    held_while_unused,
    refuse_built_in,
)
from shared.services.target_secrets import forget_secrets, keep_secrets
from shared.services.target_status import current, remove_record
from shared.services.workspace import Workspace

RESIZED_BY = frozenset({"min_nodes", "max_nodes", "idle_seconds_before_scaledown"})


class TargetRequest(Document):
    """What a client sends to create or attach a compute target.

    Attributes:
        type: v1's name of the sort.
        attach: It exists already and is made known; otherwise it is created.
    """

    type: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9]{0,63}$")
    attach: bool = False
    properties: dict[str, Any] = {}
    description: Description = ""
    tags: dict[str, str] = {}


class TargetChange(Document):
    """What may change of a compute target: None leaves it as it is, properties are changed one by one."""

    properties: dict[str, Any] | None = None
    description: Description | None = None
    tags: dict[str, str] | None = None


def put_target(workspace: Workspace, name: str, request: TargetRequest) -> tuple[ComputeTarget, bool]:
    """Create or attach a compute target, or change one of this name and type.

    Returns:
        The target, and whether this call made it.

    Raises:
        InvalidDocument: A name that is reserved, properties that the type does not have, or what the service said.
        Conflict: The name is a built-in target's or another's, nothing here could run its jobs, or steps run on it.
    """
    check_name(name)
    known = _known(workspace, name, request)
    attached = request.attach if known is None else known.attached
    now = workspace.now().isoformat()
    target = ComputeTarget(
        name=known.name if known is not None else name,
        type=request.type,
        attached=attached,
        properties=checked_properties(request.type, request.properties, attached=attached),
        secret_names=known.secret_names if known is not None else {},
        description=request.description,
        tags=request.tags,
        created_at=known.created_at if known is not None else now,
        updated_at=now,
    )

    def entered(target: ComputeTarget) -> ComputeTarget:
        if known is None and not attached:
            return _create(workspace, target)
        new = target.model_copy(update={"provisioning_state": _prepare(workspace, known, target)})
        if known is None:
            return workspace.services.catalogue.put(new)
        return change(workspace, ComputeTarget, new.key, lambda latest: _over(latest, new))

    return _with_secrets(workspace, known, target, request.properties, entered), known is None


def change_target(workspace: Workspace, name: str, request: TargetChange) -> ComputeTarget:
    """Change a compute target.

    Raises:
        NotFound: There is none.
        InvalidDocument: Properties that the type does not have, or what the service said.
        Conflict: It is built in, steps run on it, or others change it all the time.
    """
    refuse_built_in(name, "changed; the setting PIPEYARD_LOCAL_MAX_JOBS says how many jobs it runs at once")
    workspace.forget_compute_target(name)
    old = find_target(workspace, name)
    given = request.properties or {}
    now = workspace.now().isoformat()

    def merged(latest: ComputeTarget) -> ComputeTarget:
        both = {each: value for each, value in {**latest.properties, **given}.items() if value is not None}
        fields = request.model_dump(exclude_none=True, exclude={"properties"})
        fields["properties"] = checked_properties(latest.type, both, attached=latest.attached)
        return latest.model_copy(update={**fields, "updated_at": now})

    def entered(target: ComputeTarget) -> ComputeTarget:
        fields = {"provisioning_state": _prepare(workspace, old, target), "secret_names": target.secret_names}
        key = target.key
        return change(workspace, ComputeTarget, key, lambda latest: merged(latest).model_copy(update=fields))

    return _with_secrets(workspace, old, merged(old), given, entered)


def delete_target(workspace: Workspace, name: str) -> ComputeTarget | None:
    """Delete or detach a compute target. What was attached stays as it is in its service.

    Returns:
        The target while its service still deletes it; None where it is gone.

    Raises:
        NotFound: There is none.
        Conflict: It is built in, or steps run on it.
    """
    refuse_built_in(name, "deleted")
    workspace.forget_compute_target(name)
    target = find_target(workspace, name)
    if target.provisioning_state != "Deleting":
        with held_while_unused(workspace, target, "deleted"):
            provisioner = workspace.services.compute.provisioner(target)
            if provisioner is None or target.attached:
                remove_record(workspace, target)
                return None
            provisioner.remove()
            fields = {"provisioning_state": "Deleting", "updated_at": workspace.now().isoformat()}
            target = change(workspace, ComputeTarget, target.key, lambda latest: latest.model_copy(update=fields))
    try:
        return current(workspace, target)[0]
    except NotFound:
        return None


def _known(workspace: Workspace, name: str, request: TargetRequest) -> ComputeTarget | None:
    """The target of this name, if there is one that the request can be about."""
    found = workspace.services.catalogue.find(ComputeTarget, name.lower())
    if found is None:
        return None
    if found.provisioning_state not in SETTLED:
        try:
            found, _ = current(workspace, found)
        except NotFound:
            return None
        if found.provisioning_state == "Deleting":
            raise Conflict(f"The compute target `{found.name}` is being deleted. Wait until it is gone.")
    other = found.type != request.type
    if other or (request.attach and not found.attached):
        what = f"of type `{found.type}`" if other else "which was created here,"
        raise Conflict(
            f"There is a compute target `{found.name}` {what} already. Delete it first, or choose another name."
        )
    return found


def _with_secrets(
    workspace: Workspace,
    known: ComputeTarget | None,
    target: ComputeTarget,
    given: Mapping[str, Any],
    entered: Callable[[ComputeTarget], ComputeTarget],
) -> ComputeTarget:
    """Check and enter a target, with new secrets of its own; the old ones are deleted once nothing names them."""
    check_backend(workspace, target)
    entering = nullcontext() if known is None else check_change(workspace, known, target)
    before = target.secret_names
    kept = keep_secrets(workspace, target.name, given)
    try:
        with entering:
            written = entered(target.model_copy(update={"secret_names": {**before, **kept}}))
    except PipeyardError:
        forget_secrets(workspace, kept.values())
        raise
    finally:
        workspace.forget_compute_target(target.name)
    forget_secrets(workspace, (before[each] for each in kept if each in before))
    return written


def _over(latest: ComputeTarget, new: ComputeTarget) -> ComputeTarget:
    """A target in place of another; who holds that one still does."""
    return new.model_copy(update={"etag": latest.etag, "held_since": latest.held_since})


def _create(workspace: Workspace, target: ComputeTarget) -> ComputeTarget:
    """Write a new target down, then have it made: what was made always has a record that it can be deleted with."""
    catalogue = workspace.services.catalogue
    provisioner = workspace.services.compute.provisioner(target)
    if provisioner is None:
        return catalogue.insert(target)
    written = catalogue.insert(target.model_copy(update={"provisioning_state": "Creating"}))
    try:
        _ask(provisioner.apply)
    except PipeyardError:
        catalogue.delete(ComputeTarget, target.key)
        raise
    return written


def _prepare(workspace: Workspace, known: ComputeTarget | None, target: ComputeTarget) -> ProvisioningState:
    """Ask the service to take a target as it will be; returns the state that the target is in then."""
    provisioner = workspace.services.compute.provisioner(target)
    if provisioner is None:
        return "Succeeded"
    if target.attached and (known is None or _is_reached_otherwise(known, target)):
        _ask(provisioner.check)
    if known is None:
        return "Succeeded"
    if not differing(known, target, RESIZED_BY) and known.provisioning_state not in {"Failed", "Canceled"}:
        return known.provisioning_state
    _ask(provisioner.apply)
    return "Updating"


def _ask(call: Callable[[], None]) -> None:
    """Ask the service; what it refuses for good is a fault of the request, in its own words."""
    try:
        call()
    except (NotFound, BackendError) as error:
        if error.retryable:
            raise
        raise InvalidDocument([Fault(pointer="", message=str(error))]) from None


def _is_reached_otherwise(known: ComputeTarget, target: ComputeTarget) -> bool:
    return bool(changed_connection(known, target)) or known.secret_names != target.secret_names
