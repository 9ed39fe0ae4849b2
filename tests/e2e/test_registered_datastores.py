"""Datastores as administrators, clients and steps meet them: registered, written to, read from, reused, forgotten."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient, generate_container_sas
from pipeyard.core import Workspace
from pipeyard.pipeline.core import PipelineRun

from tests.e2e.workspace import ACCOUNT_KEY, Api, Flow, Json, Server, problem
from tests.fakes import azure_files

ACCOUNT = "devstoreaccount1"


@pytest.fixture
def storage(server: Server) -> Iterator[BlobServiceClient]:
    with server.blobs() as service:
        yield service


@pytest.fixture
def name() -> str:
    return f"store_{uuid.uuid4().hex[:12]}"


def put(api: Api, name: str, body: Json, status: int = 200, **query: str) -> Json:
    answer = api.http.put(f"/api/datastores/{name}", json=body, params=query)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def blob_body(server: Server, container: str, **fields: object) -> Json:
    endpoint = f"http://127.0.0.1:{server.facts['blob_port']}/{ACCOUNT}"
    body = {"type": "azure_blob", "account_name": ACCOUNT, "container": container, "endpoint": endpoint}
    return {**body, "create_if_not_exists": True, "account_key": ACCOUNT_KEY, **fields}


def upload(api: Api, datastore: str, path: str, data: bytes) -> None:
    """Put a file on a datastore the way its type wants it."""
    answer = api.post(f"/api/datastores/{datastore}/uploads", {"paths": [path]})
    url = answer["urls"][path]
    if answer["type"] == "local_folder":
        file = Path(unquote(urlsplit(url).path))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    else:
        assert httpx.put(url, content=data, headers={"x-ms-blob-type": "BlockBlob"}).status_code == 201


def copying(flow: Flow, source: str, target: str) -> Json:
    """A step that reads a folder of one datastore and writes a folder to another."""
    inputs = {"data": {"kind": "data_reference", "datastore": source, "path": "in"}}
    script = """
note()
os.mkdir(path())
for name in sorted(os.listdir(path("data"))):
    with open(path("data") + "/" + name) as source, open(path() + "/" + name, "w") as target:
        target.write(source.read().upper())
