import time

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from shared.adapters.azure_ml import client as client_module
from shared.adapters.azure_ml.client import API_VERSION, AzureMlClient
from shared.core.errors import BackendError, Conflict, NotFound
from tests.fakes.http_server import Reply
from tests.unit.adapters.azure_ml.workspace import WORKSPACE


class Credential:
    def __init__(self):
        self.scopes = []

    def get_token(self, *scopes, **options):
        self.scopes.append(scopes)
        return AccessToken("the-token", int(time.time()) + 3600)


class NoIdentity:
    def __init__(self, status=None):
        self.status = status

    def get_token(self, *scopes, **options):
        error = ClientAuthenticationError("ManagedIdentityCredential: no endpoint")
        error.status_code = self.status
        raise error


@pytest.fixture
def client(arm):
    made = AzureMlClient(arm.url, WORKSPACE, Credential())
    yield made
    made.close()


def error_body(code, message, inner=None):
    extra = [{"type": "InnerError", "info": {"value": {"code": inner, "innerError": None}}}] if inner else []
    return {"error": {"code": code, "message": message, "details": [], "additionalInfo": extra}}


def test_a_request_is_signed_in_and_names_its_version(arm, client):
    arm.answer = lambda sent: Reply(201, {"name": "j"}, {"Retry-After": "5"})
    answer = client.put("jobs/j", {"properties": {"a": 1}})
    assert (answer.status, answer.json, answer.headers["Retry-After"]) == (201, {"name": "j"}, "5")
    (sent,) = arm.requests
    assert (sent.method, sent.path, sent.query) == ("PUT", f"{WORKSPACE}/jobs/j", f"api-version={API_VERSION}")
    assert sent.json == {"properties": {"a": 1}}
    assert sent.headers["Authorization"] == "Bearer the-token"
    arm.answer = lambda sent: Reply(202)
    assert client.post("jobs/j/cancel").json is None
    assert client.get("").status == 202
    assert arm.requests[-1].path == WORKSPACE


def test_an_address_that_the_service_gave_is_followed_as_it_is(arm, client):
    client.get(f"{arm.url}/operations/1?api-version=x&t=2")
    assert (arm.requests[-1].path, arm.requests[-1].query) == ("/operations/1", "api-version=x&t=2")


@pytest.mark.parametrize("bad", [429, 500, 503, 0])
def test_what_may_pass_is_tried_again(arm, client, bad, monkeypatch):
    replies = iter([Reply(bad, {}), Reply(bad, {}, {"Retry-After": "0"}), Reply(200, {"ok": True})])
    arm.answer = lambda sent: next(replies)
    monkeypatch.setattr(client_module, "_FIRST_WAIT_SECONDS", 0.01)
    assert client.put("jobs/j", {"a": 1}).json == {"ok": True}
    assert len(arm.requests) == 3


def test_a_wait_that_the_service_asks_for_is_kept(arm, client):
    replies = iter([Reply(429, {}, {"Retry-After": "1"}), Reply(200, {})])
    arm.answer = lambda sent: next(replies)
    begun = time.monotonic()
    client.get("jobs/j")
    assert time.monotonic() - begun >= 1


def test_a_wait_that_is_too_long_is_left_to_the_caller(arm, client):
    arm.answer = lambda sent: Reply(429, error_body("TooManyRequests", "Slow down."), {"Retry-After": "60"})
    with pytest.raises(BackendError, match="429 TooManyRequests to GET jobs/j: Slow down") as caught:
        client.get("jobs/j")
    assert caught.value.retryable
    assert len(arm.requests) == 1


def test_tries_end(arm, client, monkeypatch):
    monkeypatch.setattr(client_module, "RETRY_SECONDS", 0.5)
    arm.answer = lambda sent: Reply(0)
    with pytest.raises(BackendError, match="did not answer GET jobs/j") as caught:
        client.get("jobs/j")
    assert caught.value.retryable
    assert len(arm.requests) <= 2


@pytest.mark.parametrize(
    ("status", "kind"), [(404, NotFound), (409, Conflict), (412, Conflict), (400, BackendError), (403, BackendError)]
)
def test_refusals_keep_the_service_s_words(arm, client, status, kind):
    arm.answer = lambda sent: Reply(status, error_body("UserError", "No such thing.", "NotFoundError"))
    with pytest.raises(kind, match=f"answered {status} UserError/NotFoundError to GET jobs/j: No such thing") as caught:
        client.get("jobs/j")
    assert not caught.value.retryable
    assert len(arm.requests) == 1


def test_signatures_in_the_service_s_words_are_left_out(arm, client):
    url = "https://a.blob.core.windows.net/c/b?sv=1&sig=SECRET%2B&se=2"
    arm.answer = lambda sent: Reply(400, error_body("UserError", f"Cannot read {url}, see 'x?sig=SECRET'."))
    with pytest.raises(BackendError) as caught:
        client.get("jobs/j")
    assert "SECRET" not in str(caught.value)
    assert "https://a.blob.core.windows.net/c/b" in str(caught.value)


@pytest.mark.parametrize(("status", "may_pass"), [(None, True), (503, True), (429, True), (400, False), (401, False)])
def test_an_app_without_a_token(arm, status, may_pass):
    """Only a clear no ends jobs: an identity's endpoint may be away for a moment."""
    client = AzureMlClient(arm.url, WORKSPACE, NoIdentity(status))
    with pytest.raises(BackendError, match="Check that this app has an identity") as caught:
        client.get("jobs/j")
    assert caught.value.retryable is may_pass
    assert not arm.requests


@pytest.mark.parametrize("endpoint", ["http://example.com", "http://10.0.0.1:80", "ftp://127.0.0.1"])
def test_a_token_never_leaves_the_machine_in_the_clear(endpoint):
    with pytest.raises(BackendError, match="not reached by https"):
        AzureMlClient(endpoint, WORKSPACE, Credential())


def test_a_service_in_azure_cannot_lead_the_token_astray(arm):
    client = AzureMlClient("https://management.azure.com", WORKSPACE, Credential())
    with pytest.raises(BackendError, match="not reached by https"):
        client.get(f"{arm.url}/operations/1")
    with pytest.raises(BackendError, match="not reached by https"):
        client.read_signed(f"{arm.url}/log?sig=x", 10)
    assert not arm.requests


def test_a_signed_address_gets_no_token_and_only_its_end_is_read(arm, client):
    def storage(sent):
        """Which knows ranges from a byte to a byte only."""
        first, last = map(int, sent.headers["Range"].removeprefix("bytes=").split("-"))
        content = texts[sent.path]
        if first >= len(content):
            return Reply(416, headers={"Content-Range": f"bytes */{len(content)}"})
        return Reply(
            206, headers={"Content-Range": f"bytes {first}-x/{len(content)}"}, content=content[first : last + 1]
        )

    texts = {"/long": b"0123456789", "/short": b"012", "/empty": b""}
    arm.answer = storage
    for path, end in {"/long": b"6789", "/short": b"012", "/empty": b""}.items():
        assert client.read_signed(f"{arm.url}{path}?sig=x", 4) == end
    assert [sent.path for sent in arm.requests] == ["/long", "/long", "/short", "/empty"]
    assert not any("Authorization" in sent.headers for sent in arm.requests)
    arm.answer = lambda sent: Reply(200, content=b"0123456789")
    assert client.read_signed(f"{arm.url}/whole?sig=x", 4) == b"6789"
    arm.answer = lambda sent: Reply(403)
    with pytest.raises(BackendError) as caught:
        client.read_signed(f"{arm.url}/log.txt?sig=SECRET", 4)
    assert "SECRET" not in str(caught.value)
