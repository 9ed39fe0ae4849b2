"""Uploads to and downloads from a datastore: which files, and where they go."""

import sys
from collections.abc import Mapping
from os.path import commonpath
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pipeyard._clients.datastores import DatastoresClient
from pipeyard._storage.progress import progress
from pipeyard._storage.transfers import download_all, upload_all
from pipeyard._transfer import below
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard.core.datastore import Datastore


def files_below(root: Path) -> list[str]:
    """Every file below a directory.

    Raises:
        UserErrorException: It is no directory.
    """
    if not root.is_dir():
        raise UserErrorException(f"{root} is no directory. Use upload_files for single files.")
    return sorted(str(file) for file in root.rglob("*") if file.is_file())


def targets(files: list[Path], relative_root: str | Path | None, target_path: str) -> dict[str, Path]:
    """Local files by their path on the datastore.

    Raises:
        UserErrorException: A file does not exist or lies outside `relative_root`.
    """
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise UserErrorException(f"These files do not exist: {', '.join(missing)}.")
    absolute = [file.absolute() for file in files]
    if relative_root is None:
        root = Path(commonpath([str(file.parent) for file in absolute])) if files else Path.cwd()
    else:
        root = Path(relative_root).absolute()
    outside = [str(file) for file in absolute if not file.is_relative_to(root)]
    if outside:
        raise UserErrorException(f"These files lie outside {root}: {', '.join(outside)}.")
    folder = PurePosixPath(target_path.strip("/"))
    return {(folder / file.relative_to(root).as_posix()).as_posix(): file for file in absolute}


def upload(
    datastore: "Datastore", sources: Mapping[str, Path], target_path: str, *, overwrite: bool, show_progress: bool
) -> None:
    """Upload files by their path on the datastore; without `overwrite`, those that exist are left alone."""
    http = datastore.workspace.client.http
    wanted = dict(sources)
    if not overwrite and wanted:
        existing = {item["path"] for item in DatastoresClient(http).list_files(datastore.name, target_path.strip("/"))}
        wanted = {path: file for path, file in wanted.items() if path not in existing}
    total = sum(file.stat().st_size for file in wanted.values())
    with progress(f"Uploading to {datastore.name}", total, show=show_progress) as sent:
        upload_all(http, datastore.name, datastore.kind, wanted, sent)
    if show_progress:
        sys.stdout.write(f"Uploaded {len(wanted)} of {len(sources)} files to {datastore.name}/{target_path}\n")


def download(datastore: "Datastore", target: Path, prefix: str, *, overwrite: bool, show_progress: bool) -> int:
    """Download files to their full paths below `target`; without `overwrite`, those that exist are left alone."""
    http = datastore.workspace.client.http
    listed = DatastoresClient(http).list_files(datastore.name, prefix)
    places = {below(target, item["path"]): item for item in listed}
    wanted = {place: item for place, item in places.items() if overwrite or not place.exists()}
    total = sum(item["size"] for item in wanted.values())
    with progress(f"Downloading from {datastore.name}", total, show=show_progress) as received:
        download_all(http, datastore.name, datastore.kind, wanted, received)
    if show_progress:
        sys.stdout.write(f"Downloaded {len(wanted)} of {len(listed)} files from {datastore.name}\n")
    return len(wanted)
