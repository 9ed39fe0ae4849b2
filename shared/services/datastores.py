"""Datastores: named places for data, and the files behind a path on one of them."""

from shared.core.datastores import DEFAULT_KEY, Datastore, DefaultDatastore
from shared.core.errors import NotFound
from shared.core.reuse import content_digest, file_digest
from shared.ports.blobs import BlobInfo
from shared.ports.datastores import DatastoreFiles
from shared.services.data_files import DataFiles, blob_digest
from shared.services.workspace import Workspace


def all_datastores(workspace: Workspace) -> list[Datastore]:
    """Every datastore: those that every workspace has, then the registered ones by name."""
    built_in = workspace.services.datastores.built_in
    return [*built_in, *workspace.services.catalogue.all(Datastore)]


def known_datastores(workspace: Workspace, wanted: set[str]) -> list[str]:
    """Names of the datastores; the registered ones are only looked for where `wanted` has more than the built-in."""
    built_in = [record.name for record in workspace.services.datastores.built_in]
    return built_in if wanted <= set(built_in) else [record.name for record in all_datastores(workspace)]


def find_datastore(workspace: Workspace, name: str) -> Datastore:
    """A datastore by name.

    Raises:
        NotFound: The workspace has no such datastore.
    """
    found = workspace.datastore(name)
    if found is None:
        known = ", ".join(f"`{record.name}`" for record in all_datastores(workspace))
        raise NotFound(f"There is no datastore `{name}`; the workspace has {known}.")
    return found


def open_datastore(workspace: Workspace, name: str) -> DatastoreFiles:
    """The files of a datastore.

    Raises:
        NotFound: The workspace has no such datastore, or its secret is gone.
    """
    try:
        return workspace.services.datastores.open(find_datastore(workspace, name))
    except NotFound:
        # Another process may have registered it anew a moment ago: the secret that we knew of is gone then.
        workspace.forget_datastore(name)
        return workspace.services.datastores.open(find_datastore(workspace, name))


def default_datastore(workspace: Workspace) -> str:
    """Name of the datastore that is used where nobody names one."""
    chosen = workspace.services.catalogue.find(DefaultDatastore, DEFAULT_KEY)
    return chosen.name if chosen else workspace.services.datastores.built_in[0].name


def find_files(workspace: Workspace, datastore: str, path: str) -> DataFiles:
    """List what a path on a datastore holds.

    Raises:
        NotFound: No such datastore, or nothing there.
    """
    opened = open_datastore(workspace, datastore)
    found = opened.list(path)
    exact = [blob for blob in found if blob.name == path]
    folder = f"{path}/" if path else ""
    below = [blob for blob in found if blob.name.startswith(folder)]
    files: tuple[tuple[str, BlobInfo], ...]
    if exact:
        files = (("", exact[0]),)
    elif below:
        files = tuple((blob.name[len(folder) :], blob) for blob in below)
    else:
        raise NotFound(
            f"There is nothing at `{path}` on datastore `{datastore}`. Upload it first, or correct the path."
        )
    if exact:
        return DataFiles(files=files, digest=file_digest(path.rpartition("/")[2], blob_digest(opened.place, exact[0])))
    digests = ((name, blob_digest(opened.place, blob)) for name, blob in files)
    return DataFiles(files=files, digest=content_digest(digests))
