import itertools

import pytest

from runner.blobs import put_bytes, put_file
from runner.errors import TransferError
from runner.http_client import HttpClient
from tests.unit.runner.blob_server import QUERY


@pytest.fixture
def client():
    made = HttpClient(timeout_seconds=5)
    yield made
    made.close()


def failing(statuses):
    left = iter(statuses)
    return lambda request: next(left, None)


def test_a_connection_is_used_again(client, server):
    for i in range(5):
        put_bytes(client, f"{server.base_url}/b{i}?{QUERY}", b"x")
    assert server.connections == 1


@pytest.mark.parametrize("statuses", [[503, 500, 429], [0, 0], [408]])
def test_what_waiting_mends_is_tried_again(client, server, statuses):
    server.fail = failing(statuses)
    put_bytes(client, f"{server.base_url}/b?{QUERY}", b"x", waits=(0.01, 0.01, 0.01))
    assert server.blobs["b"] == b"x"


def test_a_kept_connection_that_broke_costs_no_try(client, server):
    put_bytes(client, f"{server.base_url}/a?{QUERY}", b"x")
    server.fail = failing([0])
    put_bytes(client, f"{server.base_url}/b?{QUERY}", b"x", waits=())
    assert server.blobs["b"] == b"x"


def test_a_refusal_is_final_and_its_message_has_no_signature(client, server):
    server.fail = failing(itertools.repeat(403))
    with pytest.raises(TransferError) as caught:
        put_bytes(client, f"{server.base_url}/a%20b?{QUERY}", b"x", waits=(9.0,))
    assert str(caught.value) == "Storage answered 403 to PUT /a b."


def test_an_unreachable_host_is_an_error_without_signature(client):
    with pytest.raises(TransferError) as caught:
        put_bytes(client, f"http://127.0.0.1:1/b?{QUERY}", b"x", waits=(0.01,))
    assert str(caught.value) == "Storage did not answer PUT /b (ConnectionRefusedError)."


@pytest.mark.parametrize("size", [0, 5, (4 << 20) + 1, (64 << 20) + 7])
def test_files_of_any_size_arrive_whole(client, server, tmp_path, size):
    path = tmp_path / "f"
    path.write_bytes(bytes(range(251)) * (size // 251) + b"z" * (size % 251))
    uploaded = put_file(client, f"{server.base_url}/f?{QUERY}", path)
    assert server.blobs["f"] == path.read_bytes()
    assert uploaded.size == size
    assert uploaded.etag == uploaded.sha256[:16]  # the server's etags are made of the content
    assert server.connections == 1