"""
    return flow.step("copy", script, inputs=inputs, outputs={"out": {"datastore": target}})


def test_a_workspace_begins_with_its_blob_and_file_store(api: Api, server: Server):
    by_name = {each["name"]: each for each in api.get("/api/datastores")["value"]}
    blob, files = by_name["workspaceblobstore"], by_name["workspacefilestore"]
    assert (blob["type"], blob["container"], blob["is_default"]) == ("azure_blob", "azureml-blobstore", True)
    assert (files["type"], files["path"]) == ("local_folder", str(server.data / "workspacefilestore"))
    assert api.get("/api/datastores/workspacefilestore") == files
    for each in by_name:
        if each in {"workspaceblobstore", "workspacefilestore"}:
            problem(api.http.delete(f"/api/datastores/{each}"), 409)
            problem(api.http.put(f"/api/datastores/{each}", json={"type": "local_folder", "path": "/tmp"}), 409)


def test_a_step_reads_from_a_container_and_writes_to_a_folder_and_its_result_is_reused_as_long_as_it_is_there(
    api: Api, server: Server, flow: Flow, name: str, tmp_path: Path
):
    put(api, f"{name}_blob", blob_body(server, name.replace("_", "-")))
    put(api, f"{name}_folder", {"type": "local_folder", "path": str(tmp_path / "out"), "create_if_not_exists": True})
    upload(api, f"{name}_blob", "in/a", b"one")
    step = copying(flow, f"{name}_blob", f"{name}_folder")
    first = flow.run(step).finished()
    written = tmp_path / "out" / api.outputs(first.run_id, "copy")["out"]["path"] / "a"
    assert written.read_bytes() == b"ONE"
    (step_run,) = PipelineRun.get(Workspace(api.url), first.run_id).find_step_run("copy")
    assert (step_run.get_outputs()["out"].download(tmp_path / "fetched") / "a").read_bytes() == b"ONE"
    assert flow.run(step).finished().reused == {"copy"}
    written.write_bytes(b"two")
    again = flow.run(step).finished()
    assert again.ran == {"copy"}
    assert "was altered" in again.steps["copy"]["explanation"]["sentence"]
    upload(api, f"{name}_blob", "in/b", b"more")
    changed = flow.run(step).finished()
    assert changed.ran == {"copy"}
    assert "data" in changed.steps["copy"]["explanation"]["sentence"]


def test_a_step_reads_from_a_folder_and_writes_to_a_container(
    api: Api, server: Server, flow: Flow, name: str, tmp_path: Path
):
    put(api, f"{name}_blob", blob_body(server, name.replace("_", "-")))
    put(api, f"{name}_folder", {"type": "local_folder", "path": str(tmp_path / "in"), "create_if_not_exists": True})
    upload(api, f"{name}_folder", "in/a", b"one")
    step = copying(flow, f"{name}_folder", f"{name}_blob")
    first = flow.run(step).finished()
    assert api.read_output(first.run_id, "copy", path="a") == b"ONE"
    assert flow.run(step).finished().reused == {"copy"}
    upload(api, f"{name}_folder", "in/a", b"two")
    assert flow.run(step).finished().ran == {"copy"}


def test_a_share_is_read_and_written_like_any_other_place(api: Api, flow: Flow, name: str):
    with azure_files.AzureFiles() as account:
        body = {"type": "azure_file", "account_name": azure_files.ACCOUNT, "container": "data"}
        body |= {"endpoint": account.url, "account_key": azure_files.ACCOUNT_KEY}
        put(api, name, {**body, "create_if_not_exists": True})
        account.shares["data"]["in"] = None
        account.shares["data"]["in/a"] = file = azure_files.File(3, '"0xA"')
        file.data[:] = b"one"
        step = copying(flow, name, name)
        first = flow.run(step).finished()
        stored = account.shares["data"][f"{api.outputs(first.run_id, 'copy')['out']['path']}/a"]
        assert stored is not None
        assert bytes(stored.data) == b"ONE"
        assert flow.run(step).finished().reused == {"copy"}
        stored.etag = '"0xB"'
        assert flow.run(step).finished().ran == {"copy"}
        api.http.delete(f"/api/datastores/{name}")


def test_keys_and_tokens_are_in_no_row_reply_or_log(
    api: Api, server: Server, flow: Flow, name: str, storage: BlobServiceClient
):
    container = name.replace("_", "-")
    storage.create_container(container)
    end = datetime.now(UTC) + timedelta(hours=1)
    token = generate_container_sas(ACCOUNT, container, account_key=ACCOUNT_KEY, permission="rwcl", expiry=end)
    signature = token.rpartition("sig=")[2]
    body = blob_body(server, container, account_key=None, sas_token=f"?{token}", create_if_not_exists=False)
    replies = [put(api, f"{name}_token", body)]
    replies.append(put(api, f"{name}_key", blob_body(server, container)))
    assert [reply["credential"] for reply in replies] == ["sas_token", "account_key"]
    storage.get_blob_client(container, "in/a").upload_blob(b"one")
    step = copying(flow, f"{name}_token", f"{name}_key")
    ended = flow.run(step).finished()
    assert flow.run(step).finished().reused == {"copy"}
    log = api.log(ended.run_id, "copy")
    replies += [api.get("/api/datastores"), api.get(f"/api/datastores/{name}_key"), ended.run, *ended.steps.values()]
    rows = everything_stored(server)
    assert f"{name}_key" in rows
    for secret in (signature, unquote(signature), ACCOUNT_KEY):
        assert secret not in rows
        assert secret not in str(replies)
        assert secret not in log
        assert secret not in server.output.read_text(encoding="utf-8")
    kept = [file.read_text() for file in (server.data / "secrets").iterdir()]
    assert {token, ACCOUNT_KEY} <= set(kept)


def everything_stored(server: Server) -> str:
    """Every row of every table, and every document of the workspace's own container."""
    endpoint = f"http://127.0.0.1:{server.facts['table_port']}/{ACCOUNT}"
    connection = f"AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};TableEndpoint={endpoint}"
    with TableServiceClient.from_connection_string(connection) as tables, server.blobs() as blobs:
        clients = [tables.get_table_client(table.name) for table in tables.list_tables()]
        rows = [str(dict(row)) for client in clients for row in client.list_entities()]
        container = blobs.get_container_client("pipeyard")
        documents = [
            container.download_blob(blob.name).readall().decode(errors="replace") for blob in container.list_blobs()
        ]
    return "\n".join([*rows, *documents])


