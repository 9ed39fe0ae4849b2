"""Folders of the machine that a local workspace runs on. v1 has nothing like it."""

from pathlib import Path

from pipeyard import _wire
from pipeyard.core.datastore import Datastore


class LocalFolderDatastore(Datastore):
    """A folder.

    Attributes:
        folder: Its absolute path.
    """

    datastore_type = "LocalFolder"
    kind = "local_folder"

    folder: Path

    def _fill(self, document: _wire.DatastoreDocument) -> None:
        self.folder = Path(document["path"] or "")
