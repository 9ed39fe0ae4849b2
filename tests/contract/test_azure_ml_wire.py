"""What goes over the wire to Azure Machine Learning: golden requests, which the published schema must accept too."""

import json
import re
from pathlib import Path

import pytest

from shared.adapters.compute.azure_ml import AzureMlBackend
from shared.core.compute_targets import ComputeTarget
from shared.core.definition import EnvironmentDefinition, StepResources
from shared.core.jobs import JobArgument
from tests.contract.emulated import JobStorage
from tests.fakes.http_server import HttpServer, Reply
from tests.unit.adapters.azure_ml.workspace import WORKSPACE

GOLDEN = Path(__file__).parents[1] / "golden/wire/azure_ml"
SCHEMA = Path(__file__).parents[3] / "shared/specs/aml-2025-12-01.schema.json"
BODIES = {"codes": "CodeVersion", "environments": "EnvironmentVersion", "jobs": "JobBase"}


@pytest.fixture
def arm():
    server = HttpServer()
    server.answer = lambda sent: Reply(202 if sent.method == "POST" else 200, {"properties": {"status": "Queued"}})
    yield server
    server.close()


@pytest.fixture
def storage(storage_account):
    return JobStorage(storage_account)


def backend(arm, storage, **properties):
    fields = {"emulated": True, "workspace_resource_id": WORKSPACE, "cluster_name": "cpu-cluster", **properties}
    return AzureMlBackend(
        storage.connections({"azure_ml": arm.url}), ComputeTarget(name="cpu", type="AmlCompute", properties=fields)
    )


def plain_job(storage):
    return storage.job("print(1)")


def full_job(storage):
    inputs = (
        storage.input("mounted", {"a": b"1"}, mode="mount"),
        storage.input("downloaded", {"a": b"1"}, mode="download"),
        storage.input("file", b"1", mode="mount"),
        storage.input("address", {"a": b"1"}, mode="direct"),
        storage.input("fetched", {"a": b"1"}, place=None),
    )
    outputs = (storage.output("model", mode="mount"), storage.output("report"))
    software = EnvironmentDefinition(
        image="me.azurecr.io/own:1", python_version="3.11", conda_packages=("numpy=2",), pip_packages=("torch",)
    )
    return storage.job(
        "print(1)",
        inputs=inputs,
        outputs=outputs,
        arguments=(JobArgument(input="mounted"), JobArgument(output="model")),
        software=software,
        resources=StepResources(node_count=2, process_count_per_node=4, communicator="mpi"),
        timeout_seconds=7200,
        callback_url="https://app/hook?code=HOOKSECRET",
    )


def calls(arm, storage):
    """The requests so far, with what differs from time to time named instead."""
    told = [
        {
            "method": sent.method,
            "address": f"{sent.path}?{sent.query}",
            **({"body": sent.json} if sent.body else {}),
        }
        for sent in arm.requests
    ]
    text = json.dumps(told, indent=2, ensure_ascii=False)
    container = storage.place("").container_url.rpartition("/")[0]
    account = container.rpartition("/")[2]
    for found, name in ((WORKSPACE, "<workspace>"), (container, "<storage>"), (f"{account}.blob", "<account>.blob")):
        text = text.replace(found, name)
    text = text.replace(storage.run_id, "<run>")
    text = re.sub(r"\b[0-9a-f]{40}\b", "<code>", text)  # it changes with every change of the runner and the SDK
    return re.sub(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<place>", text) + "\n"


@pytest.mark.parametrize(
    ("name", "make", "properties"),
    [
        ("plain_job", plain_job, {}),
        ("full_job", full_job, {"identity_client_id": "the-cluster-s-identity"}),
    ],
)
def test_a_job_from_submit_to_cancel(arm, storage, name, make, properties):
    made = backend(arm, storage, **properties)
    job = make(storage)
    made.submit(job)
    assert made.poll(job.name).detail == "Queued"
    made.cancel(job.name)
    made.forget(job.name)
    text = calls(arm, storage)
    golden = GOLDEN / f"{name}.json"
    assert text == golden.read_text()
    for secret in ("sig=", storage.token, "HOOKSECRET"):
        assert secret not in text
    assert all(sent.headers["Authorization"] == "Bearer emulator" for sent in arm.requests)


def test_code_and_environment_are_registered_once(arm, storage):
    made = backend(arm, storage)
    for _ in range(3):
        made.submit(plain_job(storage))
    kinds = [sent.path.removeprefix(f"{WORKSPACE}/").partition("/")[0] for sent in arm.requests]
    assert kinds == ["codes", "environments", "jobs", "jobs", "jobs"]


def test_a_version_that_is_there_already_is_the_one_that_was_meant(arm, storage):
    arm.answer = lambda sent: Reply(409 if sent.method == "PUT" else 200, {})
    backend(arm, storage).submit(plain_job(storage))
    assert [sent.method for sent in arm.requests] == ["PUT", "GET"] * 3


@pytest.mark.skipif(not SCHEMA.exists(), reason="The service's schema is not here.")
@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_the_published_schema_accepts_the_bodies(path):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text())
    checked = 0
    for call in json.loads(path.read_text()):
        if call["method"] == "PUT":
            kind = re.sub(r"<workspace>/(\w+)/.*", r"\1", call["address"], flags=re.DOTALL)
            jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{BODIES[kind]}"}).validate(call["body"])
            checked += 1
    assert checked == 3
