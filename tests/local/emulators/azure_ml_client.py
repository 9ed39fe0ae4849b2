"""A workspace of the Azure ML emulator, spoken to over plain HTTP."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema
from azure.storage.blob import BlobServiceClient

from tests.local.emulators.emulator_process import REPOSITORY, EmulatorProcess
from tests.waiting import until

SCOPE = "/subscriptions/7e57/resourceGroups/lab"
WORKSPACE = f"{SCOPE}/providers/Microsoft.MachineLearningServices/workspaces/tryout"
VERSION = "2025-12-01"
SCHEMA_FILE = REPOSITORY.parent / "shared/specs/aml-2025-12-01.schema.json"
TERMINAL = {"Completed", "Failed", "Canceled"}


class AzureMl:
    """What the tests do in the workspace."""

    def __init__(self, emulator: EmulatorProcess, storage: str) -> None:
        self.emulator = emulator
        self.blobs = BlobServiceClient.from_connection_string(storage)
        self.put("/environments/plain/versions/1", {"properties": {"image": "ubuntu"}})
        self.cluster("cpu", 4)

    def call(self, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:
        parameters = {"api-version": VERSION, **query}
        return self.emulator.http.request(method, WORKSPACE + path, json=body, params=parameters)

    def follow(self, address: str) -> httpx.Response:
        return self.emulator.http.get(address)

    def put(self, path: str, body: Any) -> Any:
        reply = self.call("PUT", path, body)
        assert reply.status_code in {200, 201}, reply.text
        return reply.json()

    def get(self, path: str) -> Any:
        reply = self.call("GET", path)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def cluster(self, name: str, most: int, least: int = 0, idle: str = "PT120S") -> httpx.Response:
        scale = {"minNodeCount": least, "maxNodeCount": most, "nodeIdleTimeBeforeScaleDown": idle}
        properties = {"computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_DS3_V2", "scaleSettings": scale}}
        return self.call("PUT", f"/computes/{name}", {"location": "local", "properties": properties})

    def code(self, name: str, **files: str) -> str:
        """Upload source files (`a_py` becomes `a.py`) and register them; returns the id."""
        for file, text in files.items():
            self.write("src", f"{name}/{file.replace('_', '.')}", text)
        uri = f"{self.blobs.url.rstrip('/')}/src/{name}"
        return str(self.put(f"/codes/{name}/versions/1", {"properties": {"codeUri": uri}})["id"])

    def submit(self, name: str, command: str, *, cluster: str = "cpu", **properties: Any) -> Any:
        body = {
            "jobType": "Command",
            "command": command,
            "environmentId": f"{WORKSPACE}/environments/plain/versions/1",
            "computeId": f"{WORKSPACE}/computes/{cluster}",
            **properties,
        }
        return self.put(f"/jobs/{name}", {"properties": body})

    def status(self, name: str) -> str:
        return str(self.get(f"/jobs/{name}")["properties"]["status"])

    def ended(self, name: str, limit: float = 100) -> str:
        return until(lambda: (status := self.status(name)) in TERMINAL and status, limit=limit)  # type: ignore[return-value]

    def reached(self, name: str, status: str) -> None:
        until(lambda: self.status(name) == status)

    def details(self, name: str) -> Any:
        reply = self.emulator.http.get(f"/history/v1.0{WORKSPACE}/runs/{name}/details")
        assert reply.status_code == 200, reply.text
        return reply.json()

    def error(self, name: str) -> tuple[str, str, str]:
        error = self.details(name)["error"]["error"]
        return error["code"], error["innerError"]["code"], error["message"]

    def write(self, container: str, path: str, text: str) -> None:
        client = self.blobs.get_container_client(container)
        if not client.exists():
            client.create_container()
        client.upload_blob(path, text, overwrite=True)

    def read(self, container: str, path: str) -> str:
        return self.blobs.get_blob_client(container, path).download_blob().readall().decode()

    def log(self, name: str, file: str = "std_log.txt") -> str:
        return self.read("azureml", f"ExperimentRun/dcid.{name}/user_logs/{file}")

    def wasbs(self, container: str, path: str) -> str:
        return f"wasbs://{container}@{self.blobs.account_name}.blob.core.windows.net/{path}"


@cache
def _schema(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def check_shape(name: str, document: dict[str, Any]) -> None:
    """Compare with the service's published contract."""
    definitions = _schema(SCHEMA_FILE)
    validator = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": definitions["$defs"]})
    faults = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    assert not faults, faults
