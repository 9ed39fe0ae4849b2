"""Snapshots of source directories: what a step's script finds around it, identified by content alone.

The digest is computed by the same code as in the workspace (`pipeyard._core`), so an unchanged directory is known
before anything is sent, and of a changed one only the new files travel.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeyard import _wire
from pipeyard._client import Client
from pipeyard._core.errors import InvalidDocument
from pipeyard._core.snapshots import (
    ALWAYS_IGNORED,
    SnapshotFile,
    ignore_filter,
    limit_warnings,
    oversized_files,
    snapshot_digest,
)
from pipeyard._transfer import in_parallel
from pipeyard.exceptions import Fault, ServiceException, SnapshotException

AMLIGNORE = ".amlignore"
GITIGNORE = ".gitignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSnapshot:
    """A source directory as it was read.

    Attributes:
        directory: The source directory.
        digest: What a definition's `snapshot` says.
        files: Sorted by path.
        sources: Where the bytes of each digest lie.
        warnings: Sentences for the user.
    """

    directory: Path
    digest: str
    files: tuple[SnapshotFile, ...]
    sources: dict[str, Path]
    warnings: tuple[str, ...]


def take_snapshot(directory: Path) -> LocalSnapshot:
    """Read a source directory. `.amlignore` in its root, else `.gitignore`, says what stays out.

    Raises:
        SnapshotException: It is no directory, or a file in it cannot be read.
    """
    if not directory.is_dir():
        raise SnapshotException(f"The source directory {directory} does not exist.")
    warnings: list[str] = []
    files: list[SnapshotFile] = []
    sources: dict[str, Path] = {}
    ignored = _ignored_in(directory)
    for path, file in _walk(directory.resolve(), ignored, warnings):
        digest, size = _digest_of(file)
        files.append(SnapshotFile(path=path, sha256=digest, size=size))
        sources[digest] = file
    files.sort(key=lambda item: item.path)
    return LocalSnapshot(
        directory=directory,
        digest=snapshot_digest(files),
        files=tuple(files),
        sources=sources,
        warnings=(*warnings, *limit_warnings(files)),
    )


def upload_snapshot(client: Client, snapshot: LocalSnapshot) -> None:
    """Register a snapshot, sending only the files that the workspace lacks.

    Raises:
        SnapshotException: A file changed since it was read, or files are too large to be sent; names all of those.
        ServiceException: The workspace computes another digest than this SDK, or still lacks files.
    """
    files = [_wire.FileDocument(path=file.path, size=file.size, sha256=file.sha256) for file in snapshot.files]
    answer = client.register_snapshot(files)
    if answer["missing"]:
        missing = set(answer["missing"])
        if faults := oversized_files(file for file in snapshot.files if file.sha256 in missing):
            listed = [Fault(fault.pointer, fault.message, fault.suggestion) for fault in faults]
            raise SnapshotException(f"The snapshot of {snapshot.directory} cannot be sent:", faults=listed)
        in_parallel(lambda sha256: _upload_file(client, snapshot.sources[sha256], sha256), answer["missing"])
        answer = client.register_snapshot(files)
    if answer["missing"] or answer["snapshot_id"] != snapshot.digest:
        raise ServiceException(
            f"The workspace did not take the snapshot of {snapshot.directory}: it lacks {len(answer['missing'])} files "
            f"and names it {answer['snapshot_id']} instead of {snapshot.digest}. Do SDK and workspace fit together?"
        )


def _upload_file(client: Client, file: Path, sha256: str) -> None:
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise SnapshotException(f"{file} changed while its snapshot was being uploaded. Submit again.")
    client.put_snapshot_file(sha256, content)


def _ignored_in(directory: Path) -> Callable[[str], bool]:
    try:
        return ignore_filter(_read_text(directory / AMLIGNORE), _read_text(directory / GITIGNORE))
    except InvalidDocument as error:
        faults = [Fault(fault.pointer, fault.message, fault.suggestion) for fault in error.faults]
        raise SnapshotException(f"The ignore file of {directory} is wrong:", faults=faults) from error


def _walk(root: Path, ignored: Callable[[str], bool], warnings: list[str]) -> Iterator[tuple[str, Path]]:
    """Every file to take, with its relative POSIX path. Linked folders are followed inside the tree only."""
    pending: list[tuple[str, Path, frozenset[Path]]] = [("", root, frozenset({root}))]
    while pending:
        prefix, directory, ancestors = pending.pop()
        for entry in sorted(os.scandir(directory), key=lambda item: item.name):
            path = prefix + entry.name
            if entry.name in ALWAYS_IGNORED:
                continue
            if entry.is_dir():
                target = Path(entry.path).resolve()
                if not target.is_relative_to(root) or target in ancestors:
                    warnings.append(f"{path} was left out: the link leads out of the source directory or in a circle.")
                else:
                    pending.append((f"{path}/", Path(entry.path), ancestors | {target}))
            elif ignored(path):
                continue
            elif entry.is_file():
                yield path, Path(entry.path)
            else:
                warnings.append(f"{path} was left out: it is neither a file nor a folder.")


def _digest_of(file: Path) -> tuple[str, int]:
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
            return digest.hexdigest(), stream.tell()
    except OSError as error:
        raise SnapshotException(
            f"{file} cannot be read: {error.strerror}. Repair it or name it in {AMLIGNORE}."
        ) from error


def _read_text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SnapshotException(f"{file} cannot be read: {error}.") from error
