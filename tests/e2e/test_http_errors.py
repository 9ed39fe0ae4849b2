"""Everything a client can get wrong: always a problem document that says what to do, and nothing half-written."""

import http.client
import ipaddress
import json
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.e2e.workspace import DATASTORE, PROBLEM, Api, Flow, Json, Server, problem

NOBODY = "00000000-0000-4000-8000-000000000000"
NO_DIGEST = "0" * 64
MEBIBYTE = 1024 * 1024
TRICKS = (
    "../secret",
    "a/../../secret",
    "..",
    ".",
    "/etc/passwd",
    "a//b",
    "a/",
    "",
    "a\\..\\b",
    "..\\secret",
    "C:/secret",
    "nul\x00byte",
    "line\nbreak",
    "x" * 1025,
    "half \ud800",
)
POSTS = ("/api/runs", "/api/plan", "/api/validate", "/api/definitions", "/api/snapshots")
UPLOADS = f"/api/datastores/{DATASTORE}/uploads"
DOWNLOADS = f"/api/datastores/{DATASTORE}/downloads"


def experiments(api: Api) -> list[str]:
    return [each["name"] for each in api.get("/api/experiments", page_size=200)["value"]]


@pytest.fixture(scope="module")
def ended(api: Api, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A finished run whose step `only` has an output, a file and a log."""
    flow = Flow(api, tmp_path_factory.mktemp("errors"))
    script = "os.mkdir(path()); open(path() + '/a.txt', 'w').write('a'); open('outputs/b.txt', 'w').write('b')"
    return flow.run(flow.step("only", script)).finished().run_id


@pytest.fixture(scope="module")
def untouched(ended: str, api: Api) -> tuple[list[str], list[str]]:
    """The newest runs and the experiments before anything is refused."""
    return api.newest_runs(), experiments(api)


@pytest.fixture(autouse=True)
def nothing_written(untouched: tuple[list[str], list[str]], api: Api) -> Iterator[None]:
    """What was refused has left no run and no experiment."""
    yield
    assert (api.newest_runs(), experiments(api)) == untouched


def raw(api: Api, method: str, target: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """Send a request target as it is: other clients tidy it up."""
    place = urlsplit(api.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    try:
        connection.putrequest(method, target, skip_host=headers is not None and "Host" in headers)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize("path", [*POSTS, UPLOADS])
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"definition": }', b"\xff\xfe", b'{"a": "\xff"}', b"not json", b"[" * 100_000, b'{"a":' * 50_000],
    ids=["empty", "cut off", "hole", "no text", "not UTF-8", "words", "deep lists", "deep objects"],
)
def test_a_body_that_is_not_json(path: str, body: bytes, api: Api) -> None:
    answer = api.http.post(path, content=body, headers={"content-type": "application/json"})
    assert 400 <= answer.status_code < 500, answer.text
    problem(answer, answer.status_code)


@pytest.mark.parametrize("path", [*POSTS, UPLOADS])
@pytest.mark.parametrize("body", [[], "text", 5, None, True, [{}]], ids=str)
def test_a_body_of_another_type(path: str, body: object, api: Api) -> None:
    assert api.refuse(path, body, 422)["faults"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"definition": {}, "definition_id": NO_DIGEST}, ""),
        ({"definition": []}, "/definition"),
        ({"definition_id": "short"}, "/definition_id"),
        ({"definition": {}, "experiment_name": "no spaces, please"}, "/experiment_name"),
        ({"definition": {}, "experiment_name": "../up"}, "/experiment_name"),
        ({"definition": {}, "parameters": []}, "/parameters"),
        ({"definition": {}, "labels": {"": "x"}}, "/labels"),
        ({"definition": {}, "max_parallel_steps": 0}, "/max_parallel_steps"),
        ({"definition": {}, "continue_on_step_failure": "perhaps"}, "/continue_on_step_failure"),
        ({"definition": {}, "surprise": 1}, "/surprise"),
    ],
    ids=str,
)
def test_a_run_request_of_the_wrong_shape(body: Json, pointer: str, api: Api) -> None:
    for path in ("/api/runs", "/api/plan"):
        refused = api.refuse(path, body, 422)
        assert any(fault["pointer"].startswith(pointer) for fault in refused["faults"]), refused


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1e999", "1" * 5000, '"\\ud800"', "1e400"])
def test_values_that_json_has_no_place_for(value: str, flow: Flow, api: Api) -> None:
    step = json.dumps(flow.step("only", arguments=["VALUE"])).replace('"VALUE"', value)
    body = f'{{"definition": {{"name": "x", "steps": [{step}]}}}}'
    answer = api.http.post("/api/runs", content=body.encode(), headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    problem(answer, answer.status_code)


def test_bodies_that_are_too_large(api: Api) -> None:
    refused = problem(api.http.post("/api/validate", content=b" " * (33 * MEBIBYTE)), 413)
    assert str(32 * MEBIBYTE) in refused["detail"]
    files = problem(api.http.post("/api/snapshots", content=b" " * (33 * MEBIBYTE)), 413)
    assert files["code"] == "too_large"


def test_a_body_of_unknown_length_that_is_too_large(api: Api) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(33):
            yield b" " * MEBIBYTE

    problem(api.http.post("/api/validate", content=pieces()), 413)


def test_a_file_that_says_it_is_too_large_is_not_even_read(api: Api) -> None:
    target = f"/api/snapshots/files/{NO_DIGEST}"
    problem(raw(api, "PUT", target, {"Content-Length": str(301 * MEBIBYTE)}), 413)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/api/runs/{NOBODY}"),
        ("GET", f"/api/runs/{NOBODY}/steps"),
        ("GET", f"/api/runs/{NOBODY}/steps/only"),
        ("GET", f"/api/runs/{NOBODY}/steps/only/logs"),
        ("GET", f"/api/runs/{NOBODY}/steps/only/metrics"),
        ("GET", f"/api/runs/{NOBODY}/steps/only/outputs"),
        ("GET", f"/api/runs/{NOBODY}/steps/only/outputs/out/files/x"),
        ("GET", f"/api/runs/{NOBODY}/steps/only/files"),
        ("GET", f"/api/runs/{NOBODY}/steps/only/files/outputs/x"),
        ("GET", f"/api/runs/{NOBODY}/explain"),
        ("POST", f"/api/runs/{NOBODY}/cancel"),
        ("POST", f"/api/runs/{NOBODY}/resume"),
        ("GET", f"/api/definitions/{NO_DIGEST}"),
        ("GET", f"/api/snapshots/{NO_DIGEST}"),
        ("GET", "/api/datastores/nowhere/files"),
        ("GET", "/api/nothing"),
        ("GET", "/"),
        ("GET", "/api"),
    ],
)
def test_what_does_not_exist(method: str, path: str, api: Api) -> None:
    problem(api.http.request(method, path), 404)


@pytest.mark.parametrize("path", ["/api/datastores/nowhere/uploads", "/api/datastores/nowhere/downloads"])
def test_a_datastore_that_does_not_exist(path: str, api: Api) -> None:
    assert f"`{DATASTORE}`" in api.refuse(path, {"paths": ["a"]}, 404)["detail"]


def test_a_definition_id_that_does_not_exist(api: Api) -> None:
    assert NO_DIGEST in api.refuse("/api/runs", {"definition_id": NO_DIGEST}, 404)["detail"]


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/api/runs"), ("PUT", "/api/plan"), ("PATCH", "/health")])
def test_a_method_that_a_route_does_not_have(method: str, path: str, api: Api) -> None:
    problem(api.http.request(method, path), 405)


@pytest.mark.parametrize(
    "query",
    [
        {"page_size": 0},
        {"page_size": 201},
        {"page_size": "many"},
        {"status": "Nonsense"},
        {"experiment": "../x"},
        {"experiment": "x' or '1' eq '1"},
        {"pipeline": "x\x00"},
        {"continuation_token": "garbage"},
        {"continuation_token": "eyJhIjoxfQ=="},
        {"continuation_token": "x" * 5000},
    ],
    ids=str,
)
def test_wrong_queries(query: dict[str, Any], api: Api) -> None:
    answer = api.http.get("/api/runs", params=query)
    assert 400 <= answer.status_code < 500, answer.text
    problem(answer, answer.status_code)


@pytest.mark.parametrize("query", [{"offset": -1}, {"offset": 2**70}, {"attempt": 0}, {"attempt": "last"}], ids=str)
def test_wrong_questions_about_a_log(query: dict[str, Any], ended: str, api: Api) -> None:
    problem(api.http.get(f"/api/runs/{ended}/steps/only/logs", params=query), 422)


def test_a_log_is_empty_beyond_its_end_and_there_is_none_of_tries_that_never_were(ended: str, api: Api) -> None:
    log = f"/api/runs/{ended}/steps/only/logs"
    assert api.get(log, offset=10_000)["text"] == ""
    assert "has no try 9: it has had one try" in problem(api.http.get(log, params={"attempt": 9}), 404)["detail"]


@pytest.mark.parametrize("run_id", ["x", "..", NOBODY.upper() + "A", NOBODY + "0", "%00", "' or 1 eq 1"])
def test_run_ids_that_are_none(run_id: str, api: Api) -> None:
    answer = api.http.get(f"/api/runs/{run_id}")
    assert answer.status_code in (404, 422)
    problem(answer, answer.status_code)


@pytest.mark.parametrize("path", [UPLOADS, DOWNLOADS])
def test_path_tricks_on_a_datastore_are_all_refused_at_once(path: str, api: Api) -> None:
    body = json.dumps({"paths": ["fine.txt", *TRICKS]})
    answer = api.http.post(path, content=body, headers={"content-type": "application/json"})
    refused = problem(answer, 422)
    assert [fault["pointer"] for fault in refused["faults"]] == [f"/paths/{at + 1}" for at in range(len(TRICKS))]
    assert all(fault["message"] for fault in refused["faults"])


@pytest.mark.parametrize("trick", TRICKS, ids=ascii)
def test_path_tricks_in_a_snapshot(trick: str, api: Api) -> None:
    body = json.dumps({"files": [{"path": trick, "sha256": NO_DIGEST, "size": 0}]})
    answer = api.http.post("/api/snapshots", content=body, headers={"content-type": "application/json"})
    assert problem(answer, 422)["faults"][0]["pointer"] == "/files/0/path"


@pytest.mark.parametrize("trick", [trick for trick in TRICKS if trick], ids=ascii)
def test_path_tricks_in_a_definition(trick: str, flow: Flow, api: Api) -> None:
    inputs = {"raw": {"kind": "data_reference", "datastore": DATASTORE, "path": trick}}
    body = json.dumps({"definition": flow.definition(flow.step("only", inputs=inputs))})
    answer = api.http.post("/api/runs", content=body, headers={"content-type": "application/json"})
    problem(answer, 422)


@pytest.mark.parametrize(
    "trick",
    [
        "../../../../secret",
        "%2e%2e/%2e%2e/secret",
        "%2e%2e%2f%2e%2e%2fsecret",
        "..%5c..%5csecret",
        "a.txt%00",
        "%00",
        "/a.txt",
        "%2fetc%2fpasswd",
        "a.txt/",
        "./a.txt",
        "A.TXT",
        "a.txt%20",
        "%ff%fe",
        "%ed%a0%80",
        "x" * 5000,
    ],
    ids=lambda trick: trick[:30],
)
def test_path_tricks_in_downloads(trick: str, ended: str, api: Api) -> None:
    for place in ("outputs/out/files", "files/outputs", "files"):
        answer = raw(api, "GET", f"/api/runs/{ended}/steps/only/{place}/{trick}")
        assert answer.status_code in (400, 404, 414, 422), f"{place}: {answer.status_code} {answer.headers}"
        problem(answer, answer.status_code)


def test_bytes_that_do_not_match_their_digest_are_not_kept(api: Api) -> None:
    sha256 = uuid.uuid4().hex * 2
    refused = problem(api.http.put(f"/api/snapshots/files/{sha256}", content=b"other"), 422)
    assert sha256 in refused["detail"]
    answer = api.post("/api/snapshots", {"files": [{"path": "a", "sha256": sha256, "size": 5}]})
    assert answer["missing"] == [sha256]
    problem(api.http.get(f"/api/snapshots/{answer['snapshot_id']}"), 404)


def test_a_snapshot_with_many_faults(api: Api) -> None:
    good = {"path": "a", "sha256": NO_DIGEST, "size": 1}
    files = [
        good,
        good,
        {**good, "path": "a/b"},
        {**good, "path": "c", "sha256": "x"},
        {**good, "path": "d", "size": -1},
    ]
    pointers = {fault["pointer"] for fault in api.refuse("/api/snapshots", {"files": files}, 422)["faults"]}
    assert pointers == {"/files/1/path", "/files/2/path", "/files/3/sha256", "/files/4/size"}


def test_steps_that_wait_for_each_other(flow: Flow, api: Api) -> None:
    steps = [
        flow.step("egg", data=["hen"]),
        flow.step("hen", run_after=["rooster"]),
        flow.step("rooster", data=["egg"]),
        flow.step("self", run_after=["self"]),
    ]
    faults = api.refuse("/api/runs", {"definition": flow.definition(*steps)}, 422)["faults"]
    messages = {fault["pointer"]: fault["message"] for fault in faults}
    (circle,) = [message for message in messages.values() if "circle" in message]
    assert all(f"`{name}`" in circle for name in ("egg", "hen", "rooster"))
    assert messages["/definition/steps/3/run_after/0"] == "The step waits for itself."


def test_a_definition_of_10_000_steps(flow: Flow, api: Api) -> None:
    step = flow.step("s")
    steps = [{**step, "name": f"s{number}"} for number in range(10_000)]
    for path, body, pointer in (
        ("/api/validate", flow.definition(*steps), "/steps"),
        ("/api/runs", {"definition": flow.definition(*steps)}, "/definition/steps"),
    ):
        (fault,) = api.refuse(path, body, 422)["faults"]
        assert fault["pointer"] == pointer
        assert "5000" in fault["message"]
        assert "10000" in fault["message"]


def test_every_fault_of_a_definition_is_reported_at_once(flow: Flow, api: Api) -> None:
    good = flow.step("prepare")
    definition = flow.definition(
        good,
        {**good, "name": "prepare"},
        flow.step("train", inputs={"data": {"kind": "pipeline_data", "step": "prepar", "output": "out"}}),
        flow.step("score", inputs={"data": {"kind": "pipeline_data", "step": "prepare", "output": "outt"}}),
        flow.step("kinds", inputs={"data": {"kind": "pipeline_dat", "step": "prepare", "output": "out"}}),
        flow.step("words", arguments=[{"input": "nothing"}, {"output": "ou"}, {"parameter": "alpa"}, ["list"]]),
        flow.step("types", type="python_scrip"),
        flow.step("unknown_key", time_out=5),
        flow.step("late", timeout_seconds=-1, retry={"max_attempts": 0}),
        flow.step("where", compute_target="mars", snapshot=NO_DIGEST),
        flow.step("store", inputs={"data": {"kind": "data_reference", "datastore": "attic", "path": "a/../b"}}),
        flow.step("variables", environment_variables={"1X": "a"}),
        flow.step("script", settings={"script": "step.py"}),
        flow.step("bad name?"),
        parameters={"alpha": {"type": "float", "default": "high"}, "beta": {"type": "flot"}},
        default_datastore="workspaceblobstor",
    )
    expected = {
        "/steps/1/name": "unique",
        "/steps/2/inputs/data/step": "Did you mean `prepare`?",
        "/steps/3/inputs/data/output": "Did you mean `out`?",
        "/steps/4/inputs/data/kind": "Did you mean `pipeline_data`?",
        "/steps/5/arguments/3": "",
        "/steps/6/type": "Did you mean `python_script`?",
        "/steps/7/time_out": "",
        "/steps/8/timeout_seconds": "",
        "/steps/8/retry/max_attempts": "",
        "/steps/10/inputs/data/path": "",
        "/steps/11/environment_variables/1X": "",
        "/steps/12/settings/script": "Did you mean `script_name`?",
        "/steps/12/settings/script_name": "",
        "/steps/13/name": "",
        "/parameters/alpha/default": "",
        "/parameters/beta/type": "Did you mean `float`?",
    }
    for path, body, below in (
        ("/api/validate", definition, ""),
        ("/api/definitions", definition, ""),
        ("/api/runs", {"definition": definition}, "/definition"),
        ("/api/plan", {"definition": definition}, "/definition"),
    ):
        faults = {fault["pointer"]: fault for fault in api.refuse(path, body, 422)["faults"]}
        for pointer, suggestion in expected.items():
            fault = faults[below + pointer]
            assert fault["message"]
            assert suggestion in (fault["suggestion"] or "")
        assert faults.keys() == {below + pointer for pointer in expected}


def test_names_that_the_workspace_does_not_know_are_all_reported(flow: Flow, api: Api) -> None:
    definition = flow.definition(
        flow.step("where", compute_target="mars", snapshot=NO_DIGEST),
        flow.step(
            "store",
            inputs={"data": {"kind": "data_reference", "datastore": "attic", "path": "a"}},
            outputs={"out": {"datastore": "cellar"}},
        ),
        default_datastore="workspaceblobstor",
        default_compute_target="venus",
    )
    faults = {fault["pointer"]: fault for fault in api.refuse("/api/validate", definition, 422)["faults"]}
    assert faults.keys() == {
        "/default_datastore",
        "/default_compute_target",
        "/steps/0/compute_target",
        "/steps/0/snapshot",
        "/steps/1/inputs/data/datastore",
        "/steps/1/outputs/out/datastore",
    }
    assert "`local`" in faults["/steps/0/compute_target"]["suggestion"]
    assert DATASTORE in faults["/default_datastore"]["suggestion"]
    assert "POST /api/snapshots" in faults["/steps/0/snapshot"]["suggestion"]


def test_a_very_long_idempotency_key(flow: Flow, api: Api) -> None:
    body = {"definition": flow.definition(flow.step("only"))}
    problem(api.http.post("/api/runs", json=body, headers={"Idempotency-Key": "x" * 300}), 422)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "127.0.0.1@evil.example"},
        {"Host": ""},
        {"Host": "localhost", "Origin": "https://evil.example"},
        {"Host": "localhost", "Origin": "null"},
    ],
    ids=str,
)
def test_strangers_are_turned_away(headers: dict[str, str], api: Api) -> None:
    for path in ("/api/runs", "/health", "/api/nothing"):
        problem(raw(api, "GET", path, headers), 403)


@pytest.mark.parametrize("host", ["localhost", "localhost:80", "127.0.0.1:1", "[::1]:7071"])
def test_this_machine_may_come_in_under_all_its_names(host: str, api: Api) -> None:
    assert raw(api, "GET", "/health", {"Host": host}).status_code == 200


def test_the_workspace_listens_on_loopback_only(server: Server, api: Api) -> None:
    pids = (server.facts["pid"], server.facts["azurite_pid"])
    listening = [
        connection.laddr.ip
        for pid in pids
        for connection in psutil.Process(pid).net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert all(ipaddress.ip_address(each.removeprefix("::ffff:")).is_loopback for each in listening), listening


def test_the_form_of_a_problem(api: Api) -> None:
    answer = api.http.get(f"/api/runs/{NOBODY}")
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": answer.json()["detail"],
        "code": "not_found",
        "faults": [],
    }
