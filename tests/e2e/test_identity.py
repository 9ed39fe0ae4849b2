"""Sign-in from outside: every route with every kind of caller, and jobs that call with their run token."""

import base64
import json
import time
from pathlib import Path

import httpx
import pytest

from api.roles import OPEN_PATHS, ROLES
from shared.core.identity import Role
from tests.e2e.guarded import Guarded
from tests.e2e.workspace import Flow, Json, problem

CALL = """
import urllib.request
def call(path, method="GET"):
    token = os.environ["AZUREML_RUN_TOKEN"]
    request = urllib.request.Request(os.environ["PIPEYARD_URL"] + path, method=method)
    request.add_header("Authorization", "Bearer " + token)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
"""
PATH_VALUES = {
    "path": "x",
    "step": "x",
    "output": "x",
    "sha256": "0" * 64,
    "definition_id": "0" * 64,
    "snapshot_id": "0" * 64,
}


@pytest.fixture(scope="module")
def routes(guarded: Guarded) -> list[tuple[str, str]]:
    """Every route that the workspace itself describes."""
    description = httpx.get(f"{guarded.facts['url']}/api/openapi.json").json()
    return [(method.upper(), path) for path, methods in description["paths"].items() for method in methods]


def url_of(guarded: Guarded, path: str) -> str:
    """A path that names nothing which exists, so that nothing is ever changed."""
    parts = path.split("/")
    for place, part in enumerate(parts):
        if part.startswith("{"):
            parts[place] = PATH_VALUES.get(part.strip("{}"), "00000000-0000-8000-8000-000000000000")
    return f"{guarded.facts['url']}{'/'.join(parts)}"


def test_the_table_names_the_routes_that_there_are(routes: list[tuple[str, str]]) -> None:
    assert {route for route in routes if route[1] not in OPEN_PATHS} == set(ROLES)


def test_nobody_gets_in_anywhere_without_a_good_token(guarded: Guarded, routes: list[tuple[str, str]]) -> None:
    principal = base64.b64encode(
        json.dumps({"auth_typ": "aad", "claims": [{"typ": "roles", "val": "Administrator"}]}).encode()
    ).decode()
    token = guarded.issuer.token(name="eve", roles=["Administrator"])
    expired = guarded.issuer.token(name="eve", roles=["Administrator"], expires_in=-3600)
    attempts = {
        "nothing": {},
        "a wrong token": {"Authorization": f"Bearer {token[:-9]}AAAAAAAAA"},
        "an expired one": {"Authorization": f"Bearer {expired}"},
        "the platform's header": {"X-MS-CLIENT-PRINCIPAL": principal},
        "another scheme": {"Authorization": "Basic ZXZlOng="},
    }
    with httpx.Client(timeout=30) as http:
        for method, path in routes:
            if path in OPEN_PATHS:
                continue
            for what, headers in attempts.items():
                answer = http.request(method, url_of(guarded, path), headers=headers)
                assert answer.status_code == 401, f"{method} {path} with {what}: {answer.status_code}"
                assert answer.headers["www-authenticate"].startswith("Bearer")


def test_each_role_gets_as_far_as_the_table_says(guarded: Guarded, routes: list[tuple[str, str]]) -> None:
    tokens: dict[Role | None, str] = {role: guarded.issuer.token(name=f"walker-{role}", roles=[role]) for role in Role}
    tokens[None] = guarded.issuer.token(name="nobody", roles=[])
    with httpx.Client(timeout=30) as http:
        for method, path in routes:
            if path in OPEN_PATHS:
                continue
            needed = ROLES[method, path]
            for role, token in tokens.items():
                body = b"[]" if method in {"POST", "PUT", "PATCH"} else None
                headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
                answer = http.request(method, url_of(guarded, path), headers=headers, content=body)
                allowed = role is not None and role.includes(needed)
                what = f"{method} {path} as {role}: {answer.status_code} {answer.text[:200]}"
                assert answer.status_code != 401, what
                assert (answer.status_code != 403) == allowed, what
                if not allowed:
                    assert f"role {needed}" in answer.text, what


def test_a_caller_is_told_who_it_is(guarded: Guarded) -> None:
    anna = guarded.caller("anna", "Publisher").get("/api/whoami")
    assert anna == {"name": "anna", "kind": "user", "roles": ["Publisher"], "authenticated": True}
    refused = problem(guarded.caller("rita", "Reader").http.post("/api/runs", json={}), 403)
    assert "Contributor" in refused["detail"]
    assert "rita has Reader" in refused["detail"]


def test_a_job_can_use_its_own_token(guarded: Guarded, tmp_path: Path) -> None:
    flow = Flow(guarded.caller("ines"), tmp_path)
    script = """
from call import call
run_id = os.environ["AZUREML_ROOT_RUN_ID"]
note("calls", me=call("/api/whoami"), own=call("/api/runs/" + run_id)[1]["submitted_by"],
     audit=call("/api/audit")[0], delete=call("/api/datastores/x", "DELETE")[0],
     expires=int(os.environ["AZUREML_RUN_TOKEN_EXPIRY"]), token=os.environ["AZUREML_RUN_TOKEN"])
print("done"); out()
"""
    ended = flow.run(flow.step("caller", script, files={"call.py": f"import json, os\n{CALL}"})).finished()
    seen: Json = flow.notes("calls")[0]
    assert seen["me"][0] == 200
    assert seen["me"][1]["kind"] == "run"
    assert seen["me"][1]["roles"] == ["Contributor"]
    assert ended.run_id in seen["me"][1]["name"]
    assert seen["own"] == "ines"
    assert (seen["audit"], seen["delete"]) == (403, 403)
    assert time.time() + 2.9 * 86400 < seen["expires"] < time.time() + 3.1 * 86400
    token = seen["token"]
    assert token not in flow.api.log(ended.run_id, "caller")
    assert token not in guarded.output.read_text(encoding="utf-8")
    forged = httpx.get(f"{guarded.facts['url']}/api/whoami", headers={"Authorization": f"Bearer {token[:-4]}AAAA"})
    assert forged.status_code == 401
