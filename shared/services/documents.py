"""Documents that never change, kept as blobs under their digest: definitions, snapshots, large manifests."""

from pydantic import TypeAdapter

from shared.core import names
from shared.core.canonical import canonical_json, digest
from shared.core.definition import PipelineDefinition
from shared.core.errors import IntegrityError, NotFound
from shared.core.jobs import OutputFile
from shared.core.snapshots import SnapshotManifest
from shared.ports.blobs import BlobStore

_JSON = "application/json"
_MANIFEST = TypeAdapter(tuple[OutputFile, ...])


def definition_blob(definition_id: str) -> str:
    """Name of a stored definition."""
    return f"definitions/{definition_id}.json"


def manifest_blob(snapshot_id: str) -> str:
    """Name of a snapshot's list of files."""
    return f"snapshots/manifests/{snapshot_id}.json"


def snapshot_file_blob(sha256: str) -> str:
    """Name of a file's bytes, shared by every snapshot that has it."""
    return f"snapshots/files/{sha256[:2]}/{sha256}"


def definition_digest(definition: PipelineDefinition) -> str:
    """Identity of a definition: equal documents, however their keys were ordered, are one."""
    return digest("pipeyard.definition", definition.model_dump(mode="json"))


def store_definition(blobs: BlobStore, definition: PipelineDefinition) -> str:
    """Keep a definition; returns its id."""
    definition_id = definition_digest(definition)
    name = definition_blob(definition_id)
    if not blobs.renew(names.SYSTEM_CONTAINER, name):
        blobs.put(names.SYSTEM_CONTAINER, name, canonical_json(definition.model_dump(mode="json")), content_type=_JSON)
    return definition_id


def load_definition(blobs: BlobStore, definition_id: str) -> PipelineDefinition:
    """Read a definition back.

    Raises:
        NotFound: It was never stored.
        IntegrityError: The stored bytes are not what the id says.
    """
    data = _get(blobs, definition_blob(definition_id), f"definition {definition_id}")
    definition = PipelineDefinition.model_validate_json(data)
    if definition_digest(definition) != definition_id:
        raise IntegrityError(f"The stored definition {definition_id} does not match its digest.")
    return definition


def store_manifest(blobs: BlobStore, snapshot_id: str, manifest: SnapshotManifest) -> None:
    """Register a snapshot whose files are all there."""
    data = canonical_json(manifest.model_dump(mode="json"))
    blobs.put(names.SYSTEM_CONTAINER, manifest_blob(snapshot_id), data, content_type=_JSON)


def load_manifest(blobs: BlobStore, snapshot_id: str) -> SnapshotManifest:
    """A snapshot's list of files.

    Raises:
        NotFound: The snapshot was never registered.
    """
    return SnapshotManifest.model_validate_json(_get(blobs, manifest_blob(snapshot_id), f"snapshot {snapshot_id}"))


def store_output_files(blobs: BlobStore, digest_: str, files: tuple[OutputFile, ...]) -> str:
    """Keep the list of files of a large output; returns the blob's name."""
    name = f"manifests/{digest_}.json"
    blobs.put(names.SYSTEM_CONTAINER, name, _MANIFEST.dump_json(files), content_type=_JSON)
    return name


def load_output_files(blobs: BlobStore, name: str) -> tuple[OutputFile, ...]:
    """Inverse of `store_output_files`."""
    return _MANIFEST.validate_json(_get(blobs, name, f"list of output files {name}"))


def _get(blobs: BlobStore, name: str, what: str) -> bytes:
    try:
        return blobs.get(names.SYSTEM_CONTAINER, name)
    except NotFound:
        raise NotFound(f"There is no {what}.") from None
