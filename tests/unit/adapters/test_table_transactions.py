"""The multipart text of a transaction, its signature, and what becomes of the answers."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from azure.core.credentials import AzureNamedKeyCredential

from shared.adapters.azure_transport import PooledTransport, TransactionCounter
from shared.adapters.table_transactions import TableTransactions
from shared.core.errors import NotFound, PipeyardError, StorageUnavailable, TooLarge

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


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, bytes]] = []
        self.requests: list[tuple[str, dict[str, str], bytes]] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, dict(self.headers.items()), body))
        status, answer = self.server.answers.pop(0)
        if status == 0:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the base class's name
        pass


@pytest.fixture
def server():
    with Server() as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield listening
        listening.shutdown()
        thread.join(10)


@pytest.fixture
def counter() -> TransactionCounter:
    return TransactionCounter()


@pytest.fixture
def endpoint(server) -> str:
    return f"http://127.0.0.1:{server.server_port}/account"


@pytest.fixture
def transactions(endpoint, counter):
    transport = PooledTransport("table", counter)
    yield TableTransactions(endpoint, AzureNamedKeyCredential("account", "a2V5"), transport)
    transport.close()


def test_text_is_the_published_form_and_signed(server, transactions, endpoint, counter):
    server.answers = [(202, parts("204 No Content", "204 No Content"))]
    transactions.upsert("Runs", ROWS)
    path, headers, body = server.requests[0]
    assert body.decode() == TEXT.format(endpoint=endpoint).replace("\n", "\r\n")
    assert path == "/account/$batch"
    assert headers["Authorization"].startswith("SharedKeyLite account:")
    assert headers["x-ms-date"].endswith(" GMT")
    assert headers["Content-Type"] == "multipart/mixed; boundary=batch_pipeyard"
    assert counter.by_kind == {"table.batch": 1}


@pytest.mark.parametrize("hiccup", [(503, b""), (500, b"busy"), (0, b"")])
def test_hiccup_is_mended_by_sending_again(server, transactions, counter, hiccup):
    server.answers = [hiccup, (202, parts("204 No Content", "204 No Content"))]
    transactions.upsert("Runs", ROWS)
    assert counter.total == 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((202, parts('404 Not Found\r\n\r\n{"odata.error":{"code":"TableNotFound"}}')), NotFound),
        ((202, parts("204 No Content", '400 Bad\r\n\r\n{"odata.error":{"code":"EntityTooLarge"}}')), TooLarge),
        ((202, parts("400 Bad Request")), PipeyardError),
        ((202, b"nothing we know"), PipeyardError),
        ((202, parts("503 Busy")), StorageUnavailable),
        ((413, b""), TooLarge),
        ((403, b""), PipeyardError),
    ],
)
def test_refusal_is_an_error_of_ours(server, transactions, answer, expected):
    server.answers = [answer]
    with pytest.raises(PipeyardError, match="2 rows of p:1 in table Runs") as caught:
        transactions.upsert("Runs", ROWS)
    assert type(caught.value) is expected
