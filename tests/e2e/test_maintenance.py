"""Purge, deletion, backup and restore through HTTP and the command line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pipeyard.cli.app import run

from tests.e2e.guarded import Guarded
from tests.e2e.workspace import Api, Flow, Server, problem

type Cli = Callable[..., Any]


def cli_of(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    def call(*words: str, code: int = 0) -> Any:
        monkeypatch.setenv("PIPEYARD_URL", server.facts["url"])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run([*words, "--json"], None)
        printed = capsys.readouterr()
        assert (ended.value.code or 0) == code, printed
        return printed.out + printed.err if code else json.loads(printed.out)

    return call


def test_only_administrators_may(guarded: Guarded) -> None:
    publisher = guarded.caller("pat", "Publisher")
    problem(publisher.http.post("/api/maintenance/purge?dry_run=true"), 403)
    problem(publisher.http.get("/api/maintenance/backup"), 403)
    problem(publisher.http.post("/api/maintenance/restore", content=b"{}"), 403)
    problem(publisher.http.delete("/api/runs/00000000-0000-4000-8000-000000000000"), 403)


def test_a_run_is_deleted_with_its_logs(api: Api, flow: Flow) -> None:
    gate = flow.notes_file.with_suffix(".gate")
    step = flow.step("slow", "note(); gate(); out()", env={"GATE": str(gate)})
    run_id = flow.submit(step)
    assert "Cancel it first" in problem(api.http.delete(f"/api/runs/{run_id}"), 409)["detail"]
    gate.touch()
    api.wait(run_id).finished()
    assert api.http.delete(f"/api/runs/{run_id}").status_code == 204
    for path in ("", "/steps", "/steps/slow/logs", "/explain"):
        problem(api.http.get(f"/api/runs/{run_id}{path}"), 404)
    problem(api.http.delete(f"/api/runs/{run_id}"), 404)
    again = flow.run(step).finished()
    assert again.reused == {"slow"}, "its result stays for those who stand on it"
    assert api.read_output(again.run_id, "slow") == b"x"


def test_a_purge_says_first_what_it_would_remove(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Server(tmp_path, environment={"PIPEYARD_KEEP_RUNS_DAYS": "1"})
    try:
        server.start()
        api = Api(server.facts["url"])
        flow = Flow(api, tmp_path)
        ended = flow.run(flow.step("only")).finished()
        problem(api.http.get("/api/maintenance/purge"), 404)
        cli = cli_of(server, monkeypatch, capsys)
        report = cli("maintenance", "purge", "--dry-run")
        assert (report["dry_run"], report["status"], report["removed"]) == (True, "finished", {})
        assert cli("maintenance", "purge")["status"] == "finished"
        assert api.get("/api/maintenance/purge")["id"] != report["id"]
        step = api.post("/api/maintenance/purge?seconds=0&dry_run=true")
        assert (step["status"], step["phase"]) == ("running", "mark_runs")
        server.kill()
        server.start()
        last = cli("maintenance", "purge", "--dry-run")
        assert (last["id"], last["status"]) == (step["id"], "finished"), "it went on where it was"
        assert cli("maintenance", "delete-run", ended.run_id) == {"deleted": ended.run_id}
        api.close()
    finally:
        server.close()


def test_a_catalogue_comes_back_in_an_empty_workspace(
    server: Server,
    api: Api,
    flow: Flow,
    own: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = {"name": flow.name, "definition": flow.definition(flow.step("only"))}
    published = api.post("/api/published-pipelines", document, status=201)
    schedule = {"name": flow.name, "published_pipeline_id": published["id"], "experiment_name": flow.name}
    schedule |= {"recurrence": {"frequency": "Day", "interval": 1, "start_time": "2099-01-01T00:00:00"}}
    schedule_id = api.post("/api/schedules", schedule, status=201)["id"]
    webhook = api.post("/api/webhooks", {"name": flow.name, "url": "http://127.0.0.1:9/"}, status=201)
    assert api.http.put(f"/api/environments/{flow.name}", json={"document": {"a": 1}}).status_code == 201
    for target in (tmp_path / "copy", tmp_path / "copy.zip"):
        counts = cli_of(server, monkeypatch, capsys)("maintenance", "backup", "--to", str(target))["counts"]
        assert counts["published_pipeline"] >= 1
        assert counts["file"] >= 2
    for route in (f"/api/schedules/{schedule_id}", f"/api/webhooks/{webhook['id']}"):
        assert api.http.delete(route).is_success, "the shared workspace is left as it was"
    assert webhook["secret"] not in (tmp_path / "copy/backup.jsonl").read_text()
    assert "sig=" not in (tmp_path / "copy/backup.jsonl").read_text()
    cli = cli_of(own, monkeypatch, capsys)
    for place, change in (("backup.jsonl", _without_last_line), ("files", _damage)):
        broken = tmp_path / f"broken-{place}"
        shutil.copytree(tmp_path / "copy", broken)
        change(broken)
        assert "Take another copy" in cli("maintenance", "restore", "--from", str(broken), code=1)
    dry = cli("maintenance", "restore", "--from", str(tmp_path / "copy.zip"), "--dry-run")
    assert dry["records"]["published_pipeline"]["created"] >= 1
    there = Api(own.facts["url"])
    assert there.get("/api/published-pipelines")["value"] == []
    report = cli("maintenance", "restore", "--from", str(tmp_path / "copy"))
    assert report["records"] == dry["records"]
    assert f"webhook-{webhook['id']}" in {missing["secret"] for missing in report["missing_secrets"]}
    assert there.get(f"/api/schedules/{schedule_id}")["status"] == "Disabled"
    assert there.get(f"/api/webhooks/{webhook['id']}")["status"] == "Disabled"
    submitted = there.post(f"/api/published-pipelines/{published['id']}/submit", {}, status=201)
    there.wait(submitted["run_id"]).finished()

    twice = cli("maintenance", "restore", "--from", str(tmp_path / "copy"))
    assert all(count["created"] == 0 for count in twice["records"].values())
    assert there.http.put(f"/api/published-pipelines/{published['id']}/status", json={"status": "Disabled"}).is_success
    skipped = cli("maintenance", "restore", "--from", str(tmp_path / "copy"))
    assert f"published_pipeline {published['id']}" in skipped["conflicts"]
    assert there.get(f"/api/published-pipelines/{published['id']}")["status"] == "Disabled"
    cli("maintenance", "restore", "--from", str(tmp_path / "copy"), "--conflict", "replace")
    assert there.get(f"/api/published-pipelines/{published['id']}")["status"] == "Active"
    there.close()


def _without_last_line(copy: Path) -> None:
    lines = (copy / "backup.jsonl").read_bytes().splitlines(keepends=True)
    (copy / "backup.jsonl").write_bytes(b"".join(lines[:-1]))


def _damage(copy: Path) -> None:
    next((copy / "files").iterdir()).write_bytes(b"something else")


def test_what_is_no_backup_is_refused_as_a_whole(api: Api, tmp_path: Path) -> None:
    lines = [
        {"type": "backup", "version": 2},
        {"type": "record", "kind": "spaceship", "record": {}},
        {"type": "record", "kind": "model", "record": {"name": "m"}},
        {"type": "definition", "id": "0" * 64, "document": {"name": "p", "steps": []}},
        {"type": "else"},
    ]
    body = "\n".join([*map(json.dumps, lines), "not JSON"])
    faults = problem(api.http.post("/api/maintenance/restore", content=body), 422)["faults"]
    assert {fault["pointer"].split("/")[1] for fault in faults} == {"0", "1", "2", "3", "4", "5"}
    problem(api.http.post("/api/maintenance/restore"), 422)
    problem(api.http.get("/api/maintenance/backup?continuation_token=x"), 422)
    assert httpx.codes.is_success(api.http.get("/api/maintenance/backup").status_code)
    del tmp_path
