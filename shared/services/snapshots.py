"""Snapshots of source directories, uploaded file by file under their digests."""

import hashlib

from shared.core import names
from shared.core.errors import IntegrityError, InvalidDocument
from shared.core.snapshots import SnapshotFile, SnapshotManifest, check_manifest, snapshot_digest
from shared.services.documents import manifest_blob, snapshot_file_blob, store_manifest
from shared.services.workspace import Workspace


def register_snapshot(workspace: Workspace, files: list[SnapshotFile]) -> tuple[str, list[str]]:
    """Register a snapshot if all of its files are there.

    Returns:
        The snapshot's id, and the digests that must be uploaded first.

    Raises:
        InvalidDocument: Paths or digests are not acceptable.
    """
    faults = check_manifest(files)
    if faults:
        raise InvalidDocument(faults)
    blobs = workspace.services.blobs
    snapshot_id = snapshot_digest(files)
    if blobs.renew(names.SYSTEM_CONTAINER, manifest_blob(snapshot_id)):
        return snapshot_id, []
    wanted = sorted({file.sha256 for file in files})
    missing = [sha for sha in wanted if not blobs.renew(names.SYSTEM_CONTAINER, snapshot_file_blob(sha))]
    if not missing:
        manifest = SnapshotManifest(files=tuple(sorted(files, key=lambda file: file.path)))
        store_manifest(blobs, snapshot_id, manifest)
    return snapshot_id, missing


def store_file(workspace: Workspace, sha256: str, data: bytes) -> None:
    """Keep a file's bytes.

    Raises:
        IntegrityError: The bytes do not match the digest; nothing was written.
    """
    actual = hashlib.sha256(data).hexdigest()
    if actual != sha256:
        raise IntegrityError(f"The body's SHA-256 is {actual}, not {sha256}. Did the file change while it was sent?")
    workspace.services.blobs.put(names.SYSTEM_CONTAINER, snapshot_file_blob(sha256), data)
