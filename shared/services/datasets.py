"""Datasets: saved because something uses them, or registered under a name with versions that count from 1."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from shared.core import names
from shared.core.canonical import canonical_json
from shared.core.datasets import Dataset, DatasetDefinition, DatasetName
from shared.core.document import Description, Document, Name
from shared.core.errors import Conflict, NotFound, TooLarge
from shared.core.records import Page
from shared.services.catalogue import change
from shared.services.dataset_files import check_sources
from shared.services.workspace import Workspace

REGISTER_TRIES = 5
"""How often a registration is tried again after somebody else registered under the same name first."""
MAX_PROFILE_BYTES = 4 * 1024 * 1024

_IDS = uuid.UUID("0f3c1a52-94f3-4d55-8f0e-6c6f3a1c2f7d")
"""Namespace in which a definition becomes a dataset's id: the same definition is the same dataset."""


class DatasetRequest(Document):
    """What a client sends to save or register a dataset.

    Attributes:
        name: None saves the dataset without a name.
        create_new_version: Whether a name that exists gets another version; else that is refused.
    """

    definition: DatasetDefinition
    name: Name | None = None
    description: Description = ""
    tags: dict[str, str] = {}
    create_new_version: bool = False


class DatasetChange(Document):
    """What may change of a dataset: None leaves it as it is, tags are replaced as a whole."""

    description: Description | None = None
    tags: dict[str, str] | None = None


class DatasetDocument(Document):
    """A dataset as clients see it. `name`, `version` and `latest_version` are None where it is not registered."""

    dataset_id: str
    name: str | None
    version: int | None
    latest_version: int | None
    type: str
    definition: DatasetDefinition
    description: str
    tags: dict[str, str]
    created_at: str


def add_dataset(workspace: Workspace, request: DatasetRequest) -> tuple[DatasetDocument, bool]:
    """Save or register a dataset.

    Returns:
        The dataset, and whether this call made it: a definition that was saved before is the same dataset.

    Raises:
        InvalidDocument: A place cannot be.
        Conflict: The name exists, or its latest version has this very definition.
    """
    check_sources(workspace, request.definition)
    if request.name is None:
        dataset, created = _save(workspace, request)
        return _document(workspace, dataset), created
    dataset = Dataset(
        dataset_id=str(uuid.uuid4()),
        definition=request.definition,
        name=request.name,
        description=request.description,
        tags=request.tags,
        created_at=workspace.now().isoformat(),
    )

    def refuse(known: DatasetName) -> None:
        _refuse_known_name(workspace, request, known)

    registered = register_version(workspace, dataset, refuse)
    return _shown(registered, registered.version), True


def register_version(
    workspace: Workspace, dataset: Dataset, refuse: Callable[[DatasetName], None] | None = None
) -> Dataset:
    """Make a dataset the latest version of its name. Registering the same id again finds the first registration.

    Args:
        workspace: The workspace.
        dataset: The dataset; its version is found here.
        refuse: Called with the name's record where the name exists; raises to refuse.

    Raises:
        Conflict: Others register under this name all the time.
    """
    catalogue, name = workspace.services.catalogue, dataset.name or ""
    for _ in range(REGISTER_TRIES):
        known = catalogue.find(DatasetName, name)
        versions = known.versions if known is not None else ()
        if dataset.dataset_id in versions:
            return dataset.model_copy(update={"version": versions.index(dataset.dataset_id) + 1})
        if known is not None and refuse is not None:
            refuse(known)
        # The version's own record comes first: a name must never point at a dataset that is not there.
        dataset = catalogue.put(dataset.model_copy(update={"version": len(versions) + 1}))
        record = DatasetName(name=name, versions=(*versions, dataset.dataset_id))
        try:
            if known is None:
                catalogue.insert(record)
            else:
                catalogue.replace(record.model_copy(update={"etag": known.etag}))
        except (Conflict, NotFound):
            continue
        return dataset
    raise Conflict(f"Dataset `{name}` is being registered by others all the time; try again.")


def get_dataset(workspace: Workspace, dataset_id: str) -> DatasetDocument:
    """A dataset by id.

    Raises:
        NotFound: There is none.
    """
    return _document(workspace, find_dataset(workspace, dataset_id))


def find_dataset(workspace: Workspace, dataset_id: str) -> Dataset:
    """A dataset's record.

    Raises:
        NotFound: There is none.
    """
    return workspace.services.catalogue.get(Dataset, dataset_id)


def get_registered(workspace: Workspace, name: str, version: int | None) -> DatasetDocument:
    """A version of a registered dataset; None is the latest.

    Raises:
        NotFound: No such name, or it has no such version.
    """
    known = workspace.services.catalogue.get(DatasetName, name)
    latest = len(known.versions)
    if version is not None and not 1 <= version <= latest:
        raise NotFound(f"Dataset `{name}` has no version {version}; its versions are 1 to {latest}.")
    return _shown(find_dataset(workspace, known.versions[(version or latest) - 1]), latest)


