"""Requests: routes, errors, retries."""

import httpx
import pytest
from pipeyard._client import Client
from pipeyard._config import WorkspaceLocation
from pipeyard.exceptions import ServiceException, UserErrorException

from .fake_workspace import URL, problem


def test_a_problem_becomes_an_exception_with_every_fault(fake, client):
    fake.faults = [
        {"pointer": "/steps/0/inputs/x", "message": "There is no step `prepar`.", "suggestion": "Write `prepare`."},
        {"pointer": "/steps/1", "message": "No script.", "suggestion": None},
    ]
    with pytest.raises(UserErrorException) as caught:
        client.validate({})
    error = caught.value
    assert (error.status, error.code, len(error.faults)) == (422, "invalid_document", 2)
    assert "/steps/0/inputs/x: There is no step `prepar`. Write `prepare`." in error.message
    assert "/steps/1: No script." in str(error)


def test_a_submit_is_repeated_with_the_same_key(fake, client):
    fake.failures = [httpx.ReadTimeout("too slow"), httpx.Response(503)]
    run = client.submit({"definition": {}})
    keys = {request.headers["idempotency-key"] for request in fake.requests}
    assert run["run_id"] == "run-1"
    assert len(fake.requests) == 3
    assert len(keys) == 1


def test_the_same_key_gives_the_first_run_and_other_submits_get_their_own(client):
    first = client.submit({"definition": {}}, idempotency_key="k")
    assert client.submit({"definition": {}}, idempotency_key="k")["run_id"] == first["run_id"]
    assert client.submit({"definition": {}})["run_id"] != client.submit({"definition": {}})["run_id"]


def test_a_resume_is_repeated_with_the_same_key(fake, client):
    fake.add_run("r")
    fake.failures = [httpx.ReadTimeout("too slow")]
    client.resume("r")
    assert len(fake.requests) == 2
    assert len({request.headers["idempotency-key"] for request in fake.requests}) == 1


def test_waits_grow_and_respect_retry_after(fake):
    waits: list[float] = []
    fake.failures = [httpx.Response(503), httpx.Response(429, headers={"retry-after": "5"})]
    fake.add_run("r")
    with fake.client(sleep=waits.append) as client:
        client.get_run("r")
    assert waits == [0.25, 5.0]


def test_retries_end(fake, client):
    fake.failures = [problem(503, "storage_unavailable", "Storage is away.")] * 4
    with pytest.raises(ServiceException, match=r"Storage is away\."):
        client.get_run("r")
    assert len(fake.requests) == 4


def test_an_error_without_a_problem_document_says_where_it_came_from(fake, client):
    fake.failures = [httpx.Response(500, text="<html>oops</html>")]
    with pytest.raises(ServiceException, match=r"GET /api/runs/r answered 500: <html>oops"):
        client.get_run("r")


def test_an_answer_that_is_no_json_is_explained(fake, client):
    fake.failures = [httpx.Response(200, text="hello")]
    with pytest.raises(ServiceException, match="another program"):
        client.get_run("r")


def test_nobody_at_the_address_names_address_source_and_remedy():
    location = WorkspaceLocation(url="http://127.0.0.1:1", source="the file /x/config.json")
    with Client(location) as client, pytest.raises(ServiceException) as caught:
        client.get_run("r")
    assert all(
        text in caught.value.message for text in ("http://127.0.0.1:1", "the file /x/config.json", "./dev start")
    )


def test_names_are_quoted_in_routes(fake, client):
    fake.failures = [httpx.Response(200, json={"text": "", "next_offset": 0, "complete": True})]
    client.get_log("r", "a step/with slash")
    assert fake.requests[0].url.raw_path == b"/api/runs/r/steps/a%20step%2Fwith%20slash/logs?offset=0"
    assert str(fake.requests[0].url).startswith(URL)
