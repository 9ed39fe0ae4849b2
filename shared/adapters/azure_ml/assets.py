"""Code and environment versions of an Azure ML workspace: made when a job first needs them, found by content after."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cached_property
from urllib.parse import quote

from shared.adapters.azure_ml.client import AzureMlClient
from shared.adapters.azure_ml.environments import ENVIRONMENT_NAME, environment_properties, environment_version
from shared.adapters.azure_ml.node_files import RUNNER, node_files
from shared.core import names
from shared.core.definition import EnvironmentDefinition
from shared.core.errors import Conflict
from shared.core.jobs import BlobPlace, JobFile
from shared.core.storage_uris import parse_storage_uri
from shared.ports.blobs import BlobStore

CODE_VERSION = "1"

_AT_ONCE = 8
_MAX_KNOWN = 1000
_A_MOMENT = timedelta(minutes=5)


class Assets:
    """The assets of one Azure ML workspace. Safe for many threads: making one twice makes the same."""

    def __init__(self, client: AzureMlClient, blobs: BlobStore) -> None:
        self._client = client
        self._blobs = blobs
        self._known: set[str] = set()

    @cached_property
    def container_url(self) -> str:
        """Address of the container in which the workspace keeps what jobs need."""
        return self._blobs.read_grant(names.SYSTEM_CONTAINER, _A_MOMENT)[0]

    def place(self, name: str) -> BlobPlace:
        """A blob of that container, or a folder."""
        return BlobPlace(container_url=self.container_url, path=name)

    def code(self, files: tuple[JobFile, ...]) -> str:
        """Id of the code version with the files of a snapshot, the runner and the SDK.

        Raises:
            PipeyardError: Storage or the service refused.
        """
        digest = _code_digest(files)
        folder = f"{names.CODE_FOLDER}/{digest}"
        path = f"codes/pipeyard-{digest}/versions/{CODE_VERSION}"
        self._store_code(files, folder)  # each time: a purge deletes what no job was about to use for long
        if path not in self._known:
            properties = {"codeUri": f"{self.container_url}/{folder}", "isAnonymous": False}
            self._register(path, {**properties, "properties": {"hash_sha256": digest}})
        return f"{self._client.workspace_id}/{path}"

    def environment(self, software: EnvironmentDefinition) -> str:
        """Id of the environment version for what a step asks for.

        Raises:
            PipeyardError: The service refused.
        """
        properties = environment_properties(software)
        path = f"environments/{ENVIRONMENT_NAME}/versions/{environment_version(properties)}"
        if path not in self._known:
            self._register(path, properties)
        return f"{self._client.workspace_id}/{path}"

    def forget(self) -> None:
        """Remember nothing of what has been made: some of it may be gone."""
        self._known.clear()

    def _register(self, path: str, properties: dict[str, object]) -> None:
        try:
            self._client.put(path, {"properties": properties})
        except Conflict:  # versions never change: if it is there, it is the one that was meant
            self._client.get(path)
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known.add(path)

    def _store_code(self, files: tuple[JobFile, ...], folder: str) -> None:
        if self._blobs.renew(names.SYSTEM_CONTAINER, f"{folder}/{RUNNER}"):
            return
        own = node_files()

        def copy(file: JobFile) -> None:
            _, container, source = parse_storage_uri(file.url)
            self._blobs.copy(container, source, f"{folder}/{file.path}")

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(copy, [file for file in files if file.path not in own]))
        for path in sorted(own, key=lambda path: path == RUNNER):  # the runner last: with it the folder is complete
            self._blobs.put(names.SYSTEM_CONTAINER, f"{folder}/{path}", own[path])


def _code_digest(files: tuple[JobFile, ...]) -> str:
    listed = sorted([file.path, file.digest] for file in files)
    own = sorted([path, hashlib.sha256(data).hexdigest()] for path, data in node_files().items())
    return hashlib.sha256(json.dumps([listed, own]).encode()).hexdigest()[:40]


def job_path(name: str) -> str:
    """A job below the workspace."""
    return f"jobs/{quote(name, safe='')}"
