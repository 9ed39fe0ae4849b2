"""Emulated services as processes of their own, on an empty storage account; and jobs whose files lie there."""

import hashlib
import json
import os
import secrets as randomness
import socket
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from shared.adapters.compute_connections import ComputeConnections
from shared.adapters.secrets.none import NoSecrets
from shared.adapters.storage.blobs import AzureBlobStore
from shared.core import names
from shared.core.errors import BackendError
from shared.core.jobs import (
    BlobPlace,
    JobArgument,
    JobFile,
    JobInput,
    JobOutput,
    JobResult,
    JobSpec,
    UploadTarget,
)
from shared.ports.compute import ComputeBackend
from tests.fakes.clocks import SystemClock
from tests.waiting import until

ROOT = Path(__file__).parents[2]
START_SECONDS = 30
DATA_CONTAINER = "data"
VALID_FOR = timedelta(hours=1)


class EmulatedService:
    """One emulated service. Its address stays the same when its process is started anew.

    Attributes:
        url: Its address.
        log: What its process has to say.
    """

    def __init__(self, service: str, folder: Path, connection_string: str) -> None:
        self._service = service
        self._folder = folder
        self._storage = connection_string
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.log = folder.with_name(f"{folder.name}.log")

    def start(self) -> None:
        descriptor = self._listener.fileno()
        # Tied to this process by its input: an emulator must not outlive tests that were killed.
        command = [
            sys.executable,
            "-m",
            "local.emulators",
            self._service,
            "--fd",
            str(descriptor),
            "--until-input-ends",
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--data", str(self._folder)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=os.environ | {"PIPEYARD_STORAGE": self._storage},
                pass_fds=(descriptor,),
            )

    def kill(self) -> None:
        """End the process as a machine that goes down does."""
        if self._process is not None:
            self._process.kill()
            self._ended()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._ended()
            except subprocess.TimeoutExpired:
                self.kill()
        self._listener.close()

    def _ended(self) -> None:
        assert self._process is not None
        self._process.wait(START_SECONDS)
        if self._process.stdin is not None:
            self._process.stdin.close()

    def fail(self, **switches: Any) -> None:
        """Set the switches for faults; those that are not named are off."""
        self._call("PUT", "/_emulator/faults", switches)

    def requests(self) -> list[dict[str, Any]]:
        """The calls so far."""
        found: list[dict[str, Any]] = self._call("GET", "/_emulator/requests")
        return found

    def forget_requests(self) -> None:
        self._call("DELETE", "/_emulator/requests")

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.url + path, data, method=method), timeout=START_SECONDS) as response:
            return json.loads(response.read() or b"null")


@contextmanager
def emulated(service: str, folder: Path, connection_string: str) -> Iterator[EmulatedService]:
    """A running emulator; it is ended at the end."""
    made = EmulatedService(service, folder, connection_string)
    made.start()
    try:
        yield made
    finally:
        made.stop()


