"""v1's `azureml.core.datastore`: files kept for pipelines."""

import sys
from collections.abc import Sequence
from os.path import commonpath
from pathlib import Path, PurePosixPath

from pipeyard.core.workspace import Workspace
from pipeyard.data.data_reference import DataReference
from pipeyard.exceptions import UserErrorException

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class Datastore:
    """A named place for files.

    Attributes:
        workspace: Where it is registered.
        name: Its name there.
    """

    def __init__(self, workspace: Workspace, name: str | None = None) -> None:
        self.workspace = workspace
        self.name: str = name or workspace.get_default_datastore().name

    @staticmethod
    def get(workspace: Workspace, datastore_name: str) -> "Datastore":
        """A datastore by name.

        Raises:
            UserErrorException: There is none of this name.
        """
        known = workspace.datastores
        if datastore_name not in known:
            raise UserErrorException(f"There is no datastore {datastore_name!r}, only {', '.join(sorted(known))}.")
        return known[datastore_name]

    @staticmethod
    def get_default(workspace: Workspace) -> "Datastore":
        """The workspace's default datastore."""
        return workspace.get_default_datastore()

    def path(self, path: str | None = None, data_reference_name: str | None = None) -> DataReference:
        """A reference to a file or folder here."""
        return DataReference.at(self, path, data_reference_name)

    def upload(
        self,
        src_dir: str | Path,
        target_path: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Upload everything below a directory.

        Raises:
            UserErrorException: It is no directory.
        """
        root = Path(src_dir)
        if not root.is_dir():
            raise UserErrorException(f"{root} is no directory. Use upload_files for single files.")
        files = sorted(str(file) for file in root.rglob("*") if file.is_file())
        return self.upload_files(files, str(root), target_path, overwrite, show_progress)

    def upload_files(
        self,
        files: Sequence[str | Path],
        relative_root: str | Path | None = None,
        target_path: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Upload files.

        Args:
            files: Local files.
            relative_root: Their paths below this directory are kept; None means their common directory.
            target_path: Folder on the datastore.
            overwrite: Replace files that exist; otherwise they are left alone.
            show_progress: Print a line when it is done.

        Raises:
            UserErrorException: A file does not exist or lies outside `relative_root`.
        """
        sources = _targets([Path(file) for file in files], relative_root, target_path or "")
        client = self.workspace.client
        if not overwrite:
            existing = {item["path"] for item in client.list_files(self.name, target_path or "")}
            sources = {path: file for path, file in sources.items() if path not in existing}
        if sources:
            from pipeyard._transfer import upload_files  # noqa: PLC0415  (httpx is loaded when it is used)

            upload_files(client.http, client.upload_urls(self.name, sorted(sources)), sources)
        if show_progress:
            sys.stdout.write(f"Uploaded {len(sources)} of {len(files)} files to {self.name}/{target_path or ''}\n")
        return self.path(target_path)

    def download(
        self,
        target_path: str | Path,
        prefix: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> int:
        """Download every file whose path begins with `prefix`, keeping full paths below `target_path`.

        Returns:
            How many files were downloaded; those that exist are skipped unless `overwrite` is set.
        """
        from pipeyard._transfer import below, download_file, in_parallel  # noqa: PLC0415  (as in upload_files)

        client = self.workspace.client
        wanted = {
            item["path"]: below(Path(target_path), item["path"]) for item in client.list_files(self.name, prefix or "")
        }
        missing = [path for path, file in wanted.items() if overwrite or not file.exists()]
        urls = client.download_urls(self.name, missing) if missing else {}
        in_parallel(lambda path: download_file(client.http, urls[path], wanted[path]), missing)
        if show_progress:
            sys.stdout.write(f"Downloaded {len(missing)} of {len(wanted)} files from {self.name}\n")
        return len(missing)

    def __repr__(self) -> str:
        return f"Datastore(name={self.name!r})"


def _targets(files: list[Path], relative_root: str | Path | None, target_path: str) -> dict[str, Path]:
    """Local files by their path on the datastore."""
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
