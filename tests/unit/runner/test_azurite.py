"""The same requests as in the other tests, against a server that checks them."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

from runner.blobs import append_block, create_append_blob, put_file
from runner.errors import TransferError
from runner.http_client import HttpClient
from tests.conftest import ACCOUNT_KEY


@pytest.fixture
def container(storage_account):
    with BlobServiceClient.from_connection_string(storage_account) as service, service.create_container("made") as made:
        yield made


@pytest.fixture
def sas(container):
    permission = ContainerSasPermissions(create=True, write=True, add=True)
    expiry = datetime.now(UTC) + timedelta(hours=1)
    return generate_container_sas(
        container.account_name, "made", account_key=ACCOUNT_KEY, permission=permission, expiry=expiry
    )


@pytest.fixture
def client():
    made = HttpClient()
    yield made
    made.close()


@pytest.mark.parametrize("size", [0, 10, (4 << 20) + 1, (64 << 20) + 1])
def test_block_blobs_carry_their_md5(client, container, sas, tmp_path, size):
    path = tmp_path / "f"
    path.write_bytes(b"x" * size)
    uploaded = put_file(client, f"{container.url}/a%20b?{sas}", path)
    blob = container.get_blob_client("a b").get_blob_properties()
    assert (blob.size, blob.etag.strip('"')) == (size, uploaded.etag)
    assert bytes(blob.content_settings.content_md5) == hashlib.md5(path.read_bytes()).digest()
    assert uploaded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_append_blobs_grow_and_refuse_a_wrong_position(client, container, sas):
    url = f"{container.url}/log?{sas}"
    assert create_append_blob(client, url, 5)
    assert not create_append_blob(client, url, 5)
    end = append_block(client, url, b"one\n", 0, 5)
    assert end == 4
    with pytest.raises(TransferError) as caught:
        append_block(client, url, b"one\n", 0, 5)
    assert caught.value.status == 412
    assert append_block(client, url, b"two\n", None, 5) == 8
    assert container.get_blob_client("log").download_blob().readall() == b"one\ntwo\n"
