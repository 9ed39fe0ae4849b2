"""A sign-in service for tests and for trying roles out: what `./dev start --auth` checks tokens against.

It serves OpenID metadata and keys on loopback, as Entra ID does, and mints tokens for whoever can read its key file
in the data folder: `python -m local.test_issuer token --role Publisher --name anna`.
"""

import argparse
import json
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from local.data_folder import write_private

TENANT_ID = "7e57ab1e-0000-4000-8000-000000000001"
CLIENT_ID = "7e57ab1e-0000-4000-8000-000000000002"
TOKEN_SECONDS = 3600
_KEYS, _PORT = "issuer-keys.json", "issuer-port.json"
_PEOPLE = uuid.UUID("7e57ab1e-0000-4000-8000-000000000003")
_KEPT_KEYS = 2
"""The present key and the one before, as real issuers publish them around a rotation."""


class TestIssuer:
    """The issuer of one data folder: its keys, and while it is started its HTTP server."""

    __test__ = False  # for pytest

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: ThreadingHTTPServer | None = None

    @property
    def authority(self) -> str:
        """Base URL, the same after a restart as long as the port is free."""
        return f"http://127.0.0.1:{_read(self._folder / _PORT)['port']}"

    def start(self) -> None:
        """Serve in the background."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if not (self._folder / _KEYS).exists():
            self.rotate()
        server = _listen(_read(self._folder / _PORT).get("port", 0))
        (self._folder / _PORT).write_text(json.dumps({"port": server.server_port}), encoding="utf-8")
        server.documents = self._documents  # type: ignore[attr-defined]  # what the handler asks for
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self._server = server

    def settings(self) -> dict[str, str]:
        """What the app must be told to believe this issuer."""
        return {
            "PIPEYARD_AUTH": "entra",
            "PIPEYARD_AUTHORITY": self.authority,
            "PIPEYARD_TENANT_ID": TENANT_ID,
            "PIPEYARD_CLIENT_ID": CLIENT_ID,
        }

    def stop(self) -> None:
        """Stop serving."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def rotate(self) -> None:
        """Sign with a new key from now on; the one before stays published."""
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private))
        kept = _read(self._folder / _KEYS).get("keys", [])
        keys = [{**key, "kid": uuid.uuid4().hex, "use": "sig"}, *kept][:_KEPT_KEYS]
        write_private(self._folder / _KEYS, json.dumps({"keys": keys}))

    def token(self, *, name: str, roles: Sequence[str], expires_in: float = TOKEN_SECONDS, **claims: Any) -> str:
        """A token for somebody.

        Args:
            name: Sign-in name; the same name is the same person.
            roles: App roles.
            expires_in: Seconds until it expires; negative for one that has.
            claims: Replaces or adds claims.
        """
        key = _read(self._folder / _KEYS)["keys"][0]
        now = int(time.time())
        content = {
            "iss": f"{self.authority}/{TENANT_ID}/v2.0",
            "aud": CLIENT_ID,
            "tid": TENANT_ID,
            "ver": "2.0",
            "iat": min(now, int(now + expires_in)),
            "exp": int(now + expires_in),
            "oid": str(uuid.uuid5(_PEOPLE, name)),
            "preferred_username": name,
            "scp": "access",
            "roles": list(roles),
            **claims,
        }
        return jwt.encode(content, jwt.PyJWK(key).key, algorithm="RS256", headers={"kid": key["kid"]})

    def _documents(self) -> dict[str, Any]:
        base = f"{self.authority}/{TENANT_ID}"
        keys = [_public(key) for key in _read(self._folder / _KEYS)["keys"]]
        metadata = {
            "issuer": f"{base}/v2.0",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return {
            f"/{TENANT_ID}/v2.0/.well-known/openid-configuration": metadata,
            f"/{TENANT_ID}/discovery/v2.0/keys": {"keys": keys},
        }


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        document = self.server.documents().get(self.path)  # type: ignore[attr-defined]
        body = json.dumps(document or {"error": "not found"}).encode()
        self.send_response(HTTPStatus.OK if document else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


def _listen(port: int) -> ThreadingHTTPServer:
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    except OSError:  # taken meanwhile: tokens of the last time are void, new ones are cheap
        return ThreadingHTTPServer(("127.0.0.1", 0), _Handler)


def _read(file: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return document


def _public(key: dict[str, Any]) -> dict[str, Any]:
    return {name: key[name] for name in ("kty", "kid", "use", "n", "e")}


def main(arguments: list[str] | None = None) -> int:
    """Mint a token or change the key; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.test_issuer", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".pipeyard"), help="the workspace's data folder")
    commands = parser.add_subparsers(dest="command", required=True)
    mint = commands.add_parser("token", help="print a token")
    mint.add_argument("--name", default="anna", help="who it is for (default: anna)")
    mint.add_argument("--role", action="append", default=[], help="an app role; may be given again")
    mint.add_argument("--seconds", type=float, default=TOKEN_SECONDS, help="validity (default: an hour)")
    commands.add_parser("rotate", help="sign with a new key from now on")
    asked = parser.parse_args(arguments)
    issuer = TestIssuer(asked.data)
    if not (asked.data / _KEYS).exists():
        print(f"{asked.data} has no test issuer. Start the workspace with --auth first.", file=sys.stderr)
        return 1
    if asked.command == "rotate":
        issuer.rotate()
    else:
        print(issuer.token(name=asked.name, roles=asked.role, expires_in=asked.seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
