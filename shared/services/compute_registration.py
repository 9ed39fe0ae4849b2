"""Creating, attaching, changing and deleting compute targets."""

from typing import Any

from pydantic import Field, ValidationError

from shared.core.compute_targets import LOCAL_TARGET, RESERVED_NAMES, ComputeTarget, TargetLimits, properties_model
from shared.core.document import Description, Document
from shared.core.errors import Conflict, Fault, InvalidDocument
from shared.core.pointers import below, json_pointer
from shared.core.shapes import Place, shape_faults
from shared.core.wording import Suggester, quoted
from shared.services.catalogue import change
from shared.services.compute_targets import find_target, target_runs_on
from shared.services.workspace import Workspace

SECRET_PROPERTIES = frozenset(
    {
        *("access_token", "account_key", "admin_user_password", "administrator_password", "api_key"),
        *("application_key", "client_secret", "connection_string", "kusto_connection_string", "password"),
        *("primary_key", "private_key", "private_key_passphrase", "sas_token", "secondary_key", "secret"),
        *("service_principal_password", "shared_access_key", "storage_account_key", "token"),
    }
)
"""Properties whose values are kept by the secret store and never shown again."""


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
    """What may change of a compute target: None leaves it as it is; properties are changed one by one."""

    properties: dict[str, Any] | None = None
    description: Description | None = None
    tags: dict[str, str] | None = None


def put_target(workspace: Workspace, name: str, request: TargetRequest) -> tuple[ComputeTarget, bool]:
    """Create or attach a compute target, or change one of this name and type.

    Returns:
        The target, and whether this call made it.

    Raises:
        InvalidDocument: A name that is reserved, or properties that the type does not have.
        Conflict: The name is a built-in target's or of another type, or nothing here could run its jobs.
    """
    _check_name(name)
    known = workspace.services.catalogue.find(ComputeTarget, name.lower())
    if known is not None and known.type != request.type:
        raise Conflict(
            f"There is a compute target `{known.name}` of type `{known.type}` already. Delete it first, or choose "
            "another name."
        )
    attached = request.attach or (known is not None and known.attached)
    if not attached and target_runs_on(workspace, ComputeTarget(name=name, type=request.type)) is None:
        raise Conflict(
            f"A compute target of type `{request.type}` cannot be created: this workspace has no back-end for it "
            "(back-ends for compute in Azure are not part of this version). One that exists can be attached, so that "
            "pipelines may name it."
        )
    properties, secret_properties = _kept(workspace, name, request.type, request.properties, known)
    now = workspace.now().isoformat()
    target = ComputeTarget(
        name=known.name if known is not None else name,
        type=request.type,
        attached=attached,
        properties=properties,
        secret_properties=secret_properties,
        description=request.description,
        tags=request.tags,
        created_at=known.created_at if known is not None else now,
        updated_at=now,
    )
    written = workspace.services.catalogue.put(target)
    workspace.forget_compute_target(name)
    return written, known is None


def change_target(workspace: Workspace, name: str, request: TargetChange) -> ComputeTarget:
    """Change a compute target.

    Raises:
        NotFound: There is none.
        InvalidDocument: Properties that the type does not have.
        Conflict: It is built in, or others change it all the time.
    """
    _refuse_built_in(name, "changed; the setting PIPEYARD_LOCAL_MAX_JOBS says how many jobs it runs at once")
    find_target(workspace, name)

    def changed(old: ComputeTarget) -> ComputeTarget:
        fields = request.model_dump(exclude_none=True, exclude={"properties"})
        given = {**old.properties, **(request.properties or {})}
        properties, secret_properties = _kept(workspace, old.name, old.type, given, old)
        fields |= {"properties": properties, "secret_properties": secret_properties}
        return old.model_copy(update={**fields, "updated_at": workspace.now().isoformat()})

    written = change(workspace, ComputeTarget, name.lower(), changed)
    workspace.forget_compute_target(name)
    return written


def delete_target(workspace: Workspace, name: str) -> None:
    """Delete or detach a compute target. Jobs that run on it go on.

    Raises:
        NotFound: There is none.
        Conflict: It is built in.
    """
    _refuse_built_in(name, "deleted")
    workspace.forget_compute_target(name)
    target = find_target(workspace, name)
    workspace.services.catalogue.delete(ComputeTarget, target.key)
    workspace.forget_compute_target(name)
    for each in target.secret_properties:
        workspace.services.secrets.delete(_secret_name(target.name, each))


def _check_name(name: str) -> None:
    _refuse_built_in(name, "replaced")
    if name.lower() in RESERVED_NAMES:
        raise InvalidDocument([Fault(pointer="", message=f"`{name}` is reserved: choose another name.")])


def _refuse_built_in(name: str, what: str) -> None:
    if name.lower() == LOCAL_TARGET:
        raise Conflict(f"The compute target `{LOCAL_TARGET}` is built in and cannot be {what}.")


def _kept(
    workspace: Workspace, name: str, type_: str, given: dict[str, Any], known: ComputeTarget | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Properties as they may be written to a row, and the names of those that went to the secret store instead."""
    model = properties_model(type_)
    _check_properties(model, given)
    secret = {each: value for each, value in given.items() if each in SECRET_PROPERTIES and value not in (None, "")}
    for each, value in secret.items():
        workspace.services.secrets.set(_secret_name(name, each), str(value))
    plain = {each: value for each, value in given.items() if each not in SECRET_PROPERTIES}
    shown = model.model_validate(plain).model_dump(mode="json", exclude_none=True)
    before = set(known.secret_properties) if known is not None else set()
    return shown, tuple(sorted(before | set(secret)))


def _check_properties(model: type[TargetLimits], given: dict[str, Any]) -> None:
    try:
        model.model_validate(given)
    except ValidationError as error:
        faults = shape_faults(error, lambda loc: Place(loc, model), Suggester())
        raise InvalidDocument(below("/properties", faults)) from None
    wrong = [
        Fault(pointer=json_pointer("properties", name), message="It is kept as a secret, and those are texts.")
        for name in sorted(SECRET_PROPERTIES & given.keys())
        if not isinstance(given[name], str | None)
    ]
    hidden = [
        Fault(pointer=json_pointer("properties", name), message=f"It holds {quoted(inner)}; give that at the top.")
        for name, value in given.items()
        for inner in sorted(_names_within(value) & SECRET_PROPERTIES)
    ]
    if wrong or hidden:
        raise InvalidDocument(wrong + hidden)


def _names_within(value: object) -> set[str]:
    if isinstance(value, dict):
        return {*value, *(name for each in value.values() for name in _names_within(each))}
    return {name for each in value for name in _names_within(each)} if isinstance(value, list) else set()


def _secret_name(target: str, property_: str) -> str:
    return f"compute-{target.lower()}--{property_.replace('_', '-')}"
