"""Copies between storage accounts, by Azurite itself."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.storage.blob import (
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    ContentSettings,
    generate_container_sas,
)

from runner import file_copies
from runner.copying import Copier
from runner.errors import TransferError
from runner.http_client import HttpClient
from runner.live import LogUpload
from runner.script import Layout
from runner.spec import Spec, parse_spec
from shared.core.jobs import JobArgument, JobFile, JobInput, JobOutput, PresentFile, UploadTarget
from tests.unit.runner.blob_server import BlobServer
from tests.unit.runner.jobs import job, value

DATA = {"a": b"one", "deep/b": b"twotwo", "large": b"x" * 100}


class Account:
    """A container of an account, and signatures for it."""

    def __init__(self, connection: str) -> None:
        self._service = BlobServiceClient.from_connection_string(connection)
        self.container: ContainerClient = self._service.create_container("data")

    def query(self, permission: str) -> str:
        expiry = datetime.now(UTC) + timedelta(hours=1)
        return generate_container_sas(
            str(self.container.account_name),
            "data",
            account_key=self._service.credential.account_key,
            permission=ContainerSasPermissions.from_string(permission),
            expiry=expiry,
        )

    def put(self, name: str, data: bytes) -> JobFile:
        md5 = hashlib.md5(data).digest()
        self.container.upload_blob(
            name, data, overwrite=True, content_settings=ContentSettings(content_md5=bytearray(md5))
        )
        url = f"{self.container.url}/{name}?{self.query('r')}"
        return JobFile(path=name.removeprefix("in/"), url=url, digest=f"md5:{md5.hex()}", size=len(data))

    def close(self) -> None:
        self._service.close()


@pytest.fixture
def accounts(azurite) -> Iterator[tuple[Account, Account]]:
    both = Account(azurite.account()), Account(azurite.account())
    yield both
    for account in both:
        account.close()


@pytest.fixture
def run(server: BlobServer, tmp_path: Path) -> Iterator[Callable[[Spec], str]]:
    """Runs a transfer and gives its log."""
    client = HttpClient()

    def work(spec: Spec) -> str:
        (tmp_path / "log.txt").write_text("")
        layout = Layout(tmp_path)
        Copier(layout, LogUpload(client, layout.log, f"{server.base_url}/log?sig=x")).run(spec, None)
        return layout.log.read_text()

    yield work
    client.close()


def transfer(server: BlobServer, source: Account, destination: Account) -> Spec:
    files = tuple(source.put(f"in/{name}", data) for name, data in DATA.items())
    read = destination.query("r")
    present = tuple(
        PresentFile(
            path=blob.name.removeprefix("out/"),
            url=f"{destination.container.url}/{blob.name}?{read}",
            size=blob.size,
            md5=bytes(blob.content_settings.content_md5).hex() if blob.content_settings.content_md5 else None,
            etag=blob.etag,
        )
        for blob in destination.container.list_blobs(name_starts_with="out/")
    )
    target = UploadTarget(base_url=f"{destination.container.url}/out", query=destination.query("acw"))
    command = (JobArgument(input="raw"), JobArgument(output="copied"), value("any"), value("any"))
    made = job(server, launch="transfer", command=command).model_copy(
        update={
            "inputs": (JobInput(name="raw", files=files),),
            "outputs": (JobOutput(name="copied", target=target, present=present, read_query=read),),
        }
    )
    return parse_spec(made.model_dump_json())


@pytest.mark.parametrize("limit", [file_copies.BY_STORAGE_BYTES, 10])
def test_storage_copies_from_account_to_account(
    accounts: tuple[Account, Account],
    server: BlobServer,
    run: Callable[[Spec], str],
    monkeypatch: pytest.MonkeyPatch,
    limit: int,
):
    source, destination = accounts
    monkeypatch.setattr(file_copies, "BY_STORAGE_BYTES", limit)
    assert "3 files, 109 bytes copied by storage." in run(transfer(server, source, destination))
    there = destination.container
    assert {name: there.download_blob(f"out/{name}").readall() for name in DATA} == DATA
    assert "3 files, 109 bytes skipped" in run(transfer(server, source, destination))
    there.upload_blob("out/large", b"y" * 100, overwrite=True)
    log = run(transfer(server, source, destination))
    assert "1 file, 100 bytes copied by storage." in log
    assert there.download_blob("out/large").readall() == DATA["large"]


def test_a_source_that_changed_is_not_copied(
    accounts: tuple[Account, Account], server: BlobServer, run: Callable[[Spec], str], monkeypatch: pytest.MonkeyPatch
):
    source, destination = accounts
    monkeypatch.setattr(file_copies, "BY_STORAGE_BYTES", 10)
    spec = transfer(server, source, destination)
    source.put("in/large", b"z" * 100)
    with pytest.raises(TransferError, match="not what its digest says"):
        run(spec)
