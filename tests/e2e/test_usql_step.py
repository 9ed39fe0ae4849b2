"""U-SQL scripts as steps of a real workspace: on DuckDB, or by an emulated account of Data Lake Analytics."""

from collections.abc import Iterator

import pytest

from tests.e2e.workspace import Api, Flow, Json
from tests.waiting import until

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


@pytest.fixture
def emulated(api: Api, flow: Flow) -> Iterator[str]:
    """An emulated account."""
    name = f"lake-{flow.token}"
    attach(api, name, emulated=True)
    yield name
    api.http.delete(f"/api/compute-targets/{name}")


def attach(api: Api, name: str, **properties: str | bool) -> Json:
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


def test_a_script_runs_as_a_job_of_an_emulated_account(api: Api, flow: Flow, emulated: str):
    assert api.get(f"/api/compute-targets/{emulated}")["runs_on"] == "data_lake_analytics"
    steps = usql(flow, emulated)
    steps[1]["settings"] |= {"degree_of_parallelism": 2, "priority": 5}
    steps.append(flow.step("reader", "out(open(path('query') + '/big.csv').read())", data=["query"]))
    ended = flow.run(*steps, limit=60)
    log = api.log(ended.run_id, "query")
    assert ended.status == "Finished", (log, ended.steps)
    assert api.read_output(ended.run_id, "query", path="big.csv") == b'"Name","Half"\r\n"C",6\r\n"B",4\r\n'
    assert api.read_output(ended.run_id, "reader").startswith(b'"Name","Half"')
    assert ", degree of parallelism 2, priority 5" in log
    for state in ("New", "Compiling", "Queued", "Scheduling", "Starting", "Running", "Ended"):
        assert f" {state}\n" in log
    assert "SV1_Extract: 1 of 1 vertices, 13 bytes read" in log
    assert flow.run(*steps, limit=60).reused == {"maker", "query", "reader"}


@pytest.mark.parametrize("target", ["account", "emulated"])
@pytest.mark.parametrize("route", ["/api/runs", "/api/plan", "/api/published-pipelines"])
def test_a_script_with_faults_is_refused(api: Api, flow: Flow, target: str, route: str, request: pytest.FixtureRequest):
    script = SCRIPT.replace("Size / 2", "Sise / 2").replace("OUTPUT @big", "OUTPUT @bog")
    definition = flow.definition(*usql(flow, request.getfixturevalue(target), script))
    body = {"definition": definition, **({"name": "wrong"} if "published" in route else {})}
    faults = api.refuse(route, body, 422)["faults"]
    assert [(fault["pointer"], fault["message"]) for fault in faults] == [
        (
            "/definition/steps/1/settings/script_name",
            "job.usql(2,39): error: There is no column `Sise` here. Did you mean `Size`?",
        ),
        (
            "/definition/steps/1/settings/script_name",
            "job.usql(3,1): error: The rowset `@bog` is not known. Did you mean `@big`?",
        ),
    ]


def test_what_the_service_says_about_a_failure_comes_back(api: Api, flow: Flow, emulated: str):
    wrong = SCRIPT.replace("Name string, Size int", "Size int, Name string")
    ended = flow.run(*usql(flow, emulated, wrong), limit=60)
    assert ended.status == "Failed"
    line = "line 1, column Size: the text 'a' is no int."
    assert line in ended.steps["query"]["error"]
    assert line in api.log(ended.run_id, "query")
    assert "E_RUNTIME_USER_EXECUTION" in ended.steps["query"]["error"]


def test_a_canceled_job_of_an_emulated_account_is_over(api: Api, flow: Flow, emulated: str):
    slow = """\
@n = SELECT * FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS T(x);
@p = SELECT a.x AS x FROM @n AS a CROSS JOIN @n AS b CROSS JOIN @n AS c CROSS JOIN @n AS d CROSS JOIN @n AS e;
@q = SELECT COUNT(DISTINCT (a.x * 31L + b.x).ToString()) AS N FROM @p AS a CROSS JOIN @p AS b WHERE a.x + b.x > 1;
@r = EXTRACT Name string, Size int FROM "@@maker@@" USING Extractors.Csv();
OUTPUT @q TO "@@out@@/@@least@@.csv" USING Outputters.Csv();
OUTPUT @r TO "@@out@@/r.csv" USING Outputters.Csv();
"""
    run_id = flow.submit(*usql(flow, emulated, slow))
    until(lambda: " Running\n" in api.log(run_id, "query"), "the job to run", limit=40)
    api.post(f"/api/runs/{run_id}/cancel", status=202)
    ended = api.wait(run_id, limit=30)
    assert (ended.status, ended.steps["query"]["status"]) == ("Canceled", "Canceled")
    assert "I_USER_CJS_CANCELEDBYUSER" in api.log(run_id, "query")


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"account_name": "old"}, "Azure retired Data Lake Analytics on 29 February 2024"),
        ({"engine": "sqlite"}, "duckdb"),
    ],
)
def test_the_service_itself_cannot_be_attached(api: Api, flow: Flow, properties: Json, words: str):
    body = {"type": "DataLakeAnalytics", "attach": True, "properties": properties}
    answer = api.http.put(f"/api/compute-targets/old-{flow.token}", json=body)
    assert answer.status_code == 422
    assert words in answer.text


def test_other_steps_do_not_run_on_the_engine(api: Api, flow: Flow, account: str):
    [fault] = api.refuse("/api/runs", {"definition": flow.definition(flow.step("plain", compute_target=account))}, 422)[
        "faults"
    ]
    assert fault["pointer"] == "/definition/steps/0/compute_target"
    assert "no back-end for targets of type `DataLakeAnalytics`" in fault["message"]
