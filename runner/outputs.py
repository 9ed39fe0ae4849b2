"""Uploads what the script wrote: its outputs, the files below `outputs/` and `logs/`, and those it gave a name."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, TypedDict

from . import file_shares, local_files
from .blobs import Uploaded, put_file
from .cache import Cache
from .errors import JobError
from .http_client import HttpClient
from .script import Layout
from .spec import OutputSpec, Target

ARTIFACT_FOLDERS = ("outputs", "logs")
_OUR_OWN = ("azureml-logs/", "metrics/")
"""Where the runner's own files lie; a script's may not take their place."""


class OutputFile(TypedDict):
    """A file of an output, as `result.json` lists it; one of the digests is None."""

    path: str
    sha256: str | None
    md5: str | None
    size: int
    etag: str


class Found(NamedTuple):
    """A file to upload: its name below the folder and where its bytes are."""

    relative: str
    path: Path


class Finder:
    """Lists files, following links only to places that belong to the script: the job's folders, and `others`.

    Attributes:
        warnings: One sentence for everything that was left out.
    """

    def __init__(self, layout: Layout, others: Iterable[Path] = ()) -> None:
        root = layout.root.resolve()
        # job.json carries signatures: a link to it must not turn it into an output.
        own = (root / name for name in ("work", "inputs", "outputs", "files"))
        self._allowed = (*own, *(place.resolve() for place in others))
        self.warnings: list[str] = []

    def find(self, root: Path, label: str) -> list[Found]:
        """Every file below `root`, by name; `root` itself under the name "" if it is a file."""
        found: list[Found] = []
        self._visit(root, "", label, (), found)
        return sorted(found)

    def _visit(self, path: Path, relative: str, label: str, above: tuple[Path, ...], found: list[Found]) -> None:
        shown = f"{label}/{relative}".rstrip("/")
        try:
            real = path.resolve(strict=True)
            mode = real.stat().st_mode
        except (OSError, RuntimeError):
            if path.is_symlink():
                self.warnings.append(f"{shown} was left out: it is a link to nothing.")
            return
        if path.is_symlink() and not any(place in (real, *real.parents) for place in self._allowed):
            self.warnings.append(f"{shown} was left out: it is a link to a place outside the job.")
        elif stat.S_ISREG(mode):
            found.append(Found(relative, real))
        elif not stat.S_ISDIR(mode):
            self.warnings.append(f"{shown} was left out: it is neither a file nor a folder.")
        elif real in above:
            self.warnings.append(f"{shown} was left out: it is a link to a folder that it lies in.")
        else:
            for name in os.listdir(path):  # noqa: PTH208 - names only
                below = f"{relative}/{name}" if relative else name
                self._visit(path / name, below, label, (*above, real), found)


def upload_output(
    client: HttpClient, cache: Cache, finder: Finder, layout: Layout, output: OutputSpec, *, alone: bool = True
) -> list[OutputFile]:
    """Upload one output and keep it in the cache for later jobs of this machine.

    Where the work is shared (not `alone`), it is no wonder if this process has written nothing.

    Raises:
        JobError: A file could not be read or storage did not take it.
    """
    root = layout.output(output.name)
    files = finder.find(root, output.name)
    if not files and alone:
        what = "is an empty folder" if root.is_dir() else "was not written"
        finder.warnings.append(f"The output {output.name} {what}.")
    listed: list[OutputFile] = []
    for file in files:
        shown = f"{output.name}/{file.relative}".rstrip("/")
        _check_name(file.relative, shown)
        try:
            uploaded = upload_file(client, output.target, file.relative, file.path)
        except OSError as error:
            raise JobError(f"The output {shown} could not be read: {error.strerror}.") from error
        cache.adopt(file.path, uploaded.sha256)
        entry: OutputFile = {
            "path": file.relative,
            "sha256": uploaded.sha256,
            "md5": None,
            "size": uploaded.size,
            "etag": uploaded.etag,
        }
        listed.append(entry)
    return listed


def upload_file(client: HttpClient, target: Target, relative: str, path: Path) -> Uploaded:
    """Write a file below a place of any kind, or as the place itself where `relative` is "".

    Raises:
        OSError: The file cannot be read.
        TransferError: The place did not take it.
    """
    url = target.url(relative)
    if target.type == "local_folder":
        return local_files.put_file(url, path)
    if target.type == "file_share":
        return file_shares.put_file(client, url, path)
    return put_file(client, url, path)


def upload_artifacts(client: HttpClient, finder: Finder, layout: Layout, target: Target, below: str = "") -> list[str]:
    """Upload the files below `outputs/` and `logs/`, and those that the script gave a name; returns their names.

    `below` is the folder of the place that they go to, with its slash.

    Raises:
        JobError: Storage did not take a file.
    """
    names: list[str] = []
    folders = [(layout.work / folder, folder) for folder in ARTIFACT_FOLDERS]
    for place, folder in (*folders, (layout.named_files, "")):
        for file in finder.find(place, folder):
            name = f"{folder}/{file.relative}".strip("/")
            if name.startswith(_OUR_OWN):
                finder.warnings.append(f"{name} was left out: its name belongs to Pipeyard's own files.")
                continue
            name = f"{below}{name}"
            try:
                _check_name(name, name)
                put_file(client, target.url(name), file.path)
            except OSError as error:
                finder.warnings.append(f"{name} was left out: it could not be read: {error.strerror}.")
            else:
                names.append(name)
    return names


def _check_name(name: str, shown: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise JobError(f"The name of the file {shown!r} is not UTF-8.") from None
