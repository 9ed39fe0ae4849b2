"""The Databricks backend through the vendor's client against an emulated workspace that really runs things."""

import io
import json
import zipfile

import pytest

from shared.core import names
from shared.core.errors import BackendError
from shared.core.jobs import JobOutcome
from tests.fakes.http_server import Reply
from tests.unit.adapters.databricks_backend.desk import CALLBACK_CODE, TOKEN

COPY_NOTEBOOK = """\
import os
source, target = dbutils.widgets.get("raw"), dbutils.widgets.get("clean")
os.makedirs(target, exist_ok=True)
for name in os.listdir(source):
    text = open(os.path.join(source, name)).read()
    open(os.path.join(target, name), "w").write(text.upper())
dbutils.notebook.exit(dbutils.widgets.get("shout") + " " + dbutils.widgets.get("AZUREML_ARM_PROJECT_NAME"))
"""
WAIT = "import time\nprint('begun', flush=True)\nwhile True:\n    time.sleep(0.05)\n"


def notebook(desk, text, path="/Shared/note"):
    desk.bricks.write(f"{path}.py", f"# Databricks notebook source\n{text}", "AUTO")
    return path


def test_a_notebook_gets_parameters_and_places(desk):
    path = notebook(desk, COPY_NOTEBOOK)
    job = desk.job({"notebook_path": path, "notebook_params": {"shout": "done"}}, inputs=("raw",), outputs=("clean",))
    desk.put(job, "raw/a.csv", "a,b")
    result = desk.run(job)
    assert (result.outcome, result.message) == (JobOutcome.COMPLETED, ""), desk.log(job)
    assert desk.read(job, "clean/a.csv") == "A,B"
    assert result.listed_outputs == ("clean",)
    assert result.started_at < result.ended_at
    log = desk.log(job).splitlines()
    assert log[0].startswith(f"Databricks: the run's page is {desk.forwarder.url}")
    assert log[-2:] == ["Databricks: the notebook's result:", "done sales"]


def test_a_script_of_the_workspace_gets_pairs_as_v1_gave_them(desk):
    script = desk.bricks.write(
        "/Shared/said.py", "import sys\nprint(sys.argv[1:])\nopen(sys.argv[4] + '/a', 'w').write('x')\n"
    )
    settings = {"python_script_path": script, "python_script_params": ["--n", 3]}
    job = desk.job(settings, outputs=("out",))
    result = desk.run(job)
    assert result.outcome is JobOutcome.COMPLETED, desk.log(job)
    (words,) = [line for line in desk.log(job).splitlines() if line.startswith("[")]
    assert words.startswith("['--n', '3', '-out', '")
    assert f"'--AZUREML_RUN_ID', '{job.step_run_id}'" in words
    assert desk.read(job, "out/a") == "x"


TRAIN = """
    import os, sys, time, pathlib
    from helper import double
    assert sys.argv[1:3] == ["--rate", "0.5"], sys.argv
    source, target = sys.argv[4], sys.argv[6]
    assert sys.argv[3:7:2] == ["-raw", "-model"], sys.argv
    assert os.environ["AZUREML_DATAREFERENCE_raw"] == source
    assert os.environ["model"] == target
    assert os.environ["GREETING"] == "hi"
    assert os.environ["AZUREML_RUN_TOKEN"]
    print("live", flush=True)
    go = pathlib.Path(open("go.txt").read())
    while not go.exists():
        time.sleep(0.02)
    os.makedirs(target, exist_ok=True)
    open(os.path.join(target, "m.txt"), "w").write(double(open(source + "/a.txt").read()))
    from pipeyard.core import Run
    run = Run.get_context()
    run.log("loss", 0.25)
    run.upload_file("kept/notes.txt", "notes.txt")
    open("outputs/plot.txt", "w").write("plot")
    print("err", file=sys.stderr)
    """
HELPER = "def double(text):\n    return text * 2\n"


