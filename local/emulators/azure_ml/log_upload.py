"""Brings a job's logs into storage while it runs."""

import logging
import threading
from pathlib import Path

from azure.core.exceptions import AzureError

from local.emulators.azure_ml.datastores import Datastores
from local.emulators.azure_ml.places import artifact_uri
from local.emulators.storage import Storage, StorageError

log = logging.getLogger(__name__)

_EVERY_SECONDS = 0.5
_BLOCK = 4 * 2**20


class LogUpload:
    """Follows every file below a folder, from `start` to `stop`."""

    def __init__(self, job: str, folder: Path, storage: Storage, datastores: Datastores) -> None:
        self._job = job
        self._folder = folder
        self._storage = storage
        self._datastores = datastores
        self._sent: dict[Path, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Bring what is left."""
        if self._over.is_set():
            return
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        self._send_all()

    def _follow(self) -> None:
        while not self._over.wait(_EVERY_SECONDS):
            self._send_all()

    def _send_all(self) -> None:
        try:
            for file in sorted(self._folder.rglob("*.txt")):
                self._send(file)
        except (AzureError, StorageError) as error:
            log.warning("Logs of %s could not be stored; trying again: %s", self._job, error)

    def _send(self, file: Path) -> None:
        uri = self._datastores.storage_uri(artifact_uri(self._job, file.relative_to(self._folder).as_posix()))
        if file not in self._sent:
            self._storage.begin_log(uri)
            self._sent[file] = 0
        with file.open("rb") as content:
            content.seek(self._sent[file])
            while block := content.read(_BLOCK):
                self._storage.append(uri, block)
                self._sent[file] += len(block)
