"""Uploads and downloads of the SDK against real storage: broken ones go on, and files exist whole or not at all."""

import os
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from pipeyard._client import Client
from pipeyard._config import WorkspaceLocation
from pipeyard._http import HttpSession
from pipeyard._storage.local_files import local_path
from pipeyard.core import Datastore, Workspace
from pipeyard.data.azure_data_lake_datastore import AzureDataLakeGen2Datastore
from pipeyard.data.azure_storage_datastore import AzureBlobDatastore, AzureFileDatastore
from pipeyard.data.local_folder_datastore import LocalFolderDatastore
from pipeyard.exceptions import PipeyardException, ServiceException, UserErrorException

from tests.e2e.workspace import ACCOUNT_KEY, Api, Server
from tests.fakes import azure_files

BIG = 64 << 20
ACCOUNT = "devstoreaccount1"


class Wire(httpx.BaseTransport):
    """A network that counts requests and can break."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.breaks: Callable[[httpx.Request], bool] = lambda _: False
        self._inner = httpx.HTTPTransport()
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            if self.breaks(request):
                raise httpx.ReadError("broken by the test", request=request)
            self.seen.append(f"{request.method} {request.url.query.decode()} {request.headers.get('range', '')}")
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()

    def count(self, text: str) -> int:
        return sum(text in line for line in self.seen)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def workspace(api: Api, wire: Wire) -> Iterator[Workspace]:
    location = WorkspaceLocation(url=api.url, source="the test")
    with Client(location, transport=wire, sleep=lambda _: None) as client:
        yield Workspace(api.url, client=client)


@pytest.fixture
def folder() -> str:
    """A folder of the shared datastore that nobody else uses."""
    return f"transfers/{uuid.uuid4().hex}"


@pytest.fixture
def big(tmp_path: Path) -> Path:
    file = tmp_path / "big"
    file.write_bytes(os.urandom(BIG))
    return file


def break_after(count: int, text: str) -> Callable[[httpx.Request], bool]:
    """Let so many such requests through, and none after them."""
    left = [count]

    def breaks(request: httpx.Request) -> bool:
        if text not in request.url.query.decode() + request.headers.get("range", ""):
            return False
        left[0] -= 1
        return left[0] < 0

    return breaks


def test_an_interrupted_upload_sends_only_what_is_missing(workspace: Workspace, wire: Wire, big: Path, folder: str):
    store = workspace.get_default_datastore()
    wire.breaks = break_after(9, "comp=block&")
    with pytest.raises(ServiceException, match="did not answer"):
        store.upload_files([big], target_path=folder, show_progress=False)
    wire.breaks = lambda _: False
    arrived = wire.count("comp=block&")
    assert store.download(big.parent / "early", folder, show_progress=False) == 0
    wire.seen.clear()
    store.upload_files([big], target_path=folder, show_progress=False)
    assert wire.count("comp=block&") == BIG // (4 << 20) - arrived
    assert arrived == 9
    assert store.download(big.parent / "down", folder, show_progress=False) == 1
    assert (big.parent / "down" / folder / "big").read_bytes() == big.read_bytes()


def test_a_changed_file_is_not_mixed_with_what_an_interrupted_upload_left(
    workspace: Workspace, wire: Wire, big: Path, folder: str
):
    store = workspace.get_default_datastore()
    wire.breaks = break_after(9, "comp=block&")
    with pytest.raises(ServiceException):
        store.upload_files([big], target_path=folder, show_progress=False)
    wire.breaks = lambda _: False
    big.write_bytes(os.urandom(BIG))
    store.upload_files([big], target_path=folder, show_progress=False)
    store.download(big.parent / "down", folder, show_progress=False)
    assert (big.parent / "down" / folder / "big").read_bytes() == big.read_bytes()


def test_blocks_of_another_program_are_no_obstacle(workspace: Workspace, api: Api, big: Path, folder: str):
    store = workspace.get_default_datastore()
    path = f"{folder}/big"
    url = api.post(f"/api/datastores/{store.name}/uploads", {"paths": [path]})["urls"][path]
    assert httpx.put(f"{url}&comp=block&blockid=MDAx", content=b"other").status_code == 201
    store.upload_files([big], target_path=folder, show_progress=False)
    store.download(big.parent / "down", folder, show_progress=False)
    assert (big.parent / "down" / path).read_bytes() == big.read_bytes()


def test_an_interrupted_download_fetches_only_what_is_missing(
    workspace: Workspace, wire: Wire, big: Path, folder: str, tmp_path: Path
):
    store = workspace.get_default_datastore()
    store.upload_files([big], target_path=folder, show_progress=False)
    target = tmp_path / "down" / folder / "big"
    wire.breaks = break_after(9, "bytes=")
    with pytest.raises(ServiceException):
        store.download(tmp_path / "down", folder, show_progress=False)
    assert not target.exists()
    wire.breaks = lambda _: False
    wire.seen.clear()
    assert store.download(tmp_path / "down", folder, show_progress=False) == 1
    assert target.read_bytes() == big.read_bytes()
    assert wire.count("bytes=") < BIG // (4 << 20)
    assert [file.name for file in target.parent.iterdir()] == ["big"]


def test_a_file_that_changed_between_two_halves_of_a_download_is_fetched_anew(
    workspace: Workspace, wire: Wire, big: Path, folder: str, tmp_path: Path
):
    store = workspace.get_default_datastore()
    store.upload_files([big], target_path=folder, show_progress=False)
    wire.breaks = break_after(9, "bytes=")
    with pytest.raises(ServiceException):
        store.download(tmp_path / "down", folder, show_progress=False)
    wire.breaks = lambda _: False
    big.write_bytes(os.urandom(BIG))
    store.upload_files([big], target_path=folder, overwrite=True, show_progress=False)
    store.download(tmp_path / "down", folder, show_progress=False)
    assert (tmp_path / "down" / folder / "big").read_bytes() == big.read_bytes()


def test_storage_keeps_the_md5_of_a_file_in_blocks_so_that_the_same_bytes_count_as_the_same(
    workspace: Workspace, server: Server, big: Path, folder: str
):
    store = workspace.get_default_datastore()
    store.upload_files([big], target_path=folder, show_progress=False)
    with server.blobs() as blobs:
        properties = blobs.get_blob_client("azureml-blobstore", f"{folder}/big").get_blob_properties()
    assert properties.content_settings.content_md5 is not None


def test_many_small_files_and_deep_folders_arrive(workspace: Workspace, tmp_path: Path, folder: str):
    source = tmp_path / "source"
    for number in range(120):
        file = source / f"{number % 7}" / "ä b" / f"{number}#%.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(number))
    (source / "empty").touch()
    store = workspace.get_default_datastore()
    reference = store.upload(source, folder, show_progress=False)
    assert (reference.datastore, reference.path_on_datastore) == (store, folder)
    assert store.download(tmp_path / "down", folder, show_progress=False) == 121
    for file in source.rglob("*"):
        if file.is_file():
            assert (tmp_path / "down" / folder / file.relative_to(source)).read_bytes() == file.read_bytes()


def test_v1s_rules_of_overwriting(
    workspace: Workspace, tmp_path: Path, folder: str, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "a"
    file.write_text("one")
    store = workspace.get_default_datastore()
    store.upload_files([file], target_path=folder)
    file.write_text("two")
    store.upload_files([file], target_path=folder)
    store.download(tmp_path / "down", f"{folder}/a")
    assert (tmp_path / "down" / folder / "a").read_text() == "one"
    store.upload_files([file], target_path=folder, overwrite=True)
    assert store.download(tmp_path / "down", f"{folder}/a") == 0
    assert store.download(tmp_path / "down", f"{folder}/a", overwrite=True) == 1
    assert (tmp_path / "down" / folder / "a").read_text() == "two"
    assert "Uploaded 0 of 1 files" in capsys.readouterr().out


def endpoint(server: Server) -> str:
    return f"http://127.0.0.1:{server.facts['blob_port']}/{ACCOUNT}"


def test_registering_gives_the_class_that_fits(workspace: Workspace, server: Server, tmp_path: Path):
    mark = uuid.uuid4().hex[:12]
    key, url = ACCOUNT_KEY, endpoint(server)
    blob = Datastore.register_azure_blob_container(
        workspace, f"b_{mark}", f"b-{mark}", ACCOUNT, account_key=key, endpoint=url, create_if_not_exists=True
    )
    lake = Datastore.register_azure_data_lake_gen2(
        workspace, f"g_{mark}", f"b-{mark}", ACCOUNT, endpoint=url, account_key=key
    )
    local = Datastore.register_local_folder(workspace, f"l_{mark}", tmp_path / "l", create_if_not_exists=True)
    assert [type(each) for each in (blob, lake, local)] == [
        AzureBlobDatastore,
        AzureDataLakeGen2Datastore,
        LocalFolderDatastore,
    ]
    assert isinstance(Datastore(workspace, blob.name), AzureBlobDatastore)
    assert (blob.datastore_type, blob.container_name, blob.account_name) == ("AzureBlob", f"b-{mark}", ACCOUNT)
    assert isinstance(local, LocalFolderDatastore)
    assert local.folder == tmp_path / "l"
    with pytest.raises(UserErrorException, match="already"):
        Datastore.register_local_folder(workspace, local.name, tmp_path)
    with pytest.raises(UserErrorException, match="no AzureFileDatastore"):
        AzureFileDatastore(workspace, blob.name)
    for each in (blob, lake, local):
        each.unregister()
        with pytest.raises(UserErrorException, match=each.name):
            Datastore.get(workspace, each.name)


def test_the_default_can_be_changed(workspace: Workspace, tmp_path: Path):
    store = Datastore.register_local_folder(workspace, f"d_{uuid.uuid4().hex[:12]}", tmp_path)
    try:
        store.set_as_default()
        assert Datastore(workspace) == workspace.get_default_datastore() == store
    finally:
        workspace.set_default_datastore("workspaceblobstore")
    store.unregister()


@pytest.mark.parametrize("kind", ["share", "folder"])
def test_other_places_take_and_give_files_as_well(kind: str, workspace: Workspace, tmp_path: Path):
    source = tmp_path / "source"
    (source / "sub folder").mkdir(parents=True)
    (source / "a").write_text("a")
    (source / "sub folder" / "b ü#%").write_bytes(os.urandom(9 << 20))
    (source / "empty").touch()
    mark = uuid.uuid4().hex[:12]
    with azure_files.AzureFiles() as account:
        if kind == "share":
            store: Datastore = Datastore.register_azure_file_share(
                workspace,
                f"s_{mark}",
                "data",
                azure_files.ACCOUNT,
                account_key=azure_files.ACCOUNT_KEY,
                endpoint=account.url,
                create_if_not_exists=True,
            )
        else:
            store = Datastore.register_local_folder(workspace, f"s_{mark}", tmp_path / "l", create_if_not_exists=True)
        store.upload(source, "t/deep", show_progress=False)
        assert store.download(tmp_path / "down", "t/", show_progress=False) == 3
        for name in ("a", "sub folder/b ü#%", "empty"):
            assert (tmp_path / "down" / "t/deep" / name).read_bytes() == (source / name).read_bytes()
        store.unregister()


def test_what_cannot_be_a_datastore_says_why(workspace: Workspace):
    for register in (
        Datastore.register_azure_sql_database,
        Datastore.register_azure_my_sql,
        Datastore.register_azure_postgre_sql,
        Datastore.register_azure_data_lake,
        Datastore.register_dbfs,
        Datastore.register_hdfs,
    ):
        with pytest.raises(UserErrorException, match="cannot be a datastore"):
            register(workspace, "name", "server", database_name="x")
    with pytest.raises(UserErrorException, match="roles"):
        Datastore.register_azure_blob_container(workspace, "name", "data", "account", grant_workspace_access=True)
    with pytest.raises(UserErrorException, match="service principal"):
        Datastore.register_azure_data_lake_gen2(workspace, "name", "data", "account", "tenant", "client", "secret")


def test_a_folder_of_another_machine_is_refused(workspace: Workspace, tmp_path: Path):
    session = HttpSession(WorkspaceLocation(url="https://far.example", source="the test"))
    with pytest.raises(PipeyardException, match="machine"):
        local_path(session, f"file://{tmp_path}/x")
    session.close()