def test_a_script_of_the_source_directory_is_a_whole_step(desk, tmp_path):
    go = tmp_path / "go"
    code = {"src/train.py": TRAIN, "src/helper.py": HELPER, "go.txt": str(go), "notes.txt": "notes"}
    settings = {"python_script_name": "src/train.py", "python_script_params": ["--rate", "0.5"]}
    job = desk.job(settings, code=code, inputs=("raw",), outputs=("model",))
    job.environment["PIPEYARD_URL"] = "http://127.0.0.1:9"
    desk.put(job, "raw/a.txt", "ab")
    remote_id = desk.backend.submit(job)
    desk.until(lambda: "live\n" in desk.log(job) or desk.backend.poll(remote_id).result)
    assert desk.log(job) == "live\n"
    assert desk.backend.poll(remote_id).detail.startswith("RUNNING")
    assert desk.log(job) == "live\n"
    go.touch()
    result = desk.result(remote_id)
    assert (result.outcome, result.exit_code, result.message) == (JobOutcome.COMPLETED, 0, ""), desk.log(job)
    assert desk.log(job) == "live\nerr\n"
    assert desk.read(job, "model/m.txt") == "abab"
    assert result.listed_outputs == ("model",)
    assert set(result.files) == {"outputs/plot.txt", "kept/notes.txt"}
    assert json.loads(desk.artifact(job, job.metrics_name))["name"] == "loss"
    assert desk.artifact(job, "kept/notes.txt") == "notes"
    assert result.wall_seconds > 0


def test_code_is_brought_there_once_and_a_job_s_document_goes_with_it(desk):
    code = {"main.py": "print(open('data.txt').read())\nopen('data.txt', 'w').write('spoilt')", "data.txt": "fresh"}
    first, second = (desk.job({"python_script_name": "main.py"}, code=code) for _ in range(2))
    for job in (first, second):
        assert desk.run(job).outcome is JobOutcome.COMPLETED, desk.log(job)
        assert desk.log(job) == "fresh\n"
        imports = [sent for sent in desk.forwarder.requests if sent.path.endswith("/workspace/import")]
        desk.forwarder.requests.clear()
    assert len(imports) == 1  # the job's own document
    home = desk.bricks.data / "Workspace/Users/emulator@localhost/.pipeyard"
    assert (home / f"jobs/{first.name}/job.json").exists()
    desk.backend.forget(f"1:{first.name}")
    desk.backend.forget(f"1:{first.name}")
    assert not (home / f"jobs/{first.name}").exists()
    assert (home / f"jobs/{second.name}").exists()
    assert desk.blobs.list(names.SYSTEM_CONTAINER, names.job_folder(first.name)) == []


@pytest.mark.parametrize(
    ("text", "message", "exit_code"),
    [
        ("import sys\nsys.exit(3)", "main.py ended with exit code 3.", 3),
        ("import sys\nsys.exit('no data')", "main.py ended with exit code 1: no data.", 1),
        ("def f():\n    raise ValueError('bad rows')\nf()", "main.py failed: ValueError: bad rows", 1),
    ],
)
def test_a_failing_script_of_the_source_directory_says_why(desk, text, message, exit_code):
    job = desk.job({"python_script_name": "main.py"}, code={"main.py": text}, outputs=("model",))
    result = desk.run(job)
    assert (result.outcome, result.message, result.exit_code) == (JobOutcome.FAILED, message, exit_code)
    assert result.listed_outputs == ()
    if "ValueError" in message:
        assert "in f\n" in desk.log(job)
        assert "runpy" not in desk.log(job)


def test_an_exit_with_0_is_a_good_end(desk):
    job = desk.job({"python_script_name": "main.py"}, code={"main.py": "import sys\nsys.exit(0)"})
    assert desk.run(job).outcome is JobOutcome.COMPLETED


def test_what_a_failing_notebook_says_is_brought_back(desk):
    job = desk.job({"notebook_path": notebook(desk, "rows = 0\nraise ValueError('no rows')")})
    result = desk.run(job)
    assert (result.outcome, result.message) == (
        JobOutcome.FAILED,
        "Notebook /Shared/note failed: ValueError: no rows",
    )
    assert "raise ValueError('no rows')" in desk.log(job)


