"""Snapshots of a step's source directory: which files belong to one, its digest, its limits."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from pathspec import GitIgnoreSpec
from pydantic import field_validator

from .canonical import digest
from .document import Document
from .errors import Fault, InvalidDocument
from .paths import relative_path_fault
from .pointers import json_pointer
from .wording import listed, quoted

MAX_FILES = 2000
MAX_BYTES = 300 * 1024 * 1024
"""Both limits are v1's."""

MAX_FILE_BYTES = MAX_BYTES
"""A file travels in the body of one request; docs/settings.md has the host's setting that lets it through."""

ALWAYS_IGNORED = frozenset({".git", ".ipynb_checkpoints", ".pipeyard", ".venv", "__pycache__", "node_modules"})
"""Files and folders of these names never enter a snapshot, wherever they lie.

v1 takes them in unless an ignore file names them, and so a recompiled `.pyc` makes steps run again for nothing. No
pattern of the user's brings them back. `.git` may be a file: in a worktree it holds an absolute path.
"""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAMED = 5
_MEBIBYTE = 1024 * 1024


class SnapshotFile(Document):
    """A file of a snapshot. Its checks are `check_manifest`'s work, which reports every fault at once.

    Attributes:
        path: Relative POSIX path below the source directory.
        sha256: Hex digest of the content.
        size: Bytes.
    """

    path: str
    sha256: str
    size: int


class SnapshotManifest(Document):
    """The files of a snapshot, always sorted by path."""

    schema_version: Literal[1] = 1
    files: tuple[SnapshotFile, ...]

    @field_validator("files")
    @classmethod
    def _sort(cls, files: tuple[SnapshotFile, ...]) -> tuple[SnapshotFile, ...]:
        return tuple(sorted(files, key=lambda file: file.path))


def snapshot_digest(files: Iterable[SnapshotFile]) -> str:
    """Digest of paths and contents. Times, modes and the place of the directory differ between checkouts: left out."""
    return digest("pipeyard.snapshot", sorted((file.path, file.sha256) for file in files))


def check_manifest(files: Sequence[SnapshotFile]) -> list[Fault]:
    """Everything wrong with a list of files, with pointers into `{"files": [...]}`.

    Names that differ only in case are allowed: they are two files where steps run.
    """
    faults = []
    first_at: dict[str, int] = {}
    for position, file in enumerate(files):
        for key, sentence in (("path", _path_fault(file, first_at)), *_content_faults(file)):
            if sentence is not None:
                faults.append(Fault(pointer=json_pointer("files", position, key), message=sentence))
        first_at.setdefault(file.path, position)
    for path, position in first_at.items():
        if relative_path_fault(path) is not None:
            continue
        clash = next((folder for folder in _folders(path) if folder in first_at), None)
        if clash is not None:
            message = f"{quoted(clash)} is in the list as a file, so it cannot be a folder of {quoted(path)}."
            faults.append(Fault(pointer=json_pointer("files", position, "path"), message=message))
    return faults


def limit_warnings(files: Sequence[SnapshotFile]) -> list[str]:
    """A sentence for each limit that the files exceed, with the files and folders that matter most."""
    groups = _groups(files)
    warnings = []
    total = sum(file.size for file in files)
    if total > MAX_BYTES:
        sizes = {label: sum(file.size for file in members) for label, members in groups.items()}
        largest = [f"{quoted(label)} ({size / _MEBIBYTE:.1f} MiB)" for label, size in _largest(sizes)]
        warnings.append(
            f"The snapshot has {total / _MEBIBYTE:.1f} MiB, more than {MAX_BYTES // _MEBIBYTE} MiB. "
            f"Largest: {listed(largest)}. Name what the step does not need in `.amlignore`."
        )
    if len(files) > MAX_FILES:
        counts = Counter(_place(label, groups) for label, members in groups.items() for _ in members)
        fullest = [f"{quoted(label)} ({count})" for label, count in _largest(counts)]
        warnings.append(
            f"The snapshot has {len(files)} files, more than {MAX_FILES}. "
            f"Most are in: {listed(fullest)}. Name what the step does not need in `.amlignore`."
        )
    return warnings


