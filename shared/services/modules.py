"""Modules and their versions."""

import uuid
from typing import Any

from pydantic import Field

from shared.core.document import Description, Document, Name
from shared.core.errors import Conflict, Fault, InvalidDocument
from shared.core.modules import Module, ModuleName, ModuleStatus, ModuleVersion, next_version
from shared.services.workspace import Workspace


class ModuleRequest(Document):
    """What a client sends to create a module."""

    name: Name
    description: Description = ""


class ModuleVersionRequest(Document):
    """What a client sends to add a version.

    Attributes:
        version: None counts on from the highest number.
        step: Template of a step.
    """

    version: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.\-]{1,64}$")
    step: dict[str, Any]
    description: Description = ""
    is_default: bool = False


class ModuleChange(Document):
    """What may change of a module: None leaves it as it is.

    Attributes:
        default_version: "" for none.
        version_statuses: New statuses by version.
    """

    name: Name | None = None
    description: Description | None = None
    status: ModuleStatus | None = None
    default_version: str | None = None
    version_statuses: dict[str, ModuleStatus] = {}


def create_module(workspace: Workspace, request: ModuleRequest) -> Module:
    """Create a module without versions.

    Raises:
        Conflict: The name is taken.
    """
    now = workspace.now().isoformat()
    module = Module(
        id=str(uuid.uuid4()), name=request.name, description=request.description, created_at=now, updated_at=now
    )
    # The name comes last: a name must never lead to a module that is not there.
    module = workspace.services.catalogue.insert(module)
    try:
        workspace.services.catalogue.insert(ModuleName(name=module.name, module_id=module.id))
    except Conflict:
        workspace.services.catalogue.delete(Module, module.id)
        raise
    return module


def get_module(workspace: Workspace, module_id: str) -> Module:
    """A module by id.

    Raises:
        NotFound: There is none.
    """
    return workspace.services.catalogue.get(Module, module_id)


def get_module_by_name(workspace: Workspace, name: str) -> Module:
    """A module by name.

    Raises:
        NotFound: There is none.
    """
    return get_module(workspace, workspace.services.catalogue.get(ModuleName, name).module_id)


def list_modules(workspace: Workspace) -> list[Module]:
    """Every module, by name."""
    return sorted(workspace.services.catalogue.all(Module), key=lambda module: module.name)


def add_module_version(workspace: Workspace, module_id: str, request: ModuleVersionRequest) -> Module:
    """Add a version to a module.

    Raises:
        NotFound: No such module.
        Conflict: The version exists, or somebody changed the module at the same time.
    """
    module = get_module(workspace, module_id)
    version = request.version or next_version(module.versions)
    if any(each.version == version for each in module.versions):
        raise Conflict(f"Module `{module.name}` has a version {version} already; versions never change.")
    now = workspace.now().isoformat()
    added = ModuleVersion(
        version=version, id=str(uuid.uuid4()), description=request.description, step=request.step, created_at=now
    )
    update: dict[str, Any] = {"versions": (*module.versions, added), "updated_at": now}
    if request.is_default:
        update["default_version"] = version
    return workspace.services.catalogue.replace(module.model_copy(update=update))


def change_module(workspace: Workspace, module_id: str, change: ModuleChange) -> Module:
    """Change a module's name, description, status or default, or the status of its versions.

    Raises:
        NotFound: No such module.
        InvalidDocument: It has no such version.
        Conflict: The new name is taken, or somebody changed the module at the same time.
    """
    module = get_module(workspace, module_id)
    _check_versions(module, change)
    update = change.model_dump(exclude_none=True, exclude={"version_statuses"})
    update["default_version"] = (
        module.default_version if change.default_version is None else change.default_version or None
    )
    update["versions"] = tuple(
        each.model_copy(update={"status": change.version_statuses.get(each.version, each.status)})
        for each in module.versions
    )
    update["updated_at"] = workspace.now().isoformat()
    renamed = change.name is not None and change.name != module.name
    catalogue = workspace.services.catalogue
    if renamed and change.name is not None:
        catalogue.insert(ModuleName(name=change.name, module_id=module.id))
    changed = catalogue.replace(module.model_copy(update=update))
    if renamed:
        catalogue.delete(ModuleName, module.name)
    return changed


def _check_versions(module: Module, change: ModuleChange) -> None:
    known = {each.version for each in module.versions}
    named = {f"/version_statuses/{version}": version for version in change.version_statuses}
    if change.default_version:
        named["/default_version"] = change.default_version
    faults = [
        Fault(pointer=pointer, message=f"Module `{module.name}` has no version {version}.")
        for pointer, version in named.items()
        if version not in known
    ]
    if faults:
        raise InvalidDocument(faults)