def test_registering_says_everything_that_is_wrong_at_once(api: Api, name: str):
    body = {
        "type": "azure_blob",
        "account_name": "No!",
        "container": "X",
        "endpoint": "http://example.com",
        "path": "/x",
    }
    body |= {"account_key": "short", "sas_token": "secretstuff"}
    found = problem(api.http.put(f"/api/datastores/{name}", json=body), 422)
    pointers = [fault["pointer"] for fault in found["faults"]]
    assert pointers == ["/account_name", "/container", "/path", "/endpoint", "/sas_token", "/account_key", "/sas_token"]
    assert "secretstuff" not in str(found)
    body = {"type": "local_folder", "path": "relative/../x", "container": "x"}
    found = problem(api.http.put(f"/api/datastores/{name}", json=body), 422)
    assert [fault["pointer"] for fault in found["faults"]] == ["/container", "/path"]
    body = {"type": "azure_blob", "account_name": "account", "container": "data"}
    found = problem(api.http.put(f"/api/datastores/{name}", json=body), 422)
    assert "no identity" in found["faults"][0]["message"]
    problem(api.http.get(f"/api/datastores/{name}"), 404)


def test_registering_looks_whether_the_place_answers(api: Api, server: Server, name: str, tmp_path: Path):
    folder = {"type": "local_folder", "path": str(tmp_path / "none")}
    (fault,) = problem(api.http.put(f"/api/datastores/{name}", json=folder), 422)["faults"]
    assert fault["message"] == f"There is no folder {tmp_path / 'none'}."
    assert "create_if_not_exists" in fault["suggestion"]
    wrong = blob_body(server, "data", account_key="d3Jvbmd3cm9uZ3dyb25nd3Jvbmd3cm9uZw==", create_if_not_exists=False)
    (fault,) = problem(api.http.put(f"/api/datastores/{name}", json=wrong), 422)["faults"]
    assert "403 AuthorizationFailure" in fault["message"]
    before = sorted((server.data / "secrets").iterdir())
    put(api, name, {**wrong, "skip_validation": True})
    assert len(sorted((server.data / "secrets").iterdir())) == len(before) + 1
    problem(api.http.put(f"/api/datastores/{name}", json=wrong), 409)
    put(api, name, blob_body(server, name.replace("_", "-")), overwrite="true")
    assert len(sorted((server.data / "secrets").iterdir())) == len(before) + 1
    assert api.get(f"/api/datastores/{name}/files", prefix="")["value"] == []
    assert api.http.delete(f"/api/datastores/{name}").status_code == 204
    assert sorted((server.data / "secrets").iterdir()) == before


def test_the_default_can_be_changed_and_is_not_unregistered(api: Api, name: str, tmp_path: Path):
    put(api, name, {"type": "local_folder", "path": str(tmp_path)})
    try:
        assert api.http.put("/api/default-datastore", json={"name": name}).json()["is_default"]
        defaults = [each["name"] for each in api.get("/api/datastores")["value"] if each["is_default"]]
        assert defaults == [name]
        assert "default" in problem(api.http.delete(f"/api/datastores/{name}"), 409)["detail"]
        problem(api.http.put("/api/default-datastore", json={"name": "nothing"}), 404)
    finally:
        api.http.put("/api/default-datastore", json={"name": "workspaceblobstore"})
    assert api.http.delete(f"/api/datastores/{name}").status_code == 204
    problem(api.http.delete(f"/api/datastores/{name}"), 404)


def test_a_pipeline_that_names_a_forgotten_datastore_is_refused_and_its_results_are_not_reused(
    api: Api, flow: Flow, name: str, tmp_path: Path
):
    put(api, name, {"type": "local_folder", "path": str(tmp_path / "a"), "create_if_not_exists": True})
    upload(api, name, "in/a", b"one")
    step = copying(flow, name, name)
    flow.run(step).finished()
    api.http.delete(f"/api/datastores/{name}")
    assert (tmp_path / "a" / "in" / "a").exists()
    found = api.refuse("/api/runs", {"definition": flow.definition(step)}, 422)
    assert [fault["pointer"] for fault in found["faults"]] == [
        "/definition/steps/0/inputs/data/datastore",
        "/definition/steps/0/outputs/out/datastore",
    ]
    put(api, name, {"type": "local_folder", "path": str(tmp_path / "b"), "create_if_not_exists": True})
    upload(api, name, "in/a", b"one")
    assert flow.run(step).finished().ran == {"copy"}