def test_a_jar_that_is_not_there_fails_with_the_emulator_s_words(desk):
    settings = {"main_class_name": "com.example.Main", "jar_libraries": [{"library": "dbfs:/a.jar"}]}
    result = desk.run(desk.job(settings))
    assert result.outcome is JobOutcome.FAILED
    assert "com.example.Main failed: Library file not found: dbfs:/a.jar" in result.message


def wheel() -> bytes:
    files = {
        "shop/__init__.py": "import sys\n\n\ndef main():\n    print('shop', sys.argv[1:3])\n",
        "shop-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n",
        "shop-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "shop-1.0.dist-info/entry_points.txt": "[console_scripts]\nprepare = shop:main\n",
    }
    record = "shop-1.0.dist-info/RECORD"
    files[record] = "".join(f"{name},,\n" for name in [*files, record])
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return data.getvalue()


def test_a_wheel_is_called_at_its_entry_point(desk):
    path = "/Volumes/main/default/code/shop-1.0-py3-none-any.whl"
    desk.bricks.http.put(f"/api/2.0/fs/files{path}", params={"overwrite": "true"}, content=wheel()).raise_for_status()
    settings = {"wheel_package_name": "shop", "wheel_entry_point": "prepare", "wheel_parameters": ["--n", 1]}
    job = desk.job({**settings, "wheel_libraries": [{"library": path}]})
    result = desk.run(job)
    assert result.outcome is JobOutcome.COMPLETED, desk.log(job)
    assert "shop ['--n', '1']" in desk.log(job)


def test_a_notebook_that_is_not_there(desk):
    result = desk.run(desk.job({"notebook_path": "/Shared/absent"}))
    assert result.outcome is JobOutcome.FAILED
    assert 'Unable to access the notebook "/Shared/absent"' in result.message


def test_a_lost_reply_of_the_submit_finds_the_same_run(desk):
    desk.bricks.faults(lose_replies=[{"method": "POST", "path_contains": "runs/submit", "count": 1}])
    job = desk.job({"notebook_path": notebook(desk, "pass")})
    remote_id = desk.backend.submit(job)
    assert len(desk.submitted()) == 2
    assert desk.open().submit(job) == remote_id
    assert desk.result(remote_id).outcome is JobOutcome.COMPLETED


def test_a_run_whose_submit_was_never_answered_is_found_by_its_name(desk):
    path = notebook(desk, WAIT)
    jobs = [desk.job({"notebook_path": path, "run_name": "nightly"}) for _ in range(3)]
    first, *_ = [desk.backend.submit(job) for job in jobs]
    no, pass_on = Reply(403, {"error_code": "PERMISSION_DENIED", "message": "Revoked"}), desk.forwarder.answer
    lost = desk.job({"notebook_path": path})
    desk.bricks.faults(lose_replies=[{"method": "POST", "path_contains": "runs/submit", "count": 1}])

    def once(sent):
        asked = len(desk.submitted()) > len(jobs) + 1
        return no if asked and "runs/submit" in sent.path else pass_on(sent)

    desk.forwarder.answer = once
    with pytest.raises(BackendError, match="Revoked") as caught:
        desk.backend.submit(lost)
    assert not caught.value.retryable
    found = desk.backend.find(lost.name)
    assert found is not None
    desk.backend.cancel(found)
    assert desk.backend.find(jobs[0].name) == first
    desk.until(lambda: desk.backend.find(lost.name) is None)
    for job in jobs:
        desk.backend.cancel(desk.backend.find(job.name))
    desk.until(lambda: desk.backend.find(jobs[0].name) is None)
    assert desk.backend.find(f"{lost.name[:-1]}2") is None


