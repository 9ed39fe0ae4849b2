"""The files of a dataset: what its sources name on their datastores, pinned with their digests."""

from collections.abc import Iterator

from shared.core.canonical import digest
from shared.core.datasets import DatasetDefinition, DatasetSource
from shared.core.errors import Fault, InvalidDocument, NotFound
from shared.core.path_patterns import is_pattern, listing_prefix, literal_folder, pattern_regex
from shared.core.paths import relative_path_fault
from shared.core.reuse import content_digest
from shared.ports.blobs import BlobInfo
from shared.services.data_files import DatasetFile, DatasetFiles, blob_digest
from shared.services.datastores import all_datastores, open_datastore
from shared.services.workspace import Workspace


def source_faults(workspace: Workspace, definition: DatasetDefinition) -> list[Fault]:
    """What is wrong with the places of a dataset's files: paths that no datastore can have, unknown datastores."""
    known = {record.name for record in all_datastores(workspace)}
    faults = []
    for position, source in enumerate(definition.sources):
        sentence = relative_path_fault(source.path)
        if sentence is not None:
            faults.append(Fault(pointer=f"/sources/{position}/path", message=sentence))
        if source.datastore not in known:
            listed = ", ".join(f"`{name}`" for name in sorted(known))
            message = f"There is no datastore `{source.datastore}`."
            suggestion = f"The workspace has {listed}."
            faults.append(Fault(pointer=f"/sources/{position}/datastore", message=message, suggestion=suggestion))
    return faults


def check_sources(workspace: Workspace, definition: DatasetDefinition, pointer: str = "/definition") -> None:
    """Check the places of a dataset's files; whether there are files is not asked.

    Raises:
        InvalidDocument: With every fault.
    """
    faults = source_faults(workspace, definition)
    if faults:
        raise InvalidDocument([fault.model_copy(update={"pointer": pointer + fault.pointer}) for fault in faults])


def list_dataset(workspace: Workspace, definition: DatasetDefinition) -> DatasetFiles:
    """List the files of a dataset.

    Raises:
        NotFound: A datastore does not exist, or a source stands for no file.
    """
    several = len(definition.sources) > 1
    files: list[DatasetFile] = []
    is_file = False
    for position, source in enumerate(definition.sources):
        names_file, found = _files_of(workspace, source)
        is_file = names_file and not several
        files += [_below(str(position), file) if several else file for file in found]
    view = definition.view
    names_count = view.include_path or view.partition_format is not None
    entries = [(_content_name(file, names_count, is_file), file.digest) for file in files]
    return DatasetFiles(files=tuple(files), is_file=is_file, digest=content_digest(entries))


def listing_digest(files: DatasetFiles) -> str:
    """Digest of a whole listing, names and contents: differs wherever anything that is listed does."""
    return digest("pipeyard.listing", sorted((file.datastore, file.blob.name, file.digest) for file in files.files))


def _content_name(file: DatasetFile, names_count: bool, is_file: bool) -> str:  # noqa: FBT001 - two facts of a listing
    if names_count:
        # The same file may be in two sources, which makes it two files of the dataset.
        return f"{file.path}\n{file.datastore}/{file.blob.name}"
    # One single file is another thing than a folder with that file in it.
    return f"/{file.path}" if is_file else file.path


def _below(folder: str, file: DatasetFile) -> DatasetFile:
    return DatasetFile(datastore=file.datastore, blob=file.blob, path=f"{folder}/{file.path}", digest=file.digest)


def _files_of(workspace: Workspace, source: DatasetSource) -> tuple[bool, list[DatasetFile]]:
    """(whether the source names one file, its files)."""
    opened = open_datastore(workspace, source.datastore)
    path = source.path.rstrip("/")
    pattern = is_pattern(path)
    listed = opened.list(listing_prefix(path))
    exact = [] if pattern else [blob for blob in listed if blob.name == path]
    if exact:
        found = [(path.rpartition("/")[2], exact[0])]
    else:
        found = list(_matches(path, listed) if pattern else _folder(path, listed))
    if not found:
        what = "No file matches" if pattern else "There is nothing at"
        raise NotFound(
            f"{what} `{source.path}` on datastore `{source.datastore}`. Upload the files first, or correct the path."
        )
    files = [
        DatasetFile(datastore=source.datastore, blob=blob, path=name, digest=blob_digest(opened.place, blob))
        for name, blob in found
    ]
    return bool(exact), files


def _matches(pattern: str, listed: list[BlobInfo]) -> Iterator[tuple[str, BlobInfo]]:
    folder = literal_folder(pattern)
    start = len(folder) + 1 if folder else 0
    wanted = pattern_regex(pattern)
    for blob in listed:
        if wanted.fullmatch(blob.name):
            yield blob.name[start:], blob


def _folder(folder: str, listed: list[BlobInfo]) -> Iterator[tuple[str, BlobInfo]]:
    start = f"{folder}/" if folder else ""
    for blob in listed:
        if blob.name.startswith(start):
            yield blob.name[len(start) :], blob
