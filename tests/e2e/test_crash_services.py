"""`kill -9` while jobs are under way on all three emulated services: each is found again, and none is doubled."""

from pathlib import Path
from typing import Any

import httpx

from tests.e2e.test_usql_step import attach
from tests.e2e.workspace import Api, Flow, Json, Server, is_alive
from tests.waiting import until

AML = {"vm_size": "STANDARD_D2_V2", "min_nodes": 0, "max_nodes": 4, "emulated": True}
CLUSTER = {"spark_version": "16.4.x-scala2.12", "node_type": "Standard_DS3_v2", "num_workers": 1}
GATED = """
note()
gate()
os.makedirs(path(), exist_ok=True)
with open(path() + "/a.txt", "w") as file:
    file.write("x")
"""
QUICK = '@a = SELECT * FROM (VALUES (1)) AS t(n);\nOUTPUT @a TO "@@out@@/a.txt" USING Outputters.Csv();\n'
SLOW = """
@n = EXTRACT n long FROM "@@numbers@@" USING Extractors.Csv();
@all = SELECT SUM((a.n * b.n + c.n * d.n) % 7) AS total FROM @n AS a CROSS JOIN @n AS b CROSS JOIN @n AS c
       CROSS JOIN @n AS d;
OUTPUT @all TO "@@out@@/a.txt" USING Outputters.Csv();
"""
NUMBERS = "".join(f"{number}\n" for number in range(2000)).encode()
LIMIT = 60


def set_up(api: Api) -> None:
    answer = api.http.put("/api/compute-targets/aml", json={"type": "AmlCompute", "properties": AML})
    assert answer.status_code == 201, answer.text
    body = {"type": "Databricks", "attach": True, "properties": {"emulated": True}}
    answer = api.http.put("/api/compute-targets/bricks", json=body)
    assert answer.status_code == 201, answer.text
    attach(api, "lake", emulated=True)
    api.upload("in/numbers.csv", NUMBERS)


def steps(flow: Flow, kind: str, usql: str, env: dict[str, str]) -> list[Json]:
    """A step for each service; none waits for another."""
    numbers = {"kind": "data_reference", "datastore": "workspaceblobstore", "path": "in/numbers.csv"}
    query = flow.step(f"{kind}-query", files={"job.usql": usql}, compute_target="lake")
    inputs = {"numbers": numbers} if "numbers" in usql else {}
    settings = {"script_name": "job.usql"}
    bricks = flow.step(f"{kind}-bricks", GATED, env=env, compute_target="bricks", type="databricks")
    return [
        flow.step(f"{kind}-aml", GATED, env=env, compute_target="aml"),
        {**bricks, "settings": {**CLUSTER, "python_script_name": "step.py"}},
        {**query, "type": "data_lake_analytics", "settings": settings, "inputs": inputs},
    ]


class Emulators:
    """What the services themselves say, at their addresses since the last start."""

    def __init__(self, server: Server) -> None:
        self._urls = server.facts["emulators"]

    def ask(self, service: str, path: str, method: str = "GET", **request: Any) -> Json:
        headers = {"Authorization": "Bearer me"}
        answer = httpx.request(method, f"{self._urls[service]}{path}", headers=headers, timeout=60, **request)
        assert answer.is_success, answer.text
        return dict(answer.json()) if answer.content else {}

    def hold_queries(self) -> None:
        self.ask("data_lake_analytics", "/_emulator/faults", "PUT", json={"queue_seconds": 600})

    def states(self) -> dict[str, list[str]]:
        """How every job that there is ended, by service."""
        workspace = (
            "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local"
            "/providers/Microsoft.MachineLearningServices/workspaces/local"
        )
        aml = self.ask("azure_ml", f"{workspace}/jobs", params={"api-version": "2025-12-01"})["value"]
        runs = self.ask("databricks", "/api/2.2/jobs/runs/list")["runs"]
        lake = self.ask("data_lake_analytics", "/Jobs", params={"api-version": "2016-11-01"})["value"]
        return {
            "azure_ml": sorted(job["properties"]["status"] for job in aml),
            "databricks": sorted(run["status"]["termination_details"]["code"] for run in runs),
            "data_lake_analytics": sorted(job["result"] for job in lake),
        }


def test_jobs_on_services_survive_the_death_of_the_workspace(own: Server, tmp_path: Path) -> None:
    api = Api(own.facts["url"])
    flow = Flow(api, tmp_path)
    set_up(api)
    gate, never = tmp_path / "gate", tmp_path / "never"
    doomed = flow.submit(*steps(flow, "doomed", SLOW, {"GATE": str(never)}))
    until(lambda: api.step(doomed, "doomed-query").get("detail") == "Running", "the long query", limit=LIMIT)
    Emulators(own).hold_queries()
    kept = flow.submit(*steps(flow, "kept", QUICK, {"GATE": str(gate)}))
    scripts = [f"{kind}-{service}" for kind in ("doomed", "kept") for service in ("aml", "bricks")]
    first = {name: flow.wait_for_note("start", name, limit=LIMIT) for name in scripts}
    until(lambda: api.step(kept, "kept-query").get("detail") == "Queued", "the short query", limit=LIMIT)
    own.kill()
    # An emulator ends with its workspace, and its jobs with it, as if their nodes had been lost.
    until(lambda: not any(is_alive(note["pid"]) for note in first.values()), "the end of the nodes")
    own.start()
    api.post(f"/api/runs/{doomed}/cancel", status=202)
    gate.touch()
    finished, canceled = api.wait(kept, limit=LIMIT).finished(), api.wait(doomed, limit=LIMIT)
    assert {name: step["attempt"] for name, step in finished.steps.items()} == dict.fromkeys(finished.steps, 1)
    for name in finished.steps:
        assert api.read_output(kept, name, path="a.txt").strip() in {b"x", b"1"}
    assert canceled.status == "Canceled"
    assert set(canceled.statuses().values()) == {"Canceled"}
    assert not any(is_alive(note["pid"]) for note in flow.notes("start"))
    assert {name: flow.starts()[name] for name in scripts[2:]} == dict.fromkeys(scripts[2:], 2)
    assert Emulators(own).states() == {
        "azure_ml": ["Canceled", "Completed"],
        "databricks": ["SUCCESS", "USER_CANCELED"],
        "data_lake_analytics": ["Cancelled", "Succeeded"],
    }
    api.close()
