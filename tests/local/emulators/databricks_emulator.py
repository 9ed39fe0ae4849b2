"""An emulator of Databricks as a process, and what tests do with it."""

import importlib.util
import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config

from tests.local.emulators.emulator_process import TOKEN, EmulatorProcess
from tests.waiting import until

CLUSTER = {"spark_version": "16.4.x-scala2.12", "node_type_id": "Standard_DS3_v2", "num_workers": 1}
without_pyspark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is not None, reason="PySpark is installed; test_databricks_spark.py covers it"
)
with_pyspark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
    reason="needs PySpark (pip install pyspark==4.0.5) and Java 17 on the PATH",
)
_WAIT_SECONDS = 120
_ENDED = {"TERMINATED", "INTERNAL_ERROR", "SKIPPED"}
_METADATA = "Metadata-Version: 2.1\nName: stepper\nVersion: 1.0\n"
_WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_RUNS = "/api/2.2/jobs/runs"


class DatabricksEmulator(EmulatorProcess):
    """The process, and its account."""

    def __init__(self, storage: str, data: Path, **faults: Any) -> None:
        self.storage = storage
        super().__init__("databricks", data, storage, **faults)

    def client(self) -> WorkspaceClient:
        """The vendor's."""
        token = TOKEN["Authorization"].removeprefix("Bearer ")
        return WorkspaceClient(config=Config(host=self.url, token=token, retry_timeout_seconds=5))

    def blobs(self) -> BlobServiceClient:
        return BlobServiceClient.from_connection_string(self.storage)

    def uri(self, container: str, path: str) -> str:
        account = dict(part.partition("=")[::2] for part in self.storage.split(";"))["AccountName"]
        return f"abfss://{container}@{account}.dfs.core.windows.net/{path}"

    def get(self, name: str, **query: Any) -> httpx.Response:
        return self.http.get(f"{_RUNS}/{name}", params=query)

    def post(self, name: str, body: Any) -> httpx.Response:
        return self.http.post(f"{_RUNS}/{name}", json=body)

    def write(self, path: str, text: str, kind: str = "RAW") -> str:
        """A workspace file, or with AUTO what its first line makes it."""
        folder = path.rpartition("/")[0]
        self.http.post("/api/2.0/workspace/mkdirs", json={"path": folder}).raise_for_status()
        form = {"path": path, "format": kind, "overwrite": "true"}
        self.http.post("/api/2.0/workspace/import", data=form, files={"content": text.encode()}).raise_for_status()
        return path

    def submit(self, task: dict[str, Any], **more: Any) -> int:
        """A run of one task, on a new cluster unless the task says otherwise."""
        compute = {} if "existing_cluster_id" in task or "environment_key" in task else {"new_cluster": CLUSTER}
        answer = self.post("submit", {"tasks": [{"task_key": "main", **compute, **task}], **more})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["run_id"])

    def script(self, text: str, *parameters: str, name: str = "main", **more: Any) -> int:
        path = self.write(f"/Shared/{name}.py", text)
        return self.submit({"spark_python_task": {"python_file": path, "parameters": list(parameters)}, **more})

    def notebook(self, *cells: str, name: str = "note", parameters: dict[str, str] | None = None) -> int:
        body = "\n\n# COMMAND ----------\n\n".join(cells)
        self.write(f"/Shared/{name}.py", f"# Databricks notebook source\n{body}\n", "AUTO")
        return self.submit({"notebook_task": {"notebook_path": f"/Shared/{name}", "base_parameters": parameters or {}}})

    def run(self, run_id: int) -> Any:
        return self.get("get", run_id=run_id).raise_for_status().json()

    def until(self, run_id: int, fits: Callable[[Any], bool]) -> Any:
        """The run, once it is as wished."""
        return until(lambda: run if fits(run := self.run(run_id)) else None, f"run {run_id}", limit=_WAIT_SECONDS)

    def finished(self, run_id: int) -> Any:
        return self.until(run_id, lambda run: run["state"]["life_cycle_state"] in _ENDED)

    def output(self, run: Any) -> Any:
        """What `get-output` says of the run's first task."""
        return self.get("get-output", run_id=run["tasks"][0]["run_id"]).raise_for_status().json()


def result(thing: Any) -> tuple[str, str]:
    """How a run or a task ended, in the words of v1."""
    return thing["state"]["life_cycle_state"], thing["state"].get("result_state", "")


def ended_as(thing: Any) -> tuple[str, str]:
    """How a run or a task ended, in the words of v2."""
    details = thing["status"]["termination_details"]
    return details["code"], details["type"]


def wheel(code: str) -> bytes:
    """A package `stepper` with an entry point `step`."""
    packed = io.BytesIO()
    files = {
        "stepper/__init__.py": code,
        "stepper-1.0.dist-info/METADATA": _METADATA,
        "stepper-1.0.dist-info/WHEEL": _WHEEL,
        "stepper-1.0.dist-info/entry_points.txt": "[console_scripts]\nstep = stepper:step\n",
    }
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr("stepper-1.0.dist-info/RECORD", "".join(f"{name},,\n" for name in files))
    return packed.getvalue()


def emptied(blobs: BlobServiceClient, name: str) -> ContainerClient:
    """A container without blobs, made where it is missing: the account outlives a test."""
    container = blobs.get_container_client(name)
    if not container.exists():
        container.create_container()
    for blob in container.list_blob_names():
        container.delete_blob(blob)
    return container
