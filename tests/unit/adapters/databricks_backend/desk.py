"""What tests of the Databricks backend do with a job: make it, run it, look at what is left."""

import hashlib
import textwrap
import uuid
from datetime import timedelta
from typing import Any

from shared.adapters.compute.databricks import DatabricksBackend
from shared.adapters.compute_connections import ComputeConnections
from shared.adapters.secrets.secret_folder import SecretFolder
from shared.adapters.storage.blobs import AzureBlobStore
from shared.core import names
from shared.core.bindings import InputArgument, OutputArgument
from shared.core.compute_targets import ComputeTarget
from shared.core.definition import StepDefinition
from shared.core.errors import NotFound
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
from shared.steps import STEP_TYPES
from tests.fakes.clocks import SystemClock
from tests.fakes.http_server import HttpServer
from tests.local.emulators.databricks_emulator import DatabricksEmulator
from tests.waiting import until

VALIDITY = timedelta(hours=1)
NEW_CLUSTER = {"spark_version": "16.4.x-scala2.12", "node_type": "Standard_DS3_v2", "num_workers": 1}
TOKEN = "a-run-token-that-nobody-may-see"
CALLBACK_CODE = "callback-code-that-nobody-may-see"


class Desk:
    def __init__(self, bricks: DatabricksEmulator, forwarder: HttpServer, folder: Any) -> None:
        self.bricks = bricks
        self.forwarder = forwarder
        self.blobs = AzureBlobStore.from_connection_string(bricks.storage, SystemClock())
        self.blobs.ensure_containers([names.SYSTEM_CONTAINER, names.ARTIFACT_CONTAINER, "data"])
        self.secrets = SecretFolder(folder / "secrets")
        self.backend = self.open()

    def open(self, **properties: Any) -> DatabricksBackend:
        """A backend that remembers nothing, as after a restart."""
        connections = ComputeConnections(
            blobs=self.blobs,
            secrets=self.secrets,
            credential=None,
            azure_ml_workspace=None,
            emulators={"databricks": self.forwarder.url},
        )
        target = ComputeTarget(name="bricks", type="Databricks", properties={"emulated": True, **properties})
        return DatabricksBackend(connections, target)

    def job(
        self,
        settings: dict[str, Any],
        *,
        code: dict[str, str] | None = None,
        inputs: tuple[str, ...] = (),
        outputs: tuple[str, ...] = (),
        **changes: Any,
    ) -> JobSpec:
        """A job as the workspace builds it. Inputs and outputs lie below `data/` by their names."""
        run_id = str(uuid.uuid4())
        step = StepDefinition(
            name="prepare",
            type="databricks",
            settings={**({} if "existing_cluster_id" in settings else NEW_CLUSTER), **settings},
            snapshot="ab" * 32,
            inputs={name: {"kind": "data_reference", "datastore": "d", "path": name} for name in inputs},
            outputs={name: {} for name in outputs},
        )
        assert STEP_TYPES["databricks"].check(step) == []
        base, query = self.blobs.upload_target(names.ARTIFACT_CONTAINER, names.artifact_prefix(run_id, 0), VALIDITY)
        url = f"{self.bricks.blobs().url.rstrip('/')}/data"
        fields = {
            "name": names.job_name(run_id, 0, 1),
            "run_id": run_id,
            "step_run_id": names.step_run_id(run_id, 0),
            "step_name": "prepare",
            "step_type": "databricks",
            "experiment": "sales",
            "compute_target": "bricks",
            "settings": step.settings,
            "code": tuple(self._file(path, text) for path, text in (code or {}).items()),
            "command": tuple(argument_of(word) for word in STEP_TYPES["databricks"].words(step)),
            "inputs": tuple(
                JobInput(name=name, files=(), mode="mount", place=BlobPlace(container_url=url, path=f"{run_id}/{name}"))
                for name in inputs
            ),
            "outputs": tuple(
                JobOutput(
                    name=name,
                    target=UploadTarget(base_url=f"{url}/{run_id}/{name}", query="sig=x"),
                    place=BlobPlace(container_url=url, path=f"{run_id}/{name}"),
                )
                for name in outputs
            ),
            "environment": {
                "AZUREML_RUN_ID": names.step_run_id(run_id, 0),
                "AZUREML_ARM_PROJECT_NAME": "sales",
                "AZUREML_RUN_TOKEN": TOKEN,
                "GREETING": "hi",
                **{name: f"$AZUREML_DATAREFERENCE_{name}" for name in outputs},
            },
            "artifacts": UploadTarget(base_url=base, query=query),
            "log_name": names.log_name(1),
            "metrics_name": names.metrics_name(1),
        }
        return JobSpec.model_validate({**fields, **changes})

    def _file(self, path: str, text: str) -> JobFile:
        data = textwrap.dedent(text).encode()
        sha256 = hashlib.sha256(data).hexdigest()
        name = f"snapshots/files/{sha256}"
        self.blobs.put(names.SYSTEM_CONTAINER, name, data)
        base, query = self.blobs.read_grant(names.SYSTEM_CONTAINER, VALIDITY)
        return JobFile(path=path, url=f"{base}/{name}?{query}", digest=f"sha256:{sha256}", size=len(data))

    def put(self, job: JobSpec, path: str, text: str) -> None:
        self.blobs.put("data", f"{job.run_id}/{path}", text.encode())

    def read(self, job: JobSpec, path: str) -> str:
        return self.blobs.get("data", f"{job.run_id}/{path}").decode()

    def artifact(self, job: JobSpec, name: str) -> str:
        """A file that was kept with the run; "" where there is none yet."""
        try:
            return self.blobs.get(names.ARTIFACT_CONTAINER, f"{names.artifact_prefix(job.run_id, 0)}/{name}").decode()
        except NotFound:
            return ""

    def log(self, job: JobSpec) -> str:
        return self.artifact(job, job.log_name)

    def result(self, remote_id: str) -> JobResult:
        found = self.until(lambda: self.backend.poll(remote_id).result)
        assert isinstance(found, JobResult)
        return found

    def run(self, job: JobSpec) -> JobResult:
        return self.result(self.backend.submit(job))

    def until(self, condition: Any) -> Any:
        return until(condition)

    def submitted(self) -> list[dict[str, Any]]:
        """Bodies of the runs that were asked for."""
        return [sent.json for sent in self.forwarder.requests if sent.path.endswith("/runs/submit")]


def argument_of(word: Any) -> JobArgument:
    if isinstance(word, InputArgument):
        return JobArgument(input=word.input)
    return JobArgument(output=word.output) if isinstance(word, OutputArgument) else JobArgument(value=str(word))
