"""Copies between datastores: by storage itself, through the machine, gone on with, broken off, reused."""

import hashlib
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient
from pipeyard.core import Datastore, Experiment, Workspace
from pipeyard.core.compute import ComputeTarget, DataFactoryCompute
from pipeyard.data.data_reference import DataReference
from pipeyard.pipeline.core import Pipeline
from pipeyard.pipeline.steps import DataTransferStep, PythonScriptStep

from tests.e2e.workspace import ACCOUNT_KEY, DATASTORE, Api, Ended, Flow, Json, Server
from tests.fakes import azure_files
from tests.waiting import until

ACCOUNT = "devstoreaccount1"
FILES = {"a": b"one", "deep/b": b"twotwo", "empty": b""}


@pytest.fixture
def token() -> str:
    return uuid.uuid4().hex[:12]


@pytest.fixture
def account(server: Server) -> Iterator[BlobServiceClient]:
    with server.blobs() as service:
        yield service


@pytest.fixture
def container(api: Api, server: Server, account: BlobServiceClient, token: str) -> Iterator[ContainerClient]:
    """A container of its own, registered as the datastore `store_<token>`."""
    endpoint = f"http://127.0.0.1:{server.facts['blob_port']}/{ACCOUNT}"
    body = {"type": "azure_blob", "account_name": ACCOUNT, "container": f"c{token}", "endpoint": endpoint}
    register(api, f"store_{token}", {**body, "account_key": ACCOUNT_KEY})
    with account.get_container_client(f"c{token}") as made:
        yield made


@pytest.fixture
def folder(api: Api, token: str, tmp_path: Path) -> Path:
    """A folder of the machine, registered as the datastore `folder_<token>`."""
    register(api, f"folder_{token}", {"type": "local_folder", "path": str(tmp_path / "there")})
    return tmp_path / "there"


@pytest.fixture
def source(api: Api, token: str) -> str:
    """A folder of the workspace's own blobs."""
    for name, data in FILES.items():
        api.upload(f"in/{token}/{name}", data)
    return f"in/{token}"


def register(api: Api, name: str, body: Json) -> None:
    answer = api.http.put(f"/api/datastores/{name}", json={**body, "create_if_not_exists": True})
    assert answer.status_code == 200, answer.text


def transfer(flow: Flow, path: str, datastore: str, *, source: str = DATASTORE, **settings: str) -> Json:
    return {
        "name": "copy",
        "type": "data_transfer",
        "settings": settings,
        "inputs": {"raw": {"kind": "data_reference", "datastore": source, "path": path}},
        "outputs": {"out": {"datastore": datastore, "path": "to/here"}},
        "compute_target": "local",
        "version": flow.token,
    }


def below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def blobs(container: ContainerClient) -> dict[str, bytes]:
    return {blob.name: container.download_blob(blob.name).readall() for blob in container.list_blobs()}


def log_of(api: Api, ended: Ended) -> str:
    return api.log(ended.run_id, "copy")


def test_storage_copies_a_folder_of_blobs_and_later_steps_read_it(
    api: Api, flow: Flow, container: ContainerClient, source: str, token: str
):
    copy = transfer(flow, source, f"store_{token}")
    reader = flow.step("reader", "out(open(path('copy') + '/deep/b').read())", data=["copy"])
    first = flow.run(copy, reader).finished()
    assert blobs(container) == {f"to/here/{name}": data for name, data in FILES.items()}
    assert "3 files, 9 bytes copied by storage." in log_of(api, first)
    assert api.read_output(first.run_id, "reader") == b"twotwo"
    files = {file["path"]: file for file in api.outputs(first.run_id, "copy")["out"]["files"]}
    assert files["a"] == {"path": "a", "size": 3, "sha256": None, "md5": hashlib.md5(b"one").hexdigest()}
    assert flow.run(copy, reader).finished().reused == {"copy", "reader"}

    container.delete_blob("to/here/deep/b")
    again = flow.run(copy, reader).finished()
    assert (again.ran, again.reused) == ({"copy"}, {"reader"})
    assert "2 files, 3 bytes skipped" in log_of(api, again)
    assert "1 file, 6 bytes copied by storage." in log_of(api, again)
    assert blobs(container) == {f"to/here/{name}": data for name, data in FILES.items()}
    assert flow.run(copy, reader).finished().reused == {"copy", "reader"}


def test_storage_copies_what_a_step_wrote(api: Api, flow: Flow, container: ContainerClient, token: str):
    maker = flow.step("maker", "note(); out('made')")
    copy = transfer(flow, "", f"store_{token}")
    copy["inputs"] = {"raw": {"kind": "pipeline_data", "step": "maker", "output": "out"}}
    ended = flow.run(maker, copy).finished()
    assert "1 file, 4 bytes copied by storage." in log_of(api, ended)
    assert blobs(container) == {"to/here": b"made"}
    made, copied = (api.outputs(ended.run_id, name)["out"]["files"] for name in ("maker", "copy"))
    assert made == copied
    container.upload_blob("to/here", b"MADE", overwrite=True)
    again = flow.run(maker, copy).finished()
    assert (again.ran, blobs(container)) == ({"copy"}, {"to/here": b"made"})


