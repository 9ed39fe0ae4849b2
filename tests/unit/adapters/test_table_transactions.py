"""The multipart text of a transaction, its signature, and what becomes of the answers."""

import pytest
from azure.core.credentials import AzureNamedKeyCredential

from shared.adapters.azure_transport import PooledTransport, TransactionCounter
from shared.adapters.table_transactions import TableTransactions
from shared.core.errors import NotFound, PipeyardError, StorageUnavailable, TooLarge
from tests.fakes.http_server import HttpServer, Reply

ROWS: list[dict[str, str | int]] = [
    {"PartitionKey": "p:1", "RowKey": "it's", "schema_version": 1, "body0": '{"a":"ä"}'},
    {"PartitionKey": "p:1", "RowKey": "b", "body0": "--changes_pipeyard\r\n"},
]
TEXT = """--batch_pipeyard
Content-Type: multipart/mixed; boundary=changes_pipeyard

--changes_pipeyard
Content-Type: application/http
Content-Transfer-Encoding: binary

PUT {endpoint}/Runs(PartitionKey='p%3A1',RowKey='it''s') HTTP/1.1
Content-Type: application/json
Accept: application/json;odata=minimalmetadata
DataServiceVersion: 3.0

{{"PartitionKey":"p:1","RowKey":"it's","schema_version":1,"body0":"{{\\"a\\":\\"\\u00e4\\"}}"}}
--changes_pipeyard
Content-Type: application/http
Content-Transfer-Encoding: binary

PUT {endpoint}/Runs(PartitionKey='p%3A1',RowKey='b') HTTP/1.1
Content-Type: application/json
Accept: application/json;odata=minimalmetadata
DataServiceVersion: 3.0

{{"PartitionKey":"p:1","RowKey":"b","body0":"--changes_pipeyard\\r\\n"}}
--changes_pipeyard--
--batch_pipeyard--
"""


def parts(*statuses: str) -> bytes:
    answers = [f"--c\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {status}\r\n\r\n" for status in statuses]
    return "".join(answers).encode()


@pytest.fixture
def server():
    with HttpServer() as listening:
        yield listening


@pytest.fixture
def counter() -> TransactionCounter:
    return TransactionCounter()


@pytest.fixture
def endpoint(server) -> str:
    return f"http://127.0.0.1:{server.port}/account"


@pytest.fixture
def transactions(endpoint, counter):
    transport = PooledTransport("table", counter)
    yield TableTransactions(endpoint, AzureNamedKeyCredential("account", "a2V5"), transport)
    transport.close()


def test_text_is_the_published_form_and_signed(server, transactions, endpoint, counter):
    server.replies = [Reply(202, content=parts("204 No Content", "204 No Content"))]
    transactions.upsert("Runs", ROWS)
    (sent,) = server.requests
    assert sent.text == TEXT.format(endpoint=endpoint).replace("\n", "\r\n")
    assert sent.path == "/account/$batch"
    assert sent.headers["Authorization"].startswith("SharedKeyLite account:")
    assert sent.headers["x-ms-date"].endswith(" GMT")
    assert sent.headers["Content-Type"] == "multipart/mixed; boundary=batch_pipeyard"
    assert counter.by_kind == {"table.batch": 1}


@pytest.mark.parametrize("hiccup", [Reply(503), Reply(500, content=b"busy"), Reply(0)])
def test_hiccup_is_mended_by_sending_again(server, transactions, counter, hiccup):
    server.replies = [hiccup, Reply(202, content=parts("204 No Content", "204 No Content"))]
    transactions.upsert("Runs", ROWS)
    assert counter.total == 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Reply(202, content=parts('404 Not Found\r\n\r\n{"odata.error":{"code":"TableNotFound"}}')), NotFound),
        (
            Reply(202, content=parts("204 No Content", '400 Bad\r\n\r\n{"odata.error":{"code":"EntityTooLarge"}}')),
            TooLarge,
        ),
        (Reply(202, content=parts("400 Bad Request")), PipeyardError),
        (Reply(202, content=b"nothing we know"), PipeyardError),
        (Reply(202, content=parts("503 Busy")), StorageUnavailable),
        (Reply(413), TooLarge),
        (Reply(403), PipeyardError),
    ],
)
def test_refusal_is_an_error_of_ours(server, transactions, answer, expected):
    server.replies = [answer]
    with pytest.raises(PipeyardError, match="2 rows of p:1 in table Runs") as caught:
        transactions.upsert("Runs", ROWS)
    assert type(caught.value) is expected
