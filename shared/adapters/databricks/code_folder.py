"""Files that a job needs in the Databricks workspace: its snapshot, the launcher, and its private document.

All lie below one folder: `snapshots/<digest>` and `launcher/<digest>` by their content, written once and used by every
job that has the same, and `jobs/<job>` for what only one job may know.
"""

import hashlib
import json
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import runner
from shared.adapters.databricks.api import DatabricksApi
from shared.core import names
from shared.core.jobs import JobFile
from shared.core.reuse import content_digest
from shared.core.storage_uris import parse_storage_uri
from shared.ports.blobs import BlobStore

COMPLETE = ".pipeyard-complete"
"""Written last: a folder without it is one whose upload was cut off."""

_UPLOADS_AT_ONCE = 4
_LAUNCHER = "launch_in_process.py"
_PACKAGE = "pipeyard_runner"
"""What the runner is called there: a script may have a module `runner` of its own."""


class CodeFolder:
    """The folder below which one compute target keeps files of jobs.

    Args:
        api: The Databricks workspace.
        blobs: Where snapshots are.
        folder: The folder; None means `.pipeyard` in the home folder of whoever the connection belongs to.
    """

    def __init__(self, api: DatabricksApi, blobs: BlobStore, folder: str | None) -> None:
        self._api = api
        self._blobs = blobs
        self._folder = folder.rstrip("/") if folder else None
        self._lock = threading.Lock()

    @property
    def home(self) -> str:
        """The folder's path, which only people with rights in it may read."""
        with self._lock:
            if self._folder is None:
                self._folder = f"/Workspace/Users/{self._api.user_name()}/.pipeyard"
            return self._folder

    def put_snapshot(self, files: tuple[JobFile, ...]) -> str:
        """Have the files of a snapshot there; returns their folder's path below `home`."""
        folder = f"snapshots/{content_digest((file.path, file.digest) for file in files)}"
        self._put_once(folder, {file.path: file for file in files})
        return folder

    def put_launcher(self) -> str:
        """Have the launcher there; returns its path below `home`."""
        files = launcher_files()
        folder = f"launcher/{content_digest((path, hashlib.sha256(data).hexdigest()) for path, data in files.items())}"
        self._put_once(folder, files)
        return f"{folder}/{_LAUNCHER}"

    def put_job(self, job_name: str, document: Mapping[str, Any]) -> None:
        """Write what only this job may know: its token and the signed addresses that it writes to."""
        self._api.make_folder(self._job_folder(job_name))
        self._api.put_file(f"{self._job_folder(job_name)}/job.json", json.dumps(document).encode())

    def drop_job(self, job_name: str) -> None:
        """Delete it."""
        self._api.delete_folder(self._job_folder(job_name))

    def _job_folder(self, job_name: str) -> str:
        return f"{self.home}/jobs/{job_name}"

    def _put_once(self, folder: str, files: Mapping[str, JobFile | bytes]) -> None:
        whole = f"{self.home}/{folder}"
        if self._api.object_type(f"{whole}/{COMPLETE}") is not None:
            return
        for each in sorted({f"{whole}/{path}".rpartition("/")[0] for path in files} | {whole}):
            self._api.make_folder(each)
        with ThreadPoolExecutor(_UPLOADS_AT_ONCE) as pool:
            for upload in [pool.submit(self._put, f"{whole}/{path}", file) for path, file in files.items()]:
                upload.result()
        self._api.put_file(f"{whole}/{COMPLETE}", b"complete\n")

    def _put(self, path: str, file: JobFile | bytes) -> None:
        self._api.put_file(path, file if isinstance(file, bytes) else self._content(file))

    def _content(self, file: JobFile) -> bytes:
        _, container, name = parse_storage_uri(file.url)
        assert container == names.SYSTEM_CONTAINER  # noqa: S101 - snapshots are nowhere else
        return self._blobs.get(container, name)


def launcher_files() -> dict[str, bytes]:
    """The launcher, and beside it the runner, whose code does the uploads."""
    package = Path(runner.__file__).parent
    modules = {f"{_PACKAGE}/{path.name}": path.read_bytes() for path in sorted(package.glob("*.py"))}
    return {_LAUNCHER: modules[f"{_PACKAGE}/{_LAUNCHER}"], **modules}