class JobStorage:
    """A storage account with a job's files in it.

    Attributes:
        blobs: The account as the workspace sees it.
    """

    def __init__(self, connection_string: str) -> None:
        self.blobs = AzureBlobStore.from_connection_string(connection_string, SystemClock())
        self.blobs.ensure_containers([names.SYSTEM_CONTAINER, names.ARTIFACT_CONTAINER, DATA_CONTAINER])
        self.run_id = str(uuid.uuid4())
        self.token = f"token-{randomness.token_hex(16)}"
        self._ordinal = 0
        self.connection_string = connection_string

    def connections(self, emulators: Mapping[str, str]) -> ComputeConnections:
        """What backends of emulated services are made with."""
        return ComputeConnections(
            blobs=self.blobs, secrets=NoSecrets(), credential=None, azure_ml_workspace=None, emulators=emulators
        )

    def job(
        self,
        code: str | Mapping[str, str],
        *,
        inputs: tuple[JobInput, ...] = (),
        outputs: tuple[JobOutput, ...] = (),
        arguments: tuple[JobArgument | str, ...] = (),
        **changes: Any,
    ) -> JobSpec:
        """A job that runs `train.py`; every job is another step of the same run."""
        ordinal, self._ordinal = self._ordinal, self._ordinal + 1
        files = {"train.py": code} if isinstance(code, str) else code
        base, query = self.blobs.upload_target(
            names.ARTIFACT_CONTAINER, names.artifact_prefix(self.run_id, ordinal), VALID_FOR
        )
        words = [JobArgument(value=word) if isinstance(word, str) else word for word in arguments]
        fields: dict[str, Any] = {
            "name": names.job_name(self.run_id, ordinal, 1),
            "run_id": self.run_id,
            "step_run_id": names.step_run_id(self.run_id, ordinal),
            "step_name": "train",
            "step_type": "python_script",
            "experiment": "digits",
            "compute_target": "cpu",
            "code": tuple(self._code(path, textwrap.dedent(text).encode()) for path, text in files.items()),
            "command": (JobArgument(value="train.py"), *words),
            "inputs": inputs,
            "outputs": outputs,
            "environment": {"AZUREML_RUN_TOKEN": self.token},
            "artifacts": UploadTarget(base_url=base, query=query),
            "log_name": names.log_name(1),
            "metrics_name": names.metrics_name(1),
        }
        return JobSpec(**{**fields, **changes})

    def input(self, name: str, files: Mapping[str, bytes] | bytes, **changes: Any) -> JobInput:
        """An input whose files lie in one place of the data container; bytes make it a single file."""
        folder = f"in/{uuid.uuid4()}/{name}"
        if isinstance(files, bytes):
            path = f"{folder}.bin"
            fields = {"files": (self._file("", path, files),), "file_name": f"{name}.bin", "place": self.place(path)}
        else:
            listed = tuple(self._file(below, f"{folder}/{below}", data) for below, data in files.items())
            fields = {"files": listed, "place": self.place(folder)}
        return JobInput(**{"name": name, **fields, **changes})

    def output(self, name: str, **changes: Any) -> JobOutput:
        """An output with a place of its own in the data container."""
        path = f"out/{uuid.uuid4()}/{name}"
        base, query = self.blobs.upload_target(DATA_CONTAINER, path, VALID_FOR)
        target = UploadTarget(base_url=base, query=query)
        return JobOutput(**{"name": name, "target": target, "place": self.place(path), **changes})

    def place(self, path: str) -> BlobPlace:
        return BlobPlace(container_url=self.blobs.read_grant(DATA_CONTAINER, VALID_FOR)[0], path=path)

    def at(self, place: BlobPlace | None) -> dict[str, bytes]:
        """Everything that lies at a place of the data container, by its path below the place."""
        assert place is not None
        found = self.blobs.list(DATA_CONTAINER, f"{place.path}/")
        return {blob.name[len(place.path) + 1 :]: self.blobs.get(DATA_CONTAINER, blob.name) for blob in found}

    def log(self, job: JobSpec, name: str | None = None) -> str:
        """The log of a job so far."""
        run_id, ordinal, _ = names.split_job_name(job.name)
        path = f"{names.artifact_prefix(run_id, ordinal)}/{name or job.log_name}"
        data, _ = self.blobs.get_range(names.ARTIFACT_CONTAINER, path, 0, 1 << 20)
        return data.decode()

    def _code(self, path: str, data: bytes) -> JobFile:
        return self._put(names.SYSTEM_CONTAINER, path, f"snapshot-files/{hashlib.sha256(data).hexdigest()}", data)

    def _file(self, path: str, name: str, data: bytes) -> JobFile:
        return self._put(DATA_CONTAINER, path, name, data)

    def _put(self, container: str, path: str, name: str, data: bytes) -> JobFile:
        self.blobs.put(container, name, data)
        base, query = self.blobs.read_grant(container, VALID_FOR)
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        return JobFile(path=path, url=f"{base}/{name}?{query}", digest=digest, size=len(data))


def result_of(backend: ComputeBackend, remote_id: str, seconds: float = 100.0) -> JobResult:
    """Wait for the end of a job as the orchestration does: a poll that fails for now is repeated."""

    def ended() -> JobResult | None:
        try:
            return backend.poll(remote_id).result
        except BackendError as error:
            if not error.retryable:
                raise
            return None

    return until(ended, limit=seconds)