@pytest.mark.parametrize("faults", [{"throttle_every": 2, "retry_after_seconds": 0}, {"error_every": 2}])
def test_throttling_and_errors_that_pass_are_waited_out(desk, faults):
    job = desk.job({"notebook_path": notebook(desk, "pass")})
    desk.bricks.faults(**faults)
    assert desk.result(desk.backend.submit(job)).outcome is JobOutcome.COMPLETED


def test_a_service_that_stays_away_may_be_asked_again(desk):
    desk.forwarder.answer = lambda _: Reply(500, {"message": "Out of order"})
    with pytest.raises(BackendError, match="Databricks did not tell of run 1: Out of order") as caught:
        desk.backend.poll("1:x")
    assert caught.value.retryable
    assert len(desk.forwarder.requests) > 1
    desk.forwarder.answer = lambda _: Reply(429, {"message": "Slow down"}, {"Retry-After": "120"})
    with pytest.raises(BackendError, match="left alone for 12") as caught:
        desk.backend.poll("1:x")
    assert caught.value.retryable


def test_cancel_is_done_when_a_poll_says_so(desk):
    job = desk.job({"python_script_name": "main.py"}, code={"main.py": WAIT})
    remote_id = desk.backend.submit(job)
    desk.until(lambda: "begun" in desk.log(job))
    desk.backend.cancel(remote_id)
    desk.backend.cancel(remote_id)
    result = desk.result(remote_id)
    assert (result.outcome, result.message) == (JobOutcome.CANCELED, "The job was canceled.")
    assert desk.log(job).startswith("begun\n")
    desk.backend.cancel(remote_id)
    desk.backend.cancel(f"987654321:{job.name}")


@pytest.mark.parametrize("limit", ["settings", "step"])
def test_a_time_limit(desk, limit):
    path = notebook(desk, WAIT)
    settings = {"notebook_path": path, **({"timeout_seconds": 1} if limit == "settings" else {})}
    job = desk.job(settings, timeout_seconds=0.5 if limit == "step" else 60)
    result = desk.run(job)
    assert result.outcome is JobOutcome.TIMED_OUT
    assert result.message == "Notebook /Shared/note was ended on Databricks: no end within 1 s."
    assert desk.submitted()[0]["timeout_seconds"] == 1


def test_a_run_that_vanished_is_lost(desk):
    job = desk.job({"notebook_path": notebook(desk, "pass")})
    remote_id = desk.backend.submit(job)
    desk.result(remote_id)
    desk.bricks.post("delete", {"run_id": int(remote_id.partition(":")[0])}).raise_for_status()
    result = desk.backend.poll(remote_id).result
    assert result is not None
    assert result.outcome is JobOutcome.LOST
    assert "does not know run" in result.message


def test_a_node_that_fails_is_not_the_step_s_fault(desk):
    desk.bricks.faults(failing_nodes=1)
    result = desk.run(desk.job({"notebook_path": notebook(desk, "import time\ntime.sleep(2)")}))
    assert result.outcome is JobOutcome.LOST
    assert "SPOT_INSTANCE_TERMINATION" in result.message


def test_another_process_finds_the_job(desk):
    job = desk.job({"python_script_name": "main.py"}, code={"main.py": "print('x')\nopen('outputs/a', 'w').write('1')"})
    remote_id = desk.backend.submit(job)
    desk.backend = desk.open()
    result = desk.result(remote_id)
    assert (result.outcome, result.files) == (JobOutcome.COMPLETED, ("outputs/a",))


def test_states_are_told_while_a_job_waits(desk):
    desk.bricks.faults(provisioning_seconds=60)
    job = desk.job({"notebook_path": notebook(desk, "pass")})
    remote_id = desk.backend.submit(job)
    desk.until(lambda: desk.backend.poll(remote_id).detail.startswith("PENDING"))
    assert "Databricks: PENDING" in desk.log(job)
    desk.backend.cancel(remote_id)
    assert desk.result(remote_id).outcome is JobOutcome.CANCELED


