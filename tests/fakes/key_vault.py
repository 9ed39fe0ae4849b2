"""A server that speaks the part of Azure Key Vault's REST that secrets need, over TLS, as its client insists on it.

Like a vault it asks for a token first, keeps deleted secrets for a while, and refuses a new one of such a name.
"""

import json
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.fakes.http_server import HttpServer, Reply, Request

TOKEN = "token-of-the-app"


class KeyVault(HttpServer):
    """The vault. Use it in a `with` block.

    Attributes:
        secrets: Values by name.
        deleted: Values of deleted secrets by name.
        certificate: File with the certificate to trust.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(self._serve)
        self.secrets: dict[str, str] = {}
        self.deleted: dict[str, str] = {}
        self.certificate = folder / "certificate.pem"
        key = folder / "key.pem"
        _make_certificate(self.certificate, key)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.certificate, key)
        self.url = f"https://127.0.0.1:{self.port}"

    def _serve(self, request: Request) -> Reply:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            challenge = 'Bearer authorization="https://login.test/tenant", resource="https://vault.azure.net"'
            return Reply(401, {}, {"WWW-Authenticate": challenge})
        parts = [part for part in request.path.split("/") if part]
        return Reply(*self._route(request.method, parts, request.body))

    def _route(self, method: str, parts: list[str], body: bytes) -> tuple[int, dict[str, Any]]:
        secrets, deleted = self.secrets, self.deleted
        kind, name = parts[0], parts[1]
        match method, kind, parts[2:]:
            case "PUT", "secrets", _:
                if name in deleted:
                    return 409, _error("Conflict", f"Secret {name} is currently in a deleted but recoverable state.")
                secrets[name] = json.loads(body)["value"]
                return 200, self._bundle(name, secrets[name])
            case "GET", "secrets", _ if name in secrets:
                return 200, self._bundle(name, secrets[name])
            case "DELETE", "secrets", _ if name in secrets:
                deleted[name] = secrets.pop(name)
                return 200, self._deleted(name)
            case "GET", "deletedsecrets", _ if name in deleted:
                return 200, self._deleted(name)
            case "POST", "deletedsecrets", ["recover"] if name in deleted:
                secrets[name] = deleted.pop(name)
                return 200, self._bundle(name)
            case _:
                return 404, _error("SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault.")

    def _bundle(self, name: str, value: str | None = None) -> dict[str, Any]:
        return {"id": f"{self.url}/secrets/{name}/1", "attributes": {"enabled": True}, "value": value}

    def _deleted(self, name: str) -> dict[str, Any]:
        return {**self._bundle(name), "recoveryId": f"{self.url}/deletedsecrets/{name}"}


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _make_certificate(certificate: Path, key_file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