def oversized_files(files: Iterable[SnapshotFile]) -> list[Fault]:
    """A fault for each file that is too large to be sent."""
    return [
        Fault(
            pointer="",
            message=f"{quoted(file.path)} has {file.size / _MEBIBYTE:.1f} MiB, more than a snapshot's file may have, "
            f"which is {MAX_FILE_BYTES // _MEBIBYTE} MiB.",
            suggestion="Upload it to a datastore and give it to the step as an input, or name it in `.amlignore`.",
        )
        for file in files
        if file.size > MAX_FILE_BYTES
    ]


def ignore_filter(amlignore: str | None, gitignore: str | None) -> Callable[[str], bool]:
    """Tells for the relative path of a file whether it stays out of the snapshot.

    As in v1, `.amlignore` wins: if there is one, even an empty one, `.gitignore` is not read; only the files in the
    root of the source directory count; the ignore file itself is part of the snapshot. Patterns are git's. Ask for
    every file: a folder that matches a pattern may hold files that a later `!pattern` brings back, so only folders in
    `ALWAYS_IGNORED` can be passed over as a whole.

    Args:
        amlignore: Text of `.amlignore`, None if there is none.
        gitignore: Text of `.gitignore`, None if there is none.

    Raises:
        InvalidDocument: A line is not a pattern.
    """
    name, text = (".gitignore", gitignore or "") if amlignore is None else (".amlignore", amlignore)
    lines = text.removeprefix("\ufeff").splitlines()
    faults = [fault for number, line in enumerate(lines, 1) if (fault := _pattern_fault(name, number, line))]
    if faults:
        raise InvalidDocument(faults)
    # The backend is named because the default depends on what else is installed.
    spec = GitIgnoreSpec.from_lines(lines, backend="simple")
    return lambda path: not ALWAYS_IGNORED.isdisjoint(path.split("/")) or spec.match_file(path)


def _pattern_fault(name: str, number: int, line: str) -> Fault | None:
    try:
        GitIgnoreSpec.from_lines([line], backend="simple")
    except ValueError:
        return Fault(pointer="", message=f"Line {number} of {name} is not a pattern: {quoted(line)}.")
    return None


def _path_fault(file: SnapshotFile, first_at: dict[str, int]) -> str | None:
    if file.path in first_at:
        return f"{quoted(file.path)} is in the list already, at position {first_at[file.path]} (counted from 0)."
    return relative_path_fault(file.path)


def _content_faults(file: SnapshotFile) -> tuple[tuple[str, str | None], ...]:
    return (
        ("sha256", None if _SHA256.fullmatch(file.sha256) else "Must be 64 of the characters 0-9 and a-f."),
        ("size", None if file.size >= 0 else "Must not be negative."),
    )


def _folders(path: str) -> Iterable[str]:
    return (path[:end] for end, character in enumerate(path) if character == "/")


def _groups(files: Sequence[SnapshotFile]) -> dict[str, list[SnapshotFile]]:
    # A folder stands for the files directly in it; files in the root and single ones stand for themselves.
    in_folder = Counter(file.path.rpartition("/")[0] for file in files)
    groups: dict[str, list[SnapshotFile]] = {}
    for file in files:
        folder = file.path.rpartition("/")[0]
        label = f"{folder}/" if folder and in_folder[folder] > 1 else file.path
        groups.setdefault(label, []).append(file)
    return groups


def _place(label: str, groups: dict[str, list[SnapshotFile]]) -> str:
    """Where a group's files are counted: many files in the root are many because of the root, not of each one."""
    in_root = [other for other in groups if "/" not in other]
    return "./" if "/" not in label and len(in_root) > 1 else label


def _largest(amounts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(amounts.items(), key=lambda item: (-item[1], item[0]))[:_NAMED]