def list_registered(workspace: Workspace, page_size: int, token: str | None) -> Page[DatasetDocument]:
    """The latest version of every name, by name."""
    page = workspace.services.catalogue.page(DatasetName, page_size, token)
    return page.shown(lambda each: _shown(find_dataset(workspace, each.versions[-1]), len(each.versions)))


def list_versions(workspace: Workspace, name: str, page_size: int, before: int | None) -> Page[DatasetDocument]:
    """Versions of a name, newest first.

    Args:
        workspace: The workspace.
        name: The name.
        page_size: Most versions to give.
        before: The lowest version of the page before, which is also the token for the next page.

    Raises:
        NotFound: No such name.
    """
    known = workspace.services.catalogue.get(DatasetName, name)
    latest = len(known.versions)
    newest = min(latest, (before or latest + 1) - 1)
    wanted = range(newest, max(0, newest - page_size), -1)
    found = [_shown(find_dataset(workspace, known.versions[version - 1]), latest) for version in wanted]
    more = bool(wanted) and wanted[-1] > 1
    return Page(value=found, continuation_token=str(wanted[-1]) if more else None)


def change_dataset(workspace: Workspace, dataset_id: str, request: DatasetChange) -> DatasetDocument:
    """Change what people wrote about a dataset.

    Raises:
        NotFound: There is none.
        Conflict: Others change it all the time.
    """
    fields = request.model_dump(exclude_none=True)
    dataset = change(workspace, Dataset, dataset_id, lambda old: old.model_copy(update=fields))
    return _document(workspace, dataset)


def unregister(workspace: Workspace, name: str) -> None:
    """Give up a name with all its versions. The datasets can still be reached by their ids, as pipelines do.

    Raises:
        NotFound: No such name.
    """
    workspace.services.catalogue.get(DatasetName, name)
    workspace.services.catalogue.delete(DatasetName, name)


def put_profile(workspace: Workspace, dataset_id: str, profile: dict[str, Any]) -> None:
    """Keep a profile of a dataset, replacing an older one.

    Raises:
        NotFound: There is no such dataset.
        TooLarge: It is larger than 4 MiB.
    """
    find_dataset(workspace, dataset_id)
    data = json.dumps(profile, ensure_ascii=False).encode()
    if len(data) > MAX_PROFILE_BYTES:
        raise TooLarge(f"The profile has {len(data):,} bytes; the limit is {MAX_PROFILE_BYTES:,}.")
    blob = _profile_blob(dataset_id)
    workspace.services.blobs.put(names.SYSTEM_CONTAINER, blob, data, content_type="application/json")


def get_profile(workspace: Workspace, dataset_id: str) -> dict[str, Any]:
    """The profile that was kept of a dataset.

    Raises:
        NotFound: There is no such dataset, or nobody made a profile of it.
    """
    find_dataset(workspace, dataset_id)
    try:
        data = workspace.services.blobs.get(names.SYSTEM_CONTAINER, _profile_blob(dataset_id))
    except NotFound:
        raise NotFound(f"Dataset {dataset_id} has no profile yet. The SDK makes one: `get_profile()`.") from None
    profile: dict[str, Any] = json.loads(data)
    return profile


def _save(workspace: Workspace, request: DatasetRequest) -> tuple[Dataset, bool]:
    content = canonical_json(request.definition.model_dump(mode="json")).decode()
    dataset = Dataset(
        dataset_id=str(uuid.uuid5(_IDS, content)),
        definition=request.definition,
        description=request.description,
        tags=request.tags,
        created_at=workspace.now().isoformat(),
    )
    try:
        return workspace.services.catalogue.insert(dataset), True
    except Conflict:
        return find_dataset(workspace, dataset.dataset_id), False


def _refuse_known_name(workspace: Workspace, request: DatasetRequest, known: DatasetName) -> None:
    version = len(known.versions)
    latest = find_dataset(workspace, known.versions[-1])
    if latest.definition == request.definition:
        raise Conflict(
            f"Version {version} of dataset `{known.name}` has this very definition already: "
            f"it is the dataset {latest.dataset_id}."
        )
    if not request.create_new_version:
        raise Conflict(
            f"There is a dataset `{known.name}` already, at version {version}. "
            "Pass `create_new_version` to register another version, or choose another name."
        )


def _document(workspace: Workspace, dataset: Dataset) -> DatasetDocument:
    if dataset.name is None:
        return _shown(dataset, None)
    known = workspace.services.catalogue.find(DatasetName, dataset.name)
    registered = known is not None and dataset.dataset_id in known.versions
    return _shown(dataset, len(known.versions) if known is not None and registered else None)


def _shown(dataset: Dataset, latest_version: int | None) -> DatasetDocument:
    """A dataset whose name was given up since is shown as one without a name."""
    fields = dataset.model_dump(include=set(DatasetDocument.model_fields))
    if latest_version is None:
        fields |= {"name": None, "version": None}
    return DatasetDocument.model_validate({**fields, "latest_version": latest_version, "type": dataset.definition.type})


def _profile_blob(dataset_id: str) -> str:
    return f"datasets/profiles/{dataset_id}.json"
