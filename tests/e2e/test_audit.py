"""Who did what: one row for each change, found by caller, action and time."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from tests.e2e.guarded import Guarded
from tests.e2e.workspace import Flow, problem


def test_changes_are_recorded_and_reads_are_not(guarded: Guarded, tmp_path: Path) -> None:
    began = datetime.now(UTC).isoformat()
    marta, boss = guarded.caller("marta"), guarded.caller("boss", "Administrator")
    flow = Flow(marta, tmp_path)
    secret = f"secret-{flow.token}"
    run_id = flow.submit(flow.step("only"), description=secret)
    ended = marta.wait(run_id).finished()
    assert ended.run["submitted_by"] == "marta"
    marta.http.post(f"/api/runs/{run_id}/cancel")  # refused: it is over
    resumed = marta.post(f"/api/runs/{run_id}/resume", status=201)["run_id"]
    marta.wait(resumed).finished()
    rows = boss.get("/api/audit", caller="marta", since=began)["value"]
    assert [(row["action"], row["result"]) for row in rows] == [
        ("POST /api/runs/{run_id}/resume", resumed),
        ("POST /api/runs", run_id),
    ]
    newest = rows[0]
    assert newest["subject"] == {"run_id": run_id}
    assert (newest["caller_kind"], newest["status"]) == ("user", 201)
    assert began < rows[1]["time"] < newest["time"]
    assert secret not in str(rows), "never what a body said"


def test_rows_are_filtered_and_paged(guarded: Guarded) -> None:
    boss = guarded.caller("pager", "Administrator")
    made = [
        boss.post("/api/webhooks", {"name": f"audited {number}", "url": "http://127.0.0.1:9/"}, status=201)["id"]
        for number in range(3)
    ]
    for webhook_id in made:
        assert boss.http.delete(f"/api/webhooks/{webhook_id}").status_code == 204
    seen, token = [], None
    for _ in range(10):
        query = {"caller": "pager", "action": "POST /api/webhooks", "page_size": 2}
        page = boss.get("/api/audit", **query, **({"continuation_token": token} if token else {}))
        seen += [row["result"] for row in page["value"]]
        token = page["continuation_token"]
        if token is None:
            break
    assert seen == made[::-1]
    deleted = boss.get("/api/audit", caller="pager", action="DELETE /api/webhooks/{webhook_id}")["value"]
    assert [row["subject"]["webhook_id"] for row in deleted] == made[::-1]
    since = boss.get("/api/audit", caller="pager", since=deleted[0]["time"])["value"]
    assert [row["id"] for row in since] == [deleted[0]["id"]]
    later = quote("2999-01-01T00:00:00+00:00")
    assert boss.http.get(f"/api/audit?since={later}").json()["value"] == []
    problem(boss.http.get("/api/audit", params={"since": "yesterday"}), 422)
    problem(guarded.caller("pat", "Publisher").http.get("/api/audit"), 403)
