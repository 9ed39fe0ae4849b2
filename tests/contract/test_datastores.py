"""What every kind of datastore promises, whatever is behind it and whichever right opens it.

Blobs are Azurite's. Shares are those of `tests/fakes/azure_files.py`, a stand-in: no emulator has Azure Files.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient, generate_container_sas
from azure.storage.fileshare import generate_share_sas

from runner.blobs import Uploaded
from runner.cache import Cache
from runner.errors import TransferError
from runner.http_client import HttpClient
from runner.outputs import upload_file
from runner.spec import FileSpec, Target
from shared.adapters.datastore_access import FILE_STORE_SECRET, Datastores
from shared.adapters.secrets.secret_folder import SecretFolder
from shared.adapters.storage.blobs import AzureBlobStore
from shared.core.datastores import Datastore, DatastoreType
from shared.core.errors import Conflict, NotFound, PipeyardError
from shared.ports.datastores import DatastoreFiles
from shared.services.data_files import blob_digest
from tests.fakes import azure_files
from tests.fakes.clocks import SystemClock

HOUR = timedelta(hours=1)
NAMES = ["data/a.txt", "data/sub folder/deep/c", "data/sub folder/ü#b%.txt", "database", "other"]


@dataclass
class Place:
    """Everything that a kind of datastore is opened with."""

    access: Datastores
    secrets: SecretFolder
    connection: str
    files: azure_files.AzureFiles
    folder: Path

    def open(self, kind: str, container: str = "data", *, create: bool = True) -> DatastoreFiles:
        record = RECORDS[kind](self, container)
        opened = self.access.open(record)
        if create and record.credential != "sas_token":  # such a token may not create its own container
            opened.create()
        elif create:
            self.open("share_key" if kind == "share_token" else "blob_key", container)
        return opened

    def secret(self, name: str, value: str) -> str:
        self.secrets.set(name, value)
        return name


def blob_record(place: Place, container: str, *, kind: DatastoreType = "azure_blob", token: bool = False) -> Datastore:
    with BlobServiceClient.from_connection_string(place.connection) as service:
        account, key, endpoint = str(service.account_name), service.credential.account_key, service.url.rstrip("/")
    end = datetime.now(UTC) + HOUR
    value = generate_container_sas(account, container, account_key=key, permission="rwcl", expiry=end) if token else key
    return Datastore(
        name=kind,
        type=kind,
        account_name=account,
        container=container,
        endpoint=endpoint,
        credential="sas_token" if token else "account_key",
        secret_name=place.secret(f"{kind.replace('_', '-')}-{token}", value),
    )


def share_record(place: Place, share: str, *, token: bool = False) -> Datastore:
    key, end = azure_files.ACCOUNT_KEY, datetime.now(UTC) + HOUR
    value = generate_share_sas(azure_files.ACCOUNT, share, key, permission="rwcl", expiry=end) if token else key
    return Datastore(
        name="share",
        type="azure_file",
        account_name=azure_files.ACCOUNT,
        container=share,
        endpoint=place.files.url,
        credential="sas_token" if token else "account_key",
        secret_name=place.secret(f"share-{token}", value),
    )


RECORDS: dict[str, Callable[[Place, str], Datastore]] = {
    "blob_workspace": lambda _, name: Datastore(name="own", type="azure_blob", container=name, credential="workspace"),
    "blob_key": blob_record,
    "blob_token": lambda place, name: blob_record(place, name, token=True),
    "gen2": lambda place, name: blob_record(place, name, kind="azure_data_lake_gen2"),
    "share_key": share_record,
    "share_token": lambda place, name: share_record(place, name, token=True),
    "folder": lambda place, name: Datastore(
        name="folder", type="local_folder", path=str(place.folder / name), credential="workspace"
    ),
}


@pytest.fixture
def place(storage_account: str, tmp_path: Path) -> Iterator[Place]:
    secrets = SecretFolder(tmp_path / "secrets")
    blobs = AzureBlobStore.from_connection_string(storage_account, SystemClock())
    access = Datastores(
        blobs,
        secrets,
        SystemClock(),
        account_name=blobs.account_name,
        file_store=str(tmp_path / "files"),
        credential=None,
        local=True,
    )
    with azure_files.AzureFiles() as files:
        yield Place(access, secrets, storage_account, files, tmp_path / "folders")
    access.close()
    blobs.close()


@pytest.fixture
def client() -> Iterator[HttpClient]:
    client = HttpClient()
    yield client
    client.close()


@pytest.fixture(params=RECORDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def put(client: HttpClient, tmp_path: Path) -> Callable[[DatastoreFiles, str, bytes], Uploaded]:
    """Writes a file the way a job does."""

    def write(opened: DatastoreFiles, name: str, data: bytes) -> Uploaded:
        source = tmp_path / "source"
        source.write_bytes(data)
        folder, _, file = name.rpartition("/")
        base, query = opened.upload_target(folder or name, HOUR)
        return upload_file(client, Target(base, query, opened.upload_kind), file if folder else "", source)

    return write


Put = Callable[[DatastoreFiles, str, bytes], Uploaded]


def read(opened: DatastoreFiles, name: str, url: str, tmp_path: Path, client: HttpClient) -> bytes:
    """Read a file the way a job does, into a cache of its own."""
    (info,) = [each for each in opened.list(name) if each.name == name]
    cache = Cache(tmp_path / "cache" / os.urandom(4).hex(), client, ())
    target = tmp_path / os.urandom(4).hex()
    cache.copy(FileSpec("file", url, blob_digest(opened.place, info), info.size), target)
    return target.read_bytes()


class TestFiles:
    def test_what_a_job_writes_is_listed_with_the_version_that_it_saw(self, place: Place, kind: str, put: Put):
        opened = place.open(kind)
        written = {name: put(opened, name, name.encode()) for name in NAMES}
        listed = {info.name: (info.size, info.etag) for info in opened.list("")}
        assert listed == {name: (file.size, file.etag) for name, file in written.items()}
        assert list(listed) == NAMES

    def test_a_prefix_is_one_of_text_not_of_folders(self, place: Place, kind: str, put: Put):
        opened = place.open(kind)
        for name in NAMES:
            put(opened, name, b"")
        for prefix in ("", "data", "data/", "data/sub", "data/sub folder/", "o", "nothing", "nothing/there"):
            assert [info.name for info in opened.list(prefix)] == [name for name in NAMES if name.startswith(prefix)]

    def test_a_job_reads_what_it_was_granted(
        self, place: Place, kind: str, put: Put, tmp_path: Path, client: HttpClient
    ):
        opened = place.open(kind)
        for name in NAMES:
            put(opened, name, name.encode())
        base, query = opened.read_grant(HOUR)
        for name in NAMES:
            assert read(opened, name, Target(base, query).url(name), tmp_path, client) == name.encode()
            assert read(opened, name, opened.read_url(name, HOUR, file_name="x"), tmp_path, client) == name.encode()

    @pytest.mark.parametrize("size", [0, 1, (4 << 20) + 3], ids=["empty", "byte", "ranges"])
    def test_a_file_of_any_size_arrives(
        self, size: int, place: Place, kind: str, put: Put, tmp_path: Path, client: HttpClient
    ):
        opened, data = place.open(kind), os.urandom(size)
        file = put(opened, "a/b/c", data)
        (info,) = opened.list("a/b/c")
        assert (info.size, info.etag) == (size, file.etag)
        assert read(opened, "a/b/c", opened.read_url("a/b/c", HOUR), tmp_path, client) == data

    def test_files_are_removed_where_the_right_allows_it(self, place: Place, kind: str, put: Put):
        opened = place.open(kind)
        for name in NAMES:
            put(opened, name, name.encode())
        if kind.endswith("token"):  # these may not delete
            with pytest.raises(PipeyardError):
                opened.remove(NAMES[:1])
            return
        opened.remove([*NAMES[:3], "data/never/there"])
        assert [info.name for info in opened.list("")] == NAMES[3:]
        opened.remove([])

    def test_every_write_makes_a_new_version(self, place: Place, kind: str, put: Put):
        opened = place.open(kind)
        first, second = put(opened, "a", b"same"), put(opened, "a", b"same")
        assert first.sha256 == second.sha256
        assert first.etag != second.etag
        assert [info.etag for info in opened.list("a")] == [second.etag]

    def test_a_file_that_changed_since_it_was_listed_is_not_taken_for_the_listed_one(
        self, place: Place, kind: str, put: Put, tmp_path: Path, client: HttpClient
    ):
        opened = place.open(kind)
        put(opened, "a", b"one")
        (info,) = opened.list("a")
        put(opened, "a", b"two")
        spec = FileSpec("a", opened.read_url("a", HOUR), blob_digest(opened.place, info), info.size)
        with pytest.raises(TransferError):
            Cache(tmp_path / "cache", client, ()).copy(spec, tmp_path / "copy")

    def test_datastores_of_one_place_agree_and_others_do_not(self, place: Place, kind: str):
        assert place.open(kind, "data").place == place.open(kind, "data").place != place.open(kind, "more").place

    def test_nobody_but_a_missing_place_is_empty(self, place: Place, kind: str):
        opened = place.open(kind, "nowhere", create=False)
        assert opened.list("") == []
        with pytest.raises(NotFound, match="nowhere"):
            opened.probe()
        opened = place.open(kind, "nowhere")
        opened.probe()


class TestRights:
    @pytest.mark.parametrize("kind", ["blob_key", "share_key"])
    def test_a_wrong_key_is_told_in_the_services_words_without_the_key(self, kind: str, place: Place):
        place.open(kind)
        record = RECORDS[kind](place, "data")
        wrong = "d3Jvbmd3cm9uZ3dyb25nd3Jvbmd3cm9uZw=="
        place.secret(record.secret_name or "", wrong)
        if kind == "share_key":  # the stand-in takes every account key for granted, but no other account's
            record = record.model_copy(update={"account_name": "somebody"})
        with pytest.raises(PipeyardError, match="403") as caught:
            place.access.open(record).probe()
        assert wrong not in str(caught.value)

    def test_a_read_grant_does_not_write(self, place: Place, put: Put, client: HttpClient, tmp_path: Path):
        (tmp_path / "x").write_bytes(b"x")
        for kind in ("blob_key", "share_key"):
            opened = place.open(kind)
            base, query = opened.read_grant(HOUR)
            with pytest.raises(TransferError, match="403"):
                upload_file(client, Target(base, query, opened.upload_kind), "new", tmp_path / "x")

    def test_a_file_url_of_a_share_reads_no_other_file(self, place: Place, put: Put, client: HttpClient):
        opened = place.open("share_key")
        put(opened, "a", b"")
        put(opened, "b", b"")
        url = opened.read_url("a", HOUR)
        with pytest.raises(TransferError, match="403"):
            client.download(url.replace("/data/a?", "/data/b?"), lambda _: None)

    def test_a_record_whose_secret_is_gone_says_so(self, place: Place):
        record = RECORDS["blob_key"](place, "data")
        place.secrets.delete(record.secret_name or "")
        with pytest.raises(NotFound, match="Register it again"):
            place.access.open(record)


class TestGen2:
    def test_folders_are_no_files(self, place: Place):
        opened = place.open("gen2")
        with BlobServiceClient.from_connection_string(place.connection) as service:
            container = service.get_container_client("data")
            container.upload_blob("folder", b"", metadata={"hdi_isfolder": "true"})
            container.upload_blob("folder/file", b"")
        assert [info.name for info in opened.list("")] == ["folder/file"]

    def test_markers_of_folders_are_no_files_either(self, place: Place):
        opened = place.open("blob_key")
        with BlobServiceClient.from_connection_string(place.connection) as service:
            container = service.get_container_client("data")
            container.upload_blob("folder/", b"")
            container.upload_blob("folder/file", b"")
        assert [info.name for info in opened.list("folder/")] == ["folder/file"]


class TestLocalFolder:
    def test_a_name_that_is_no_text_is_told_instead_of_passed_on(self, place: Place):
        opened = place.open("folder")
        (place.folder / "data" / os.fsdecode(b"caf\xe9")).touch()
        with pytest.raises(Conflict, match="not UTF-8"):
            opened.list("")

    def test_unfinished_files_and_linked_folders_are_not_listed(self, place: Place, tmp_path: Path):
        opened = place.open("folder")
        root = place.folder / "data"
        (tmp_path / "away").mkdir()
        (tmp_path / "away" / "x").touch()
        (root / "link").symlink_to(tmp_path / "away")
        (root / "file").symlink_to(tmp_path / "away" / "x")
        (root / ".pipeyard-1.part").touch()
        assert [info.name for info in opened.list("")] == ["file"]

    def test_a_touched_file_counts_as_changed(self, place: Place):
        opened = place.open("folder")
        file = place.folder / "data" / "a"
        file.write_bytes(b"x")
        before = opened.list("a")
        os.utime(file, ns=(1, 1))
        assert before != opened.list("a")

    def test_reading_never_touches_the_source(self, place: Place, tmp_path: Path, client: HttpClient):
        opened = place.open("folder")
        file = place.folder / "data" / "a"
        file.write_bytes(b"x")
        before = file.stat()
        cache = Cache(tmp_path / "cache", client, ())
        (info,) = opened.list("a")
        spec = FileSpec("a", opened.read_url("a", HOUR), blob_digest(opened.place, info), info.size)
        link = cache.link(spec, tmp_path / "in")
        assert link is not None
        assert not file.samefile(tmp_path / "in")
        assert (file.stat().st_mode, file.stat().st_mtime_ns) == (before.st_mode, before.st_mtime_ns)


class TestAccess:
    def test_every_workspace_has_a_blob_store_and_where_configured_a_file_store(self, place: Place):
        blob, files = place.access.built_in
        assert (blob.name, blob.container, blob.credential) == ("workspaceblobstore", "azureml-blobstore", "workspace")
        assert (files.name, files.type) == ("workspacefilestore", "local_folder")

    def test_in_azure_the_file_store_is_a_share_whose_key_is_a_secret(self, place: Place):
        access = in_azure(place, f"{place.files.url}/files")
        _, files = access.built_in
        assert (files.type, files.container, files.secret_name) == ("azure_file", "files", FILE_STORE_SECRET)
        assert access.check(Datastore(name="f", type="local_folder", path="/x", credential="workspace")) is not None
        access.close()

    def test_in_azure_no_folder_is_opened_whoever_recorded_it(self, place: Place, tmp_path: Path):
        access = in_azure(place, str(tmp_path))
        folder = Datastore(name="f", type="local_folder", path=str(tmp_path), credential="workspace")
        for record in (folder, access.built_in[1]):
            with pytest.raises(NotFound, match="local workspaces"):
                access.open(record)
        access.close()

    def test_what_an_identity_cannot_open_is_refused_with_a_reason(self, place: Place):
        share = Datastore(name="s", type="azure_file", account_name="abc", container="s", credential="identity")
        assert "signed" in (place.access.check(share) or "")
        blob = Datastore(name="b", type="azure_blob", account_name="abc", container="s", credential="identity")
        assert "no identity" in (place.access.check(blob) or "")


def in_azure(place: Place, file_store: str) -> Datastores:
    blobs = AzureBlobStore.from_connection_string(place.connection, SystemClock())
    return Datastores(
        blobs, place.secrets, SystemClock(), account_name="x", file_store=file_store, credential=None, local=False
    )
