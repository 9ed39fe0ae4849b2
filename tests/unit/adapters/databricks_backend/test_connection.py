"""Where the client goes, as whom, and what it does not listen to."""

import subprocess
import sys
import time

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from shared.adapters.compute_connections import ComputeConnections
from shared.adapters.databricks import connection as connection_module
from shared.adapters.databricks.azure_lookup import workspace_url
from shared.adapters.databricks.connection import DATABRICKS_SCOPE, Connection, NotThere
from shared.core.compute_targets import ComputeTarget
from shared.core.errors import BackendError
from tests.fakes.http_server import HttpServer, Reply

RESOURCE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w"


class Credential:
    def __init__(self):
        self.scopes = []

    def get_token(self, *scopes, **options):
        self.scopes.append(scopes)
        return AccessToken("entra-token", int(time.time()) + 3600)


class Kept(dict[str, str]):
    """Secrets by name."""


def connect(properties, *, secret_names=None, secrets=None, credential=None, emulators=None):
    connections = ComputeConnections(
        blobs=None,  # type: ignore[arg-type]
        secrets=Kept(secrets or {}),  # type: ignore[arg-type]
        credential=credential,
        azure_ml_workspace=None,
        emulators=emulators or {},
    )
    target = ComputeTarget(name="b", type="Databricks", properties=properties, secret_names=secret_names or {})
    return Connection(connections, target)


def call(connection):
    return connection.call("answer", "GET", "/api/2.0/workspace/get-status", query={"path": "/"})


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"emulated": True}, "no emulator of Databricks"),
        ({"workspace_url": "http://adb-1.2.azuredatabricks.net"}, "is no https address"),
        ({"workspace_url": "https://me:secret@adb-1.2.azuredatabricks.net"}, "is no https address"),
        ({"resource_id": "/subscriptions/s"}, "no resource id of a Databricks workspace"),
    ],
)
def test_a_place_that_is_none(properties, words):
    with pytest.raises(BackendError, match=words) as caught:
        call(connect(properties, secret_names={"access_token": "t"}, secrets={"t": "x"}))
    assert not caught.value.retryable
    assert "secret@" not in str(caught.value)


def test_nobody_to_sign_in_as():
    with pytest.raises(BackendError, match=r"has no `access_token`.*no identity"):
        call(connect({"workspace_url": "adb-1.2.azuredatabricks.net"}))
    with pytest.raises(BackendError, match="not in the secret store any more"):
        call(connect({"workspace_url": "adb-1.2.azuredatabricks.net"}, secret_names={"access_token": "t"}))


def test_an_emulator_elsewhere_is_refused():
    with pytest.raises(BackendError, match="must be on this machine"):
        call(connect({"emulated": True}, emulators={"databricks": "http://10.0.0.1:80"}))


def test_the_app_s_identity_gets_a_token_for_databricks(desk, monkeypatch):
    monkeypatch.setattr(connection_module, "_secure", lambda target, host: desk.forwarder.url)
    credential = Credential()
    connection = connect({"workspace_url": "adb-1.2.azuredatabricks.net"}, credential=credential)
    assert call(connection)["object_type"] == "DIRECTORY"
    assert desk.forwarder.requests[-1].headers["Authorization"] == "Bearer entra-token"
    assert set(credential.scopes) == {(DATABRICKS_SCOPE,)}


@pytest.mark.parametrize(("status", "may_pass"), [(None, True), (401, False)])
def test_an_identity_that_gets_no_token(desk, monkeypatch, status, may_pass):
    monkeypatch.setattr(connection_module, "_secure", lambda target, host: desk.forwarder.url)
    monkeypatch.setattr(connection_module, "_WAITS", ())

    class Away:
        def get_token(self, *scopes, **options):
            error = ClientAuthenticationError("no endpoint")
            error.status_code = status
            raise error

    connection = connect({"workspace_url": "adb-1.2.azuredatabricks.net"}, credential=Away())
    with pytest.raises(BackendError, match="the app's identity got no token") as caught:
        call(connection)
    assert caught.value.retryable is may_pass


def test_a_token_of_the_secret_store_comes_first_and_the_environment_never(desk, monkeypatch, tmp_path):
    monkeypatch.setattr(connection_module, "_secure", lambda target, host: desk.forwarder.url)
    (tmp_path / ".databrickscfg").write_text("[DEFAULT]\nhost = http://127.0.0.1:1\ntoken = from-file\n")
    surroundings = {
        "HOME": str(tmp_path),
        "DATABRICKS_HOST": "http://127.0.0.1:1",
        "DATABRICKS_TOKEN": "from-environment",
        "DATABRICKS_CONFIG_PROFILE": "DEFAULT",
        "DATABRICKS_AUTH_TYPE": "azure-cli",
        "ARM_CLIENT_ID": "x",
        "ARM_CLIENT_SECRET": "y",
    }
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    connection = connect(
        {"workspace_url": "x"}, secret_names={"access_token": "t"}, secrets={"t": "kept"}, credential=Credential()
    )
    call(connection)
    assert {sent.headers["Authorization"] for sent in desk.forwarder.requests} == {"Bearer kept"}


def test_refusals_keep_databricks_words(desk):
    connection = connect({"emulated": True}, emulators={"databricks": desk.forwarder.url})
    with pytest.raises(NotThere, match=r"Databricks did not look: Path .*absent"):
        connection.call("look", "GET", "/api/2.0/workspace/get-status", query={"path": "/absent"})
    desk.forwarder.answer = lambda _: Reply(401, {"error_code": "UNAUTHENTICATED", "message": "Token expired"})
    with pytest.raises(BackendError, match=r"Token expired. Attach the compute target again") as caught:
        call(connection)
    assert not caught.value.retryable
    assert "host=" not in str(caught.value)


def test_nobody_answers(monkeypatch):
    monkeypatch.setattr(connection_module, "_RETRY_SECONDS", 1)
    connection = connect({"emulated": True}, emulators={"databricks": "http://127.0.0.1:1"})
    begun = time.monotonic()
    with pytest.raises(BackendError, match="it does not answer") as caught:
        call(connection)
    assert caught.value.retryable
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("reply", "words", "retryable"),
    [
        (Reply(404, {"error": {"code": "ResourceNotFound", "message": "No workspace w."}}), "No workspace w.", False),
        (Reply(403, {"error": {"message": "No right to read."}}), "No right to read.", False),
        (Reply(200, {"properties": {}}), "it answered 200", False),
    ],
)
def test_azure_s_words_are_kept(reply, words, retryable):
    with HttpServer(lambda _: reply) as server, pytest.raises(BackendError, match=words) as caught:
        workspace_url(RESOURCE, Credential(), server.url)
    assert caught.value.retryable is retryable


def test_a_workspace_is_found_by_its_resource_id():
    with HttpServer(lambda _: Reply(200, {"properties": {"workspaceUrl": "adb-1.2.azuredatabricks.net"}})) as server:
        assert workspace_url(RESOURCE, Credential(), server.url) == "adb-1.2.azuredatabricks.net"
        assert server.requests[0].path == RESOURCE
    with pytest.raises(BackendError, match="no identity in Azure"):
        workspace_url(RESOURCE, None)


def test_the_client_is_not_loaded_before_it_is_needed():
    code = (
        "import sys; import shared.adapters.compute.databricks; import shared.adapters.compute_access;"
        "print([name for name in sys.modules if name.startswith('databricks')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
