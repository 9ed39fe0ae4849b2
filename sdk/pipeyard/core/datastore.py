"""v1's `azureml.core.datastore`: named places for files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pipeyard._checks import require_workspace
from pipeyard.core._datastore_registration import DatastoreRegistration
from pipeyard.core.workspace import Workspace
from pipeyard.data.data_reference import DataReference
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard import _wire
    from pipeyard._clients.datastores import DatastoresClient

# ruff: noqa: FBT001, FBT002, PLC0415  (v1's signatures; what a transfer needs is loaded when it is needed)


class Datastore(DatastoreRegistration):
    """A named place for files. `Datastore(workspace, name)` gives an object of the class that fits the place.

    Attributes:
        workspace: Where it is registered.
        name: Its name there.
        account_name: Storage account; None for a folder.
        container_name: Container, share or file system; None for a folder.
        endpoint: Base URL of the account's service, None for the public cloud's.
        description: For people.
        credential_type: Whose right opens it: `workspace`, `identity`, `account_key` or `sas_token`.
        is_default: Whether it was the workspace's default when it was asked for.
    """

    workspace: Workspace
    name: str
    account_name: str | None
    container_name: str | None
    endpoint: str | None
    description: str
    credential_type: str
    is_default: bool
    datastore_type = ""
    kind = ""

    def __new__(cls, workspace: Workspace, name: str | None = None) -> Self:
        """The datastore of this name, without one the default.

        Raises:
            UserErrorException: There is none.
        """
        found = workspace.get_default_datastore() if name is None else Datastore.get(workspace, name)
        if not isinstance(found, cls):
            raise UserErrorException(f"The datastore {found.name!r} is a {found.datastore_type}, no {cls.__name__}.")
        return found

    @staticmethod
    def get(workspace: Workspace, datastore_name: str) -> "Datastore":
        """A datastore by name.

        Raises:
            UserErrorException: There is none of this name.
        """
        require_workspace(workspace, "Datastore.get")
        known = workspace.datastores
        if datastore_name not in known:
            raise UserErrorException(f"There is no datastore {datastore_name!r}, only {', '.join(sorted(known))}.")
        return known[datastore_name]

    @staticmethod
    def get_default(workspace: Workspace) -> "Datastore":
        """The workspace's default datastore."""
        return workspace.get_default_datastore()

    @staticmethod
    def of_document(workspace: Workspace, document: "_wire.DatastoreDocument") -> "Datastore":
        """The datastore that a document of the workspace describes."""
        from pipeyard.data.datastore_kinds import class_of

        found: Datastore = object.__new__(class_of(document["type"]))
        found.workspace = workspace
        found.name = document["name"]
        found.account_name = document.get("account_name")
        found.container_name = document.get("container")
        found.endpoint = document.get("endpoint")
        found.description = document.get("description", "")
        found.credential_type = document.get("credential", "workspace")
        found.is_default = document["is_default"]
        found._fill(document)
        return found

    def _fill(self, document: "_wire.DatastoreDocument") -> None:
        """Take what only this kind has."""

    def set_as_default(self) -> None:
        """Make it the datastore that is used where none is named."""
        _client(self.workspace).set_default(self.name)
        self.is_default = True

    def unregister(self) -> None:
        """Make the workspace forget it. The files stay where they are."""
        _client(self.workspace).unregister(self.name)

    def path(self, path: str | None = None, data_reference_name: str | None = None) -> DataReference:
        """A reference to a file or folder here."""
        return DataReference.at(self, path, data_reference_name)

    def as_mount(self) -> DataReference:
        """A reference to all of it."""
        return self.path().as_mount()

    def as_download(self, path_on_compute: str | None = None) -> DataReference:
        """A reference to all of it, downloaded."""
        return self.path().as_download(path_on_compute)

    def as_upload(self, path_on_compute: str | None = None) -> DataReference:
        """A reference to all of it, to be written."""
        return self.path().as_upload(path_on_compute)

    def upload(
        self, src_dir: str | Path, target_path: str | None = None, overwrite: bool = False, show_progress: bool = True
    ) -> DataReference:
        """Upload everything below a directory.

        Raises:
            UserErrorException: It is no directory.
        """
        from pipeyard.data import _stored_files

        files = _stored_files.files_below(Path(src_dir))
        return self.upload_files(files, src_dir, target_path, overwrite, show_progress)

    def upload_files(
        self,
        files: Sequence[str | Path],
        relative_root: str | Path | None = None,
        target_path: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Upload files. What an interrupted upload of a large file has sent is not sent again.

        Args:
            files: Local files.
            relative_root: Their paths below this directory are kept; None means their common directory.
            target_path: Folder on the datastore.
            overwrite: Replace files that exist; otherwise they are left alone.
            show_progress: Show a progress bar, and print a line when it is done.

        Raises:
            UserErrorException: A file does not exist or lies outside `relative_root`.
        """
        from pipeyard.data import _stored_files

        if files is None or isinstance(files, str | Path):
            raise UserErrorException(f"upload_files needs a list of files, such as [{str(files)!r}], not {files!r}.")
        sources = _stored_files.targets([Path(file) for file in files], relative_root, target_path or "")
        _stored_files.upload(self, sources, target_path or "", overwrite=overwrite, show_progress=show_progress)
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
        from pipeyard.data import _stored_files

        return _stored_files.download(
            self, Path(target_path), prefix or "", overwrite=overwrite, show_progress=show_progress
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Datastore):
            return NotImplemented
        return (self.workspace.url, self.name) == (other.workspace.url, other.name)

    def __hash__(self) -> int:
        return hash((self.workspace.url, self.name))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"


def _client(workspace: Workspace) -> "DatastoresClient":
    from pipeyard._clients.datastores import DatastoresClient

    return DatastoresClient(workspace.client.http)
