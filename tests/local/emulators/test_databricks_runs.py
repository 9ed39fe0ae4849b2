"""The Jobs API around one-time runs: submitting, reading, listing, cancelling, deleting."""

import json
import os
from typing import Any

import httpx
import pytest
from databricks.sdk.errors import InvalidParameterValue, ResourceDoesNotExist
from databricks.sdk.service import jobs
from databricks.sdk.service.compute import ClusterSpec
from jsonschema import Draft202012Validator

from tests.local.emulators.databricks_emulator import CLUSTER, ended_as, result
from tests.local.emulators.emulator_process import REPOSITORY
from tests.waiting import until

SCHEMA = REPOSITORY.parent / "shared" / "specs" / "databricks-jobs-2.2.schema.json"
SLEEPER = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
open(sys.argv[1], "w").write(f"{child.pid}")
time.sleep(600)
"""


@pytest.fixture
def client(databricks):
    return databricks.client()


@pytest.fixture
def sleeping(databricks, tmp_path):
    """A run whose script and the script's child sleep; (run id, child's process id)."""
    note = tmp_path / "pid"
    run_id = databricks.script(SLEEPER, str(note), name="sleeper")
    return run_id, int(until(lambda: note.exists() and note.read_text()))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_vendors_client_submits_polls_and_reads(client, databricks):
    path = databricks.write("/Shared/vendor.py", "import sys\nprint(sys.argv[1])")
    cluster = ClusterSpec(spark_version="16.4.x-scala2.12", node_type_id="Standard_DS3_v2", num_workers=0)
    task = jobs.SubmitTask(
        task_key="main",
        new_cluster=cluster,
        spark_python_task=jobs.SparkPythonTask(python_file=f"/Workspace{path}", parameters=["word"]),
    )
    submitted = client.jobs.submit(run_name="from the client", tasks=[task], timeout_seconds=60)
    run = submitted.result()
    assert run.run_name == "from the client"
    assert run.run_type is jobs.RunType.SUBMIT_RUN
    assert run.run_page_url.startswith(databricks.url)
    assert run.state.result_state is jobs.RunResultState.SUCCESS
    assert run.status.termination_details.code is jobs.TerminationCodeCode.SUCCESS
    one = run.tasks[0]
    assert 0 < run.start_time <= one.start_time <= one.end_time <= run.end_time
    assert one.execution_duration > 0
    assert client.jobs.get_run_output(one.run_id).logs == "word\n"
    assert run.run_id in {listed.run_id for listed in client.jobs.list_runs(completed_only=True)}
    client.jobs.delete_run(run.run_id)
    with pytest.raises(ResourceDoesNotExist, match=rf"Run {run.run_id} does not exist\."):
        client.jobs.get_run(run.run_id)


def test_a_token_stands_for_one_run(databricks):
    task = {"spark_python_task": {"python_file": databricks.write("/Shared/once.py", "print()")}}
    first = databricks.submit(task, idempotency_token="run-7-step-1")
    assert databricks.submit(task, idempotency_token="run-7-step-1") == first
    assert databricks.submit(task, idempotency_token="run-7-step-2") != first
    databricks.finished(first)
    databricks.post("delete", {"run_id": first}).raise_for_status()
    again = {"tasks": [{"task_key": "main", "new_cluster": CLUSTER, **task}], "idempotency_token": "run-7-step-1"}
    answer = databricks.post("submit", again)
    assert answer.status_code == 400
    assert "was deleted" in answer.json()["message"]


def test_cancelling_ends_the_whole_tree(databricks, sleeping):
    run_id, pid = sleeping
    running = databricks.run(run_id)
    assert running["state"]["life_cycle_state"] == running["status"]["state"] == "RUNNING"
    assert databricks.post("delete", {"run_id": run_id}).json()["error_code"] == "INVALID_STATE"
    assert run_id in {run["run_id"] for run in databricks.get("list", active_only="true").json()["runs"]}
    assert databricks.post("cancel", {"run_id": run_id}).json() == {}
    assert databricks.run(run_id)["status"]["state"] in {"TERMINATING", "TERMINATED"}
    run = databricks.finished(run_id)
    assert not is_alive(pid)
    assert result(run) == result(run["tasks"][0]) == ("TERMINATED", "CANCELED")
    assert run["state"]["user_cancelled_or_timedout"] is True
    assert ended_as(run)[0] == "USER_CANCELED"
    assert databricks.post("cancel", {"run_id": run_id}).json() == {}
    assert databricks.run(run_id) == run


def test_the_time_limit_ends_the_whole_tree(databricks, tmp_path):
    note = tmp_path / "pid"
    run = databricks.finished(databricks.script(SLEEPER, str(note), name="sleeper", timeout_seconds=1))
    assert result(run) == ("TERMINATED", "TIMEDOUT")
    assert ended_as(run)[0] == "CANCELED"
    assert not note.exists() or not is_alive(int(note.read_text()))


def test_a_run_is_queued_then_waits_for_its_cluster(databricks):
    databricks.faults(provisioning_seconds=0.3)
    run = databricks.finished(databricks.script("print()", name="started"))
    assert run["tasks"][0]["setup_duration"] >= 300
    for switches, state in (({"queue_seconds": 600}, "QUEUED"), ({"provisioning_seconds": 600}, "PENDING")):
        databricks.faults(**switches)
        run_id = databricks.script("print()", name="waiting")
        databricks.until(run_id, lambda run, state=state: run["status"]["state"] == state)
        if state == "QUEUED":
            assert databricks.run(run_id)["status"]["queue_details"]["code"] == "ACTIVE_RUNS_LIMIT_REACHED"
        databricks.post("cancel", {"run_id": run_id})
        assert result(databricks.finished(run_id)) == ("TERMINATED", "CANCELED")


def test_a_lost_node_is_the_clouds_failure_and_too_large_a_cluster_the_users(databricks):
    databricks.faults(failing_nodes=1, quota_nodes=2)
    run = databricks.finished(databricks.script("import time\ntime.sleep(600)", name="lost"))
    assert result(run) == ("INTERNAL_ERROR", "FAILED")
    assert ended_as(run) == ended_as(run["tasks"][0]) == ("CLOUD_FAILURE", "CLOUD_FAILURE")
    run = databricks.finished(databricks.script("print()", name="large", new_cluster={**CLUSTER, "num_workers": 2}))
    assert ended_as(run) == ("CLUSTER_ERROR", "CLIENT_ERROR")
    assert "QUOTA_EXCEEDED" in run["state"]["state_message"]
    assert result(databricks.finished(databricks.script("print()", name="small"))) == ("TERMINATED", "SUCCESS")


def test_a_lost_reply_to_submit_leaves_one_run(databricks):
    databricks.faults(lose_replies=[{"method": "POST", "path_contains": "runs/submit", "count": 1}])
    lost = {"python_file": databricks.write("/Shared/lost.py", "print()")}
    body = {"run_name": "lost", "tasks": [task(spark_python_task=lost)], "idempotency_token": "lost-1"}
    with pytest.raises(httpx.RemoteProtocolError):
        databricks.post("submit", body)
    run_id = databricks.post("submit", body).json()["run_id"]
    runs = databricks.get("list").json()["runs"]
    assert [run["run_id"] for run in runs if run["run_name"] == "lost"] == [run_id]
    databricks.finished(run_id)


def test_throttling_and_outages_look_like_databricks(databricks):
    databricks.faults(throttle_every=2, error_every=3, retry_after_seconds=4)
    answers = [databricks.get("list") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 429, 503]
    assert answers[1].headers["Retry-After"] == "4"
    codes = [answer.json()["error_code"] for answer in answers[1:]]
    assert codes == ["REQUEST_LIMIT_EXCEEDED", "TEMPORARILY_UNAVAILABLE"]


def test_outputs_are_those_of_tasks(client, databricks):
    run = databricks.finished(databricks.script("print()"))
    with pytest.raises(InvalidParameterValue, match="Please retrieve the output of each individual task run"):
        client.jobs.get_run_output(run["run_id"])
    task = databricks.get("get", run_id=run["tasks"][0]["run_id"]).json()
    assert task["job_run_id"] == run["run_id"]
    assert task["state"] == run["tasks"][0]["state"]


def task(**changes):
    script = {"python_file": "/Shared/a.py"}
    return {"task_key": "main", "new_cluster": CLUSTER, "spark_python_task": script, **changes}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "tasks: Field required"),
        ({"tasks": []}, "tasks: List should have at least 1"),
        ({"tasks": [task()], "idempotency_token": "x" * 65}, "idempotency_token: String should have at most 64"),
        ({"tasks": [task()], "timeout_seconds": "5"}, "timeout_seconds"),
        ({"tasks": [task()], "git_source": {}}, "no Git folders"),
        ({"tasks": [task(task_key="a b")]}, "task_key"),
        ({"tasks": [task(), task()]}, "unique"),
        ({"tasks": [task(depends_on=[{"task_key": "other"}])]}, "unknown task 'other'"),
        ({"tasks": [task(depends_on=[{"task_key": "main"}])]}, "cycle"),
        ({"tasks": [task(notebook_task={"notebook_path": "/a"})]}, "exactly one of notebook_task"),
        ({"tasks": [{"task_key": "main", "new_cluster": CLUSTER}]}, "it has none"),
        ({"tasks": [{"task_key": "main", "new_cluster": CLUSTER, "sql_task": {}}]}, "sql_task is not emulated"),
        ({"tasks": [task(existing_cluster_id="x")]}, "exactly one of new_cluster"),
        ({"tasks": [{"task_key": "a", "spark_python_task": {"python_file": "/a"}}]}, "environment_key"),
        ({"tasks": [task(spark_python_task={"python_file": "a.py"})]}, "absolute"),
        (
            {"tasks": [task(spark_python_task={"python_file": "/a.py", "parameters": [1]})]},
            "tasks.0.spark_python_task.parameters.0: Input should be a valid string",
        ),
        ({"tasks": [task(spark_python_task={"python_file": "/a.py", "source": "GIT"})]}, "no Git folders"),
        ({"tasks": [task(libraries=[{"pypi": {}, "egg": ""}])]}, "tasks.0.libraries.0.pypi.package: Field required"),
        ({"tasks": [task(libraries=[{"whl": "/a", "egg": "/b"}])]}, "exactly one of cran, egg"),
        ({"tasks": [task(libraries=[{"conda": "a"}])]}, "conda: Extra inputs are not permitted"),
        ({"tasks": [task(depends_on="main")]}, "depends_on: Input should be a valid list"),
        ({"tasks": [task(max_retries=2)]}, "max_retries is not emulated"),
        ({"tasks": [task(run_if="ALL_DONE")]}, "run_if"),
        ({"tasks": [task(new_cluster={"node_type_id": "x"})]}, "spark_version"),
        ({"tasks": [task(new_cluster={**CLUSTER, "spark_version": "new"})]}, "Invalid spark version new"),
        ({"tasks": [task(new_cluster={**CLUSTER, "instance_pool_id": "x"})]}, "Exactly one of node_type_id"),
        (
            {"tasks": [task(new_cluster={**CLUSTER, "autoscale": {"min_workers": 1, "max_workers": 2}})]},
            "Only one of num_workers",
        ),
    ],
)
def test_a_wrong_submission_is_refused(databricks, body, words):
    answer = databricks.post("submit", body)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert words in answer.json()["message"]


def test_a_missing_run_is_a_wrong_parameter(databricks):
    for answer in (databricks.get("get", run_id=5), databricks.get("get-output", run_id=5)):
        assert answer.status_code == 400
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
        assert answer.json()["message"] == "Run 5 does not exist."
    assert databricks.post("cancel", {"run_id": 5}).status_code == 400
    assert databricks.get("get").json()["message"] == "Missing or invalid field: run_id"


def test_lists_have_pages(databricks):
    for _ in range(3):
        databricks.finished(databricks.submit({"spark_python_task": {"python_file": "/Shared/none.py"}}))
    first = databricks.get("list", limit=2).json()
    assert first["has_more"]
    assert [len(first["runs"]), "tasks" in first["runs"][0]] == [2, False]
    second = databricks.get("list", limit=2, page_token=first["next_page_token"], expand_tasks="true").json()
    assert second["runs"][0]["start_time"] <= first["runs"][-1]["start_time"]
    assert "tasks" in second["runs"][0]
    assert databricks.get("list", limit=26).status_code == 400


def test_existing_clusters_are_made_and_used(client, databricks):
    versions = [version.key for version in client.clusters.spark_versions().versions]
    made = client.clusters.create(spark_version=versions[0], node_type_id="Standard_DS3_v2", num_workers=1).response
    assert client.clusters.get(made.cluster_id).state.value == "RUNNING"
    databricks.faults(provisioning_seconds=600)
    run = databricks.finished(databricks.script("print()", name="existing", existing_cluster_id=made.cluster_id))
    assert run["tasks"][0]["cluster_instance"]["cluster_id"] == made.cluster_id
    client.clusters.delete(made.cluster_id)
    assert client.clusters.get(made.cluster_id).state.value == "TERMINATED"
    run_id = databricks.script("print()", name="existing", existing_cluster_id=made.cluster_id)
    databricks.until(run_id, lambda run: run["status"]["state"] == "PENDING")
    assert client.clusters.get(made.cluster_id).state.value == "RUNNING"
    databricks.post("cancel", {"run_id": run_id})
    with pytest.raises(InvalidParameterValue, match="Cluster none does not exist"):
        client.jobs.submit(tasks=[jobs.SubmitTask.from_dict({**task(existing_cluster_id="none"), "new_cluster": None})])
    with pytest.raises(ResourceDoesNotExist):
        client.clusters.get("none")


@pytest.mark.skipif(not SCHEMA.exists(), reason=f"the published schema is not at {SCHEMA}")
def test_answers_follow_the_published_schema(databricks):
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))

    def check(name: str, answer: Any) -> None:
        Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"}).validate(answer)
        assert set(answer) <= set(schema["$defs"][name]["properties"])

    path = databricks.write("/Shared/checked.py", "import time\ntime.sleep(0.3)\nraise ValueError")
    submission = {"run_name": "checked", "tasks": [task(spark_python_task={"python_file": path}, libraries=[])]}
    check("SubmitRun", submission)
    submitted = databricks.post("submit", submission).json()
    check("SubmitRunResponse", submitted)
    for run in (databricks.run(submitted["run_id"]), databricks.finished(submitted["run_id"])):
        check("Run", run)
        for one in run["tasks"]:
            check("RunTask", one)
        for thing in (run, *run["tasks"]):
            check("RunState", thing["state"])
            check("RunStatus", thing["status"])
    check("RunOutput", databricks.output(run))
    check("Run", databricks.output(run)["metadata"])
    check("ListRunsResponse", databricks.get("list").json())
    noted = databricks.finished(databricks.notebook("dbutils.notebook.exit('x')"))
    check("RunOutput", databricks.output(noted))
