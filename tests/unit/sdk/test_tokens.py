"""Which token a request carries, and where it never goes."""

import httpx
import pytest
from pipeyard._config import WorkspaceLocation
from pipeyard._http import HttpSession
from pipeyard.exceptions import AuthenticationException, UserErrorException

URL = "http://127.0.0.1:7071"
STORAGE = "http://127.0.0.1:10000/account/container/blob?sig=x"


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    """The Authorization header by host and port."""
    for name in ("PIPEYARD_TOKEN", "AZUREML_RUN_TOKEN", "AZUREML_SERVICE_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    return {}


def session(seen: dict[str, str | None], *, status: int = 200, auth=None) -> HttpSession:
    def answer(request: httpx.Request) -> httpx.Response:
        seen[request.url.netloc.decode()] = request.headers.get("authorization")
        return httpx.Response(status, json={"code": "x", "detail": "No."})

    location = WorkspaceLocation(url=URL, source="a test")
    return HttpSession(location, transport=httpx.MockTransport(answer), auth=auth)


def test_an_authentication_object_is_asked_for_every_request(seen):
    tokens = iter(["one", "two"])
    http = session(seen, auth=lambda: next(tokens))
    http.get("/api/runs")
    assert seen["127.0.0.1:7071"] == "Bearer one"
    http.get("/api/runs")
    assert seen["127.0.0.1:7071"] == "Bearer two"


def test_storage_never_sees_a_token(seen, monkeypatch):
    monkeypatch.setenv("PIPEYARD_TOKEN", "secret")
    http = session(seen)
    http.send("PUT", STORAGE, content=b"x")
    with http.stream(STORAGE):
        pass
    assert seen == {"127.0.0.1:10000": None}
    http.get("/api/runs")
    assert seen["127.0.0.1:7071"] == "Bearer secret"


@pytest.mark.parametrize(("endpoint", "header"), [(URL, "Bearer of the run"), ("http://127.0.0.1:9", None)])
def test_a_run_token_goes_to_the_workspace_of_the_run_only(seen, monkeypatch, endpoint, header):
    monkeypatch.setenv("AZUREML_RUN_TOKEN", "of the run")
    monkeypatch.setenv("AZUREML_SERVICE_ENDPOINT", endpoint)
    session(seen).get("/api/runs")
    assert seen["127.0.0.1:7071"] == header


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_sign_in_is_an_authentication_exception(seen, status):
    with pytest.raises(AuthenticationException, match="No"):
        session(seen, status=status).get("/api/runs")
    with pytest.raises(UserErrorException):
        session(seen, status=status).send("GET", STORAGE)
