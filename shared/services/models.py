"""Registered models."""

from pydantic import Field

from shared.core.document import Description, Document, Name
from shared.core.errors import Fault, InvalidDocument
from shared.core.models import Model
from shared.core.paths import relative_path_fault
from shared.core.properties import property_faults
from shared.core.records import Page
from shared.core.versions import version_prefix
from shared.services.catalogue import change
from shared.services.datastores import find_datastore
from shared.services.versions import add_version, get_version
from shared.services.workspace import Workspace


class ModelRequest(Document):
    """What a client sends to register a model; the files are on the datastore already."""

    name: Name
    datastore: Name
    path: str = Field(max_length=1024)
    description: Description = ""
    tags: dict[str, str] = {}
    properties: dict[str, str] = {}
    run_id: str | None = Field(default=None, max_length=200)
    framework: str | None = Field(default=None, max_length=200)
    framework_version: str | None = Field(default=None, max_length=200)


class ModelChange(Document):
    """What may change of a model: None leaves it as it is, tags are replaced, properties are only added to."""

    description: Description | None = None
    tags: dict[str, str] | None = None
    properties: dict[str, str] | None = None


def register_model(workspace: Workspace, request: ModelRequest) -> Model:
    """Register a model as the next version of its name.

    Raises:
        InvalidDocument: The path cannot be.
        NotFound: There is no such datastore.
    """
    sentence = relative_path_fault(request.path)
    if sentence is not None:
        raise InvalidDocument([Fault(pointer="/path", message=sentence)])
    find_datastore(workspace, request.datastore)

    def make(latest: Model | None) -> Model:
        version = latest.version + 1 if latest is not None else 1
        return Model(**request.model_dump(), version=version, created_at=workspace.now().isoformat())

    return add_version(workspace, Model, request.name, make)[0]


def get_model(workspace: Workspace, name: str, version: int | None) -> Model:
    """A version of a model; None is the latest.

    Raises:
        NotFound: No such name or version.
    """
    return get_version(workspace, Model, name, version)


def list_models(workspace: Workspace, name: str | None, page_size: int, token: str | None) -> Page[Model]:
    """Models by name, the newest version first."""
    prefix = version_prefix(name) if name is not None else ""
    return workspace.services.catalogue.page(Model, page_size, token, prefix=prefix)


def change_model(workspace: Workspace, name: str, version: int, request: ModelChange) -> Model:
    """Change what people wrote about a model.

    Raises:
        NotFound: No such name or version.
        InvalidDocument: A property has another value already.
        Conflict: Others change it all the time.
    """
    added = request.properties or {}

    def changed(old: Model) -> Model:
        faults = property_faults(old.properties, added)
        if faults:
            raise InvalidDocument(faults)
        fields = request.model_dump(exclude_none=True) | {"properties": {**old.properties, **added}}
        return old.model_copy(update=fields)

    return change(workspace, Model, get_model(workspace, name, version).key, changed)


def delete_model(workspace: Workspace, name: str, version: int) -> None:
    """Forget a version of a model. Its files stay where they are.

    Raises:
        NotFound: No such name or version.
    """
    workspace.services.catalogue.delete(Model, get_model(workspace, name, version).key)