def test_other_bytes_at_the_destination_are_replaced_and_other_files_stay(
    api: Api, flow: Flow, container: ContainerClient, source: str, token: str
):
    container.upload_blob("to/here/a", b"two")
    container.upload_blob("to/here/mine", b"mine")
    container.upload_blob("to/here2", b"no part of it")
    flow.run(transfer(flow, source, f"store_{token}")).finished()
    others = {"to/here/mine": b"mine", "to/here2": b"no part of it"}
    assert blobs(container) == {f"to/here/{name}": data for name, data in FILES.items()} | others


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({}, "to/here"),
        ({"source_reference_type": "file", "destination_reference_type": "file"}, "to/here"),
        ({"destination_reference_type": "directory"}, "to/here/a"),
    ],
)
def test_a_single_file(
    flow: Flow, container: ContainerClient, source: str, token: str, settings: dict[str, str], place: str
):
    flow.run(transfer(flow, f"{source}/a", f"store_{token}", **settings)).finished()
    assert blobs(container) == {place: b"one"}


@pytest.mark.parametrize(
    ("path", "settings", "words"),
    [
        ("", {"source_reference_type": "file"}, "is a folder, but source_reference_type is file"),
        ("/a", {"source_reference_type": "directory"}, "is a file, but source_reference_type is directory"),
        ("", {"destination_reference_type": "file"}, "cannot be copied to a file"),
    ],
)
def test_kinds_that_do_not_fit_are_named(
    api: Api, flow: Flow, folder: Path, source: str, token: str, path: str, settings: dict[str, str], words: str
):
    ended = flow.run(transfer(flow, f"{source}{path}", f"folder_{token}", **settings))
    assert ended.status == "Failed"
    assert words in str(ended.steps["copy"])
    assert words in log_of(api, ended)
    assert below(folder) == {}


def test_what_a_folder_has_already_is_skipped(api: Api, flow: Flow, folder: Path, source: str, token: str):
    copy = transfer(flow, source, f"folder_{token}")
    first = flow.run(copy).finished()
    assert below(folder / "to/here") == FILES
    assert "3 files, 9 bytes copied through this machine." in log_of(api, first)
    (folder / "to/here/a").write_bytes(b"ONE")
    again = flow.run(copy).finished()
    assert "1 file, 3 bytes copied through this machine." in log_of(api, again)
    assert "2 files, 6 bytes skipped" in log_of(api, again)
    assert below(folder / "to/here") == FILES
    back = {**transfer(flow, "to/here", DATASTORE, source=f"folder_{token}"), "name": "back"}
    back["outputs"] = {"out": {"path": f"back/{token}"}}
    assert api.read_output(flow.run(back).finished().run_id, "back", path="deep/b") == b"twotwo"


def test_a_cancel_leaves_whole_files_and_the_next_run_goes_on(api: Api, flow: Flow, folder: Path, token: str) -> None:
    release = threading.Event()

    def hold(request: str) -> None:
        if request == "GET /data/in/b":
            release.wait(150)

    with azure_files.AzureFiles() as share:
        body = {"type": "azure_file", "account_name": azure_files.ACCOUNT, "container": "data"}
        register(api, f"share_{token}", {**body, "endpoint": share.url, "account_key": azure_files.ACCOUNT_KEY})
        share.shares["data"]["in"] = None
        for name in ("a", "b"):
            share.shares["data"][f"in/{name}"] = file = azure_files.File(3, share.new_etag())
            file.data[:] = b"one"
        share.before = hold
        copy = transfer(flow, "in", f"folder_{token}", source=f"share_{token}")
        run_id = flow.submit(copy)
        until((folder / "to/here/a").exists, "half of the copy")
        until(lambda: ("GET", "/data/in/b") in [(sent.method, sent.path) for sent in share.requests], "the other half")
        api.post(f"/api/runs/{run_id}/cancel", status=202)
        assert api.wait(run_id).status == "Canceled"
        assert below(folder) == {"to/here/a": b"one"}
        release.set()
        ended = flow.run(copy).finished()
        assert "1 file, 3 bytes skipped" in log_of(api, ended)
        assert below(folder / "to/here") == {"a": b"one", "b": b"one"}
        there = {**transfer(flow, "to/here", f"share_{token}", source=f"folder_{token}"), "name": "there"}
        flow.run(there).finished()
        stored = share.shares["data"]["to/here/b"]
        assert stored is not None
        assert bytes(stored.data) == b"one"
        api.http.delete(f"/api/datastores/share_{token}")


def test_v1s_classes(server: Server, container: ContainerClient, source: str, token: str, tmp_path: Path) -> None:
    workspace = Workspace(url=server.facts["url"])
    factory = ComputeTarget.create(workspace, f"df-{token}", DataFactoryCompute.provisioning_configuration())
    factory.wait_for_completion()
    (tmp_path / "read.py").write_text("import sys; print(open(sys.argv[1] + '/deep/b').read())")
    copy: Any = DataTransferStep(
        name="copy",
        source_data_reference=DataReference(workspace.get_default_datastore(), "raw", source),
        destination_data_reference=DataReference(Datastore.get(workspace, f"store_{token}"), "moved", "v1/there"),
        compute_target=factory,
        source_reference_type="directory",
        destination_reference_type="directory",
    )
    copied = copy.get_output()
    reader = PythonScriptStep("read.py", "read", [copied], "local", inputs=[copied], source_directory=str(tmp_path))
    run: Any = Experiment(workspace, f"transfer_{token}").submit(Pipeline(workspace, [reader]))
    run.wait_for_completion(show_output=False)
    assert run.find_step_run("read")[0].get_stdout_log().strip() == "twotwo"
    assert set(blobs(container)) == {f"v1/there/{name}" for name in FILES}
    (output,) = run.find_step_run("copy")[0].get_outputs().values()
    assert (output.download(tmp_path / "fetched") / "a").read_bytes() == b"one"
    factory.delete()
    workspace.client.close()
    assert httpx.get(f"{server.facts['url']}/api/compute-targets/df-{token}").status_code == 404