def test_secrets_are_in_the_private_document_only(desk):
    callback = f"http://127.0.0.1:9/callback?code={CALLBACK_CODE}"
    code = {"main.py": "import os\nraise ValueError('x')"}
    job = desk.job({"python_script_name": "main.py"}, code=code, outputs=("model",), callback_url=callback)
    result = desk.run(job)
    signature = job.artifacts.query.rpartition("sig=")[2]
    secrets = [TOKEN.encode(), CALLBACK_CODE.encode(), signature.encode()]
    bodies = [sent for sent in desk.forwarder.requests if any(secret in sent.body for secret in secrets)]
    assert [sent.path for sent in bodies] == ["/api/2.0/workspace/import"]
    assert f"jobs/{job.name}/job.json".encode() in bodies[0].body
    assert not any(secret.decode() in sent.target for sent in desk.forwarder.requests for secret in secrets)
    assert not any(secret.decode() in result.model_dump_json() for secret in secrets)
    kept = desk.blobs.get(names.SYSTEM_CONTAINER, f"{names.job_folder(job.name)}/job.json")
    assert not any(secret in kept for secret in secrets)


def test_what_cannot_run_is_refused_at_the_submit(desk):
    job = desk.job({"notebook_path": "/n"}, inputs=("raw",))
    without = job.model_copy(update={"inputs": (job.inputs[0].model_copy(update={"place": None}),)})
    with pytest.raises(BackendError, match=r"input `raw` has no one address in blob storage.*one folder") as caught:
        desk.backend.submit(without)
    assert not caught.value.retryable
    job = desk.job({"notebook_path": "/n"}, outputs=("out",))
    without = job.model_copy(update={"outputs": (job.outputs[0].model_copy(update={"place": None}),)})
    with pytest.raises(BackendError, match=r"output `out` has no one address.*blob container"):
        desk.backend.submit(without)
    with pytest.raises(BackendError, match=r"The script absent.py is not in the source directory"):
        desk.backend.submit(desk.job({"python_script_name": "absent.py"}, code={"main.py": ""}))
    with pytest.raises(BackendError, match=r"Databricks did not take the run: .*no-such-cluster"):
        desk.backend.submit(desk.job({"existing_cluster_id": "no-such-cluster", "notebook_path": "/n"}))
    assert len(desk.submitted()) == 1


def test_a_cluster_that_may_not_be_started_must_run(desk):
    body = {
        "cluster_name": "c",
        "spark_version": "16.4.x-scala2.12",
        "node_type_id": "Standard_DS3_v2",
        "num_workers": 1,
    }
    made = desk.bricks.http.post("/api/2.1/clusters/create", json=body).raise_for_status()
    cluster = made.json()["cluster_id"]
    settings = {"existing_cluster_id": cluster, "notebook_path": notebook(desk, "pass")}
    assert desk.run(desk.job({**settings, "permit_cluster_restart": False})).outcome is JobOutcome.COMPLETED
    desk.bricks.http.post("/api/2.1/clusters/delete", json={"cluster_id": cluster}).raise_for_status()
    with pytest.raises(BackendError, match="is not running, and `permit_cluster_restart` is false"):
        desk.backend.submit(desk.job({**settings, "permit_cluster_restart": False}))
    assert desk.run(desk.job({**settings, "permit_cluster_restart": True})).outcome is JobOutcome.COMPLETED


def test_a_run_of_which_nothing_is_remembered_is_ended_before_it_counts_as_lost(desk):
    """Else its next try would run beside it."""
    job = desk.job({"python_script_name": "main.py"}, code={"main.py": WAIT})
    remote_id = desk.backend.submit(job)
    desk.until(lambda: "begun" in desk.log(job))
    desk.blobs.delete(names.SYSTEM_CONTAINER, [f"{names.job_folder(job.name)}/job.json"])
    assert desk.backend.poll(remote_id).result is None
    assert desk.result(remote_id).outcome is JobOutcome.LOST
    assert any(sent.path.endswith("/runs/cancel") for sent in desk.forwarder.requests)
