"""U-SQL scripts as steps of a real workspace: on DuckDB where the compute target says so, refused where it does not."""

from collections.abc import Iterator

import pytest

from tests.e2e.workspace import Api, Flow, Json

SCRIPT = """\
@rows = EXTRACT Name string, Size int FROM "@@maker@@" USING Extractors.Csv();
@big = SELECT Name.ToUpper() AS Name, Size / 2 AS Half FROM @rows WHERE Size > @@least@@;
OUTPUT @big TO "@@out@@/big.csv" ORDER BY Half DESC USING Outputters.Csv(outputHeader: true);
"""


@pytest.fixture
def account(api: Api, flow: Flow) -> Iterator[str]:
    """An account of Data Lake Analytics that has an engine."""
    name = f"adla-{flow.token}"
    attach(api, name, engine="duckdb")
    yield name
    api.http.delete(f"/api/compute-targets/{name}")


def attach(api: Api, name: str, **properties: str) -> Json:
    body = {"type": "DataLakeAnalytics", "attach": True, "properties": properties}
    answer = api.http.put(f"/api/compute-targets/{name}", json=body)
    assert answer.status_code in {200, 201}, answer.text
    return dict(answer.json())


def usql(flow: Flow, target: str, script: str = SCRIPT, least: int = 3) -> list[Json]:
    maker = flow.step("maker", "out('a,3\\nb,9\\nc,12\\n')")
    step = flow.step("query", files={"job.usql": script}, data=["maker"], outputs={"out": {}})
    inputs = {**step["inputs"], "least": {"kind": "literal", "value": least}}
    settings = {"script_name": "job.usql"}
    return [
        maker,
        {**step, "type": "data_lake_analytics", "settings": settings, "inputs": inputs, "compute_target": target},
    ]


def test_a_script_runs_and_is_reused(api: Api, flow: Flow, account: str):
    assert api.get(f"/api/compute-targets/{account}")["runs_on"] == "local_process"
    ended = flow.run(*usql(flow, account), limit=60)
    log = api.log(ended.run_id, "query")
    assert ended.status == "Finished", log
    assert api.read_output(ended.run_id, "query", path="big.csv") == b'"Name","Half"\r\n"C",6\r\n"B",4\r\n'
    assert "@big: 2 rows in" in log
    again = flow.run(*usql(flow, account), limit=60)
    assert again.reused == {"maker", "query"}
    changed = flow.run(*usql(flow, account, least=10), limit=60)
    assert api.read_output(changed.run_id, "query", path="big.csv") == b'"Name","Half"\r\n"C",6\r\n'


def test_a_script_with_faults_fails_before_it_runs(api: Api, flow: Flow, account: str):
    ended = flow.run(*usql(flow, account, SCRIPT.replace("Size / 2", "Sise / 2")), limit=60)
    assert ended.status == "Failed"
    assert "job.usql(2,39): error: There is no column `Sise` here. Did you mean `Size`?" in api.log(
        ended.run_id, "query"
    )


def test_without_an_engine_the_step_says_what_is_missing(api: Api, flow: Flow):
    name = f"adla-{flow.token}"
    assert attach(api, name, account_name="old")["runs_on"] is None
    ended = flow.run(*usql(flow, name), limit=60)
    assert ended.status == "Failed"
    assert '"engine": "duckdb"' in str(ended.steps["query"])
    wrong = api.http.put(
        f"/api/compute-targets/{name}",
        json={"type": "DataLakeAnalytics", "attach": True, "properties": {"engine": "sqlite"}},
    )
    assert wrong.status_code == 422
    api.http.delete(f"/api/compute-targets/{name}")


def test_other_steps_do_not_run_on_the_engine(flow: Flow, account: str):
    ended = flow.run(flow.step("plain", compute_target=account), limit=60)
    assert ended.status == "Failed"
    assert "no back-end for targets of type `DataLakeAnalytics`" in str(ended.steps["plain"])
