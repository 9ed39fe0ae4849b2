"""What is left when the emulator is killed: everything but the processes, and those begin again."""

import os

from tests.local.emulators.databricks_emulator import DatabricksEmulator, result
from tests.waiting import until

ONCE = """
import pathlib, sys, time
note = pathlib.Path(sys.argv[1])
if note.exists():
    print("again")
else:
    note.write_text(str(__import__("os").getpid()))
    time.sleep(600)
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_runs_survive_being_killed_and_begin_again(own_databricks, tmp_path):
    done = own_databricks.finished(own_databricks.script("print('done')", name="done"))
    task = {
        "spark_python_task": {
            "python_file": own_databricks.write("/Shared/once.py", ONCE),
            "parameters": [str(tmp_path / "pid")],
        }
    }
    run_id = own_databricks.submit(task, idempotency_token="kept")
    pid = int(until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text()))
    own_databricks.kill()
    until(lambda: not is_alive(pid))
    own_databricks.start()
    assert own_databricks.submit(task, idempotency_token="kept") == run_id
    assert own_databricks.output(own_databricks.finished(run_id))["logs"] == "again\n"
    old = own_databricks.run(done["run_id"])
    assert (old["state"], old["tasks"][0]["end_time"]) == (done["state"], done["tasks"][0]["end_time"])
    assert own_databricks.output(old)["logs"] == "done\n"
    assert (
        own_databricks.http.get("/api/2.1/clusters/get", params={"cluster_id": "0101-000000-first"}).status_code == 200
    )


def test_a_cancelled_run_does_not_begin_again(azurite, tmp_path):
    databricks = DatabricksEmulator(azurite.account(), tmp_path / "data", provisioning_seconds=600)
    run_id = databricks.script("print()", name="never")
    databricks.until(run_id, lambda run: run["status"]["state"] == "PENDING")
    databricks.post("cancel", {"run_id": run_id}).raise_for_status()
    databricks.kill()
    databricks.start()
    assert result(databricks.finished(run_id)) == ("TERMINATED", "CANCELED")
    databricks.stop()


def test_secrets_of_the_emulator_do_not_reach_the_code(own_databricks):
    code = "import os\nprint(sorted(os.environ))\nprint(any('AccountKey' in value for value in os.environ.values()))"
    logs = own_databricks.output(own_databricks.finished(own_databricks.script(code, name="curious")))["logs"]
    assert "PIPEYARD_STORAGE" not in logs
    assert logs.endswith("False\n")
