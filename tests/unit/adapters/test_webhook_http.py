"""POSTs to webhooks against real sockets: what is sent, and what never is."""

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from shared.adapters.webhook_http import WebhookHttp
from tests.fakes.http_server import HttpServer, Reply


@pytest.fixture
def receiver() -> Iterator[HttpServer]:
    with HttpServer(lambda _: Reply(204)) as server:
        yield server


def test_a_message_arrives_as_it_is(receiver):
    answer = WebhookHttp(private=True).send(f"{receiver.url}/a?b=c", {"webhook-id": "1"}, b"body")
    assert answer.delivered
    assert [(sent.target, sent.body) for sent in receiver.requests] == [("/a?b=c", b"body")]


def test_redirects_are_not_followed(receiver):
    receiver.answer = lambda _: Reply(302, headers={"Location": f"{receiver.url}/elsewhere"})
    answer = WebhookHttp(private=True).send(f"{receiver.url}/a", {}, b"x")
    assert answer.status == 302
    assert not answer.delivered
    assert [sent.path for sent in receiver.requests] == ["/a"]


def test_names_of_private_addresses_are_not_called(receiver, monkeypatch):
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda *_, **__: [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.port)),
        ],
    )
    answer = WebhookHttp(private=False).send(f"https://rebinding.example:{receiver.port}/", {}, b"x")
    assert answer.error is not None
    assert "not public" in answer.error
    assert receiver.requests == []


def test_a_receiver_that_hangs_is_left(receiver):
    over = threading.Event()
    receiver.answer = lambda _: Reply(204 if over.wait(60) else 500)
    answer = WebhookHttp(private=True, whole_seconds=0.2).send(receiver.url, {}, b"x")
    over.set()
    assert answer.error is not None
    assert answer.status is None


def test_a_handshake_that_is_drawn_out_is_left():
    """Each byte comes in time, the whole never does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def drip() -> None:
            peer, _ = server.accept()
            with peer:
                peer.sendall(bytes([22, 3, 3, 64, 0]))  # a handshake record that announces 16 KiB
                while not ended.wait(0.05):
                    try:
                        peer.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        answer = WebhookHttp(private=True, whole_seconds=0.3).send(
            f"https://127.0.0.1:{server.getsockname()[1]}", {}, b"x"
        )
        ended.set()
        thread.join()
    assert answer.error is not None
    assert answer.status is None


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    answer = WebhookHttp(private=True).send(f"http://127.0.0.1:{port}", {}, b"x")
    assert answer.error is not None
    assert WebhookHttp(private=True).send("http://name.invalid/", {}, b"x").error is not None
    assert WebhookHttp(private=False).send("http://127.0.0.1/", {}, b"x").error is not None


def test_a_certificate_that_nobody_vouches_for_is_refused(receiver, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + timedelta(days=9999))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    receiver.tls = context
    answer = WebhookHttp(private=True).send(f"https://localhost:{receiver.port}/", {}, b"x")
    assert answer.error is not None
    assert "SSLCertVerificationError" in answer.error
    assert receiver.requests == []
