"""The command line and the SDK with a token."""

import json
import os
import subprocess
import sys

import pytest
from pipeyard.core.audit import audit_log, whoami
from pipeyard.core.webhook import Webhook
from pipeyard.core.workspace import Workspace
from pipeyard.exceptions import AuthenticationException

from tests.e2e.guarded import Guarded
from tests.e2e.workspace import REPOSITORY, Json


def pipeyard(guarded: Guarded, *words: str, token: str | None, code: int = 0) -> Json:
    """What a command prints under `--json`."""
    environment = {**os.environ, "PIPEYARD_URL": guarded.facts["url"], "PIPEYARD_TOKEN": token or ""}
    command = [sys.executable, "-m", "pipeyard", *words, "--json"]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, check=False, timeout=60)
    assert done.returncode == code, done.stderr
    answer: Json = json.loads(done.stdout)
    return answer


def test_the_command_line_signs_in_with_a_token(guarded: Guarded) -> None:
    token = guarded.issuer.token(name="cli", roles=["Administrator"])
    assert pipeyard(guarded, "whoami", token=token)["name"] == "cli"
    made = pipeyard(guarded, "webhook", "create", "cli hook", "http://127.0.0.1:9/", token=token)
    assert made["secret"].startswith("whsec_")
    listed = pipeyard(guarded, "webhook", "list", token=token)["value"]
    assert made["id"] in {each["id"] for each in listed}
    narrowed = ("update", made["id"], "--experiment", "e", "--status", "Failed", "--url", "http://127.0.0.1:8/")
    changed = pipeyard(guarded, "webhook", *narrowed, token=token)
    assert [changed[key] for key in ("experiment", "statuses", "url")] == ["e", ["Failed"], "http://127.0.0.1:8/"]
    changed = pipeyard(guarded, "webhook", "update", made["id"], "--experiment", "", "--status", "", token=token)
    assert [changed[key] for key in ("experiment", "statuses", "name")] == [None, [], "cli hook"]
    assert pipeyard(guarded, "webhook", "disable", made["id"], token=token)["status"] == "Disabled"
    assert pipeyard(guarded, "webhook", "deliveries", made["id"], token=token) == {"value": []}
    pipeyard(guarded, "webhook", "delete", made["id"], token=token)
    actions = [each["action"] for each in pipeyard(guarded, "audit", "--caller", "cli", token=token)["value"]]
    assert actions == [
        "DELETE /api/webhooks/{webhook_id}",
        *["PATCH /api/webhooks/{webhook_id}"] * 3,
        "POST /api/webhooks",
    ]


def test_the_command_line_without_a_token_says_what_is_missing(guarded: Guarded) -> None:
    refused = pipeyard(guarded, "runs", token=None, code=1)["error"]
    assert refused["code"] == "not_authenticated"
    assert "Authorization: Bearer" in refused["message"]


def test_the_sdk_signs_in_with_a_token(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace(guarded.facts["url"])
    monkeypatch.setenv("PIPEYARD_TOKEN", guarded.issuer.token(name="sdk", roles=["Reader"]))
    assert all(each.secret is None for each in Webhook.list(workspace))
    with pytest.raises(AuthenticationException, match="Administrator"):
        Webhook.create(workspace, "hook", "http://127.0.0.1:9/")
    monkeypatch.setenv("PIPEYARD_TOKEN", guarded.issuer.token(name="sdk", roles=["Administrator"]))
    webhook = Webhook.create(workspace, "hook", "http://127.0.0.1:9/", statuses=["Failed"])
    assert webhook.secret is not None
    first = webhook.secret
    assert webhook.rotate_secret() != first
    webhook.update(name="hooked", experiment="e")
    webhook.disable()
    document = workspace.client.http.get(f"/api/webhooks/{webhook.id}")
    assert [document[key] for key in ("name", "experiment", "statuses")] == ["hooked", "e", ["Failed"]]
    assert Webhook.get(workspace, webhook.id).status == "Disabled"
    assert list(webhook.deliveries()) == []
    webhook.delete()
    assert whoami(workspace)["roles"] == ["Administrator"]
    assert next(audit_log(workspace, caller="sdk"))["action"] == "DELETE /api/webhooks/{webhook_id}"
    workspace.client.close()
