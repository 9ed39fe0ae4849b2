"""Command jobs of the Azure ML emulator really run."""

import json
import zipfile

import pytest

from tests.local.emulators.azure_ml_client import SCHEMA_FILE, WORKSPACE, check_shape
from tests.waiting import until

TRAIN = """
import argparse, os, pathlib, sys
p = argparse.ArgumentParser()
for name in ("folder", "file", "address", "lr", "model", "report"):
    p.add_argument("--" + name)
a = p.parse_args()
text = pathlib.Path(a.folder, "deep/a.txt").read_text() + pathlib.Path(a.file).read_text()
pathlib.Path(a.model, "sub").mkdir()
pathlib.Path(a.model, "sub", "m.txt").write_text(text + a.lr)
pathlib.Path(a.report).write_text(a.address)
os.makedirs("outputs")
pathlib.Path("outputs/kept.txt").write_text("kept")
print(oct(os.stat(a.file).st_mode & 0o777), os.environ["AZUREML_RUN_ID"], os.environ["GREETING"], sys.prefix)
"""


def uri(kind, address, mode=None):
    return {"jobInputType": kind, "uri": address, **({"mode": mode} if mode else {})}


def test_runs_with_code_inputs_outputs_and_an_environment(azure_ml):
    azure_ml.write("azureml-blobstore", "in/deep/a.txt", "folder-")
    azure_ml.write("data", "b/one.txt", "file-")
    direct = azure_ml.wasbs("data", "c/whatever")
    azure_ml.submit(
        "whole",
        "python train.py --folder ${{inputs.folder}} --file ${{ inputs.file }} --address ${{inputs.address}} "
        "--lr ${{inputs.lr}} --model ${{outputs.model}} --report ${{outputs.report}}",
        codeId=azure_ml.code("train", train_py=TRAIN),
        inputs={
            "folder": uri("uri_folder", "azureml://datastores/workspaceblobstore/paths/in/", "Download"),
            "file": uri("uri_file", azure_ml.wasbs("data", "b/one.txt"), "ReadOnlyMount"),
            "address": uri("uri_folder", direct, "Direct"),
            "lr": {"jobInputType": "literal", "value": "0.5"},
        },
        outputs={
            "model": {"jobOutputType": "uri_folder", "mode": "Upload", "uri": azure_ml.wasbs("results", "m")},
            "report": {"jobOutputType": "uri_file", "uri": azure_ml.wasbs("results", "r/report.txt")},
        },
        environmentVariables={"GREETING": "hello"},
        experimentName="lab",
    )
    assert azure_ml.ended("whole") == "Completed", azure_ml.log("whole")
    assert azure_ml.read("results", "m/sub/m.txt") == "folder-file-0.5"
    assert azure_ml.read("results", "r/report.txt") == direct
    assert azure_ml.read("azureml", "ExperimentRun/dcid.whole/outputs/kept.txt") == "kept"
    mode, run, greeting, prefix = azure_ml.log("whole").split()
    assert (mode, run, greeting) == ("0o444", "whole", "hello")
    assert prefix.startswith(str(azure_ml.emulator.data / "environments"))
    assert azure_ml.details("whole")["error"] is None


@pytest.mark.skipif(not SCHEMA_FILE.exists(), reason="the published schemas are not here")
def test_answers_as_the_published_contract_says(azure_ml):
    check_shape("JobBase", azure_ml.submit("shape", "true", tags={"a": "b"}))
    azure_ml.ended("shape")
    check_shape("JobBase", azure_ml.get("/jobs/shape"))
    check_shape("EnvironmentVersion", azure_ml.get("/environments/plain/versions/1"))
    azure_ml.code("shaped", a_py="")
    check_shape("CodeVersion", azure_ml.get("/codes/shaped/versions/1"))
    check_shape("ComputeResource", azure_ml.get("/computes/cpu"))
    for store in azure_ml.get("/datastores")["value"]:
        store["properties"]["credentials"]["secrets"] = {
            "secretsType": "AccountKey"
        }  # required of requests, never shown
        check_shape("Datastore", store)
    check_shape(
        "AccountKeyDatastoreSecrets", azure_ml.call("POST", "/datastores/workspaceblobstore/listSecrets").json()
    )
    check_shape("ErrorResponse", azure_ml.call("GET", "/jobs/nobody").json())


def test_a_second_put_changes_nothing_but_the_tags(azure_ml):
    azure_ml.submit("again", "echo first", tags={"a": "1"})
    azure_ml.submit("again", "echo second", tags={"b": "2"})
    assert azure_ml.ended("again") == "Completed"
    job = azure_ml.get("/jobs/again")["properties"]
    assert (job["command"], job["tags"], azure_ml.log("again")) == ("echo first", {"b": "2"}, "first\n")


def test_a_failing_script_is_told_of_in_the_run_history(azure_ml):
    azure_ml.submit(
        "fails",
        "echo some words; mkdir -p ${{outputs.m}}; echo x > ${{outputs.m}}/x; echo y > ${{outputs.u}}/y; exit 3",
        outputs={
            "m": {"jobOutputType": "uri_folder", "mode": "ReadWriteMount", "uri": azure_ml.wasbs("failed", "m")},
            "u": {"jobOutputType": "uri_folder", "mode": "Upload", "uri": azure_ml.wasbs("failed", "u")},
        },
    )
    assert azure_ml.ended("fails") == "Failed"
    code, inner, message = azure_ml.error("fails")
    assert (code, inner) == ("UserError", "UserTrainingScriptFailed")
    assert "exited with status code 3" in message
    assert "some words" in message
    files = azure_ml.details("fails")["logFiles"]
    address = files["user_logs/std_log.txt"]
    assert azure_ml.follow(address).text == "some words\n"
    rest = azure_ml.emulator.http.get(address, headers={"Range": "bytes=5-"})
    assert (rest.status_code, rest.text, rest.headers["content-range"]) == (206, "words\n", "bytes 5-10/11")
    assert azure_ml.emulator.http.get(address, headers={"Range": "bytes=11-"}).status_code == 416
    assert azure_ml.follow(address.replace("/logs/fails/", "/logs/fails/x")).status_code == 404
    # What is mounted was written when the script wrote it; an upload comes only at a good end.
    assert [blob.name for blob in azure_ml.blobs.get_container_client("failed").list_blobs()] == ["m/x"]


def test_a_mounted_output_shows_what_was_there_and_leaves_it_alone(azure_ml):
    azure_ml.write("mounted", "m/old.txt", "old")
    before = azure_ml.blobs.get_blob_client("mounted", "m/old.txt").get_blob_properties().etag
    output = {"jobOutputType": "uri_folder", "uri": azure_ml.wasbs("mounted", "m")}
    azure_ml.submit("mounts", "cat ${{outputs.m}}/old.txt > ${{outputs.m}}/new.txt", outputs={"m": output})
    assert azure_ml.ended("mounts") == "Completed"
    assert azure_ml.read("mounted", "m/new.txt") == "old"
    assert azure_ml.blobs.get_blob_client("mounted", "m/old.txt").get_blob_properties().etag == before


def test_an_input_that_is_not_there_fails_the_job(azure_ml):
    missing = azure_ml.wasbs("data", "nothing/here")
    azure_ml.submit("blind", "ls ${{inputs.x}}", inputs={"x": uri("uri_folder", missing)})
    assert azure_ml.ended("blind") == "Failed"
    code, inner, message = azure_ml.error("blind")
    assert (code, inner) == ("UserError", "ScriptExecution.StreamAccess.NotFound")
    assert missing in message


def wheel(folder):
    """A package that nobody has."""
    file = folder / "tiny_greeting-1.0-py3-none-any.whl"
    metadata = "tiny_greeting-1.0.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("tiny_greeting.py", "WORDS = 'from a wheel'")
        archive.writestr(f"{metadata}/METADATA", "Metadata-Version: 2.1\nName: tiny-greeting\nVersion: 1.0\n")
        archive.writestr(f"{metadata}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{metadata}/RECORD", "")
    return file


def test_listed_packages_are_installed_once_beside_the_workspace_s(azure_ml, tmp_path):
    conda = json.dumps({"dependencies": ["python=3.8", "pydantic", {"pip": [str(wheel(tmp_path))]}]})
    azure_ml.put("/environments/tiny/versions/1", {"properties": {"image": "ubuntu", "condaFile": conda}})
    logs = []
    for name in ("tiny-1", "tiny-2"):
        line = "python -c 'import pydantic, tiny_greeting; print(tiny_greeting.WORDS)'"
        azure_ml.submit(name, line, environmentId=f"{WORKSPACE}/environments/tiny/versions/1")
        assert azure_ml.ended(name) == "Completed", azure_ml.log(name)
        assert azure_ml.log(name) == "from a wheel\n"
        logs.append(azure_ml.follow(azure_ml.details(name)["logFiles"]["azureml-logs/20_image_build_log.txt"]).text)
    assert "Successfully installed tiny-greeting-1.0" in logs[0]
    assert "made before" in logs[1]
    assert "Installing" not in logs[1]


def test_a_job_can_be_canceled_while_its_environment_is_built(azure_ml, tmp_path):
    backend = '[build-system]\nrequires = []\nbuild-backend = "slow"\nbackend-path = ["."]\n'
    (tmp_path / "pyproject.toml").write_text(backend)
    began = tmp_path / "began"
    (tmp_path / "slow.py").write_text(f"import pathlib, time; pathlib.Path({str(began)!r}).touch(); time.sleep(300)")
    conda = json.dumps({"dependencies": [{"pip": [str(tmp_path)]}]})
    azure_ml.put("/environments/slow/versions/1", {"properties": {"image": "ubuntu", "condaFile": conda}})
    azure_ml.submit("impatient", "true", environmentId=f"{WORKSPACE}/environments/slow/versions/1")
    until(began.exists)
    assert azure_ml.status("impatient") == "Preparing"
    azure_ml.call("POST", "/jobs/impatient/cancel")
    assert azure_ml.ended("impatient") == "Canceled"


def test_an_environment_that_cannot_be_built_fails_the_job(azure_ml):
    conda = "dependencies: [python=3.8, pip, {pip: ['./nowhere/at/all.whl']}]"
    azure_ml.put("/environments/broken/versions/1", {"properties": {"image": "ubuntu", "condaFile": conda}})
    azure_ml.submit("unbuilt", "true", environmentId=f"{WORKSPACE}/environments/broken/versions/1")
    assert azure_ml.ended("unbuilt") == "Failed"
    code, inner, message = azure_ml.error("unbuilt")
    assert (code, inner) == ("UserError", "ImageBuildFailure")
    assert "all.whl" in message
    build = azure_ml.details("unbuilt")["logFiles"]["azureml-logs/20_image_build_log.txt"]
    assert "Python 3.8 was asked for" in azure_ml.follow(build).text


def test_a_time_limit_cancels_and_says_so(azure_ml):
    azure_ml.submit("slow", "sleep 60", limits={"jobLimitsType": "Command", "timeout": "PT1S"})
    assert azure_ml.ended("slow") == "Canceled"
    assert azure_ml.error("slow")[1] == "JobRunDurationExceeded"


def test_processes_of_pytorch_know_their_ranks(azure_ml):
    line = "echo $RANK $LOCAL_RANK $NODE_RANK $WORLD_SIZE $MASTER_ADDR"
    distribution = {"distributionType": "PyTorch", "processCountPerInstance": 2}
    azure_ml.submit("torch", line, resources={"instanceCount": 2}, distribution=distribution)
    assert azure_ml.ended("torch") == "Completed"
    said = [azure_ml.log("torch", f"std_log_process_{rank}.txt").strip() for rank in range(4)]
    assert said == ["0 0 0 4 127.0.0.1", "1 1 0 4 127.0.0.1", "2 0 1 4 127.0.0.1", "3 1 1 4 127.0.0.1"]


def test_processes_of_mpi_and_tensorflow_know_their_places(azure_ml):
    azure_ml.submit(
        "mpi",
        "echo $OMPI_COMM_WORLD_RANK $OMPI_COMM_WORLD_SIZE",
        resources={"instanceCount": 2},
        distribution={"distributionType": "Mpi", "processCountPerInstance": 1},
    )
    azure_ml.submit(
        "flow",
        "echo $TF_CONFIG",
        distribution={"distributionType": "TensorFlow", "workerCount": 1, "parameterServerCount": 1},
    )
    assert (azure_ml.ended("mpi"), azure_ml.ended("flow")) == ("Completed", "Completed")
    assert [azure_ml.log("mpi", f"std_log_process_{rank}.txt") for rank in (0, 1)] == ["0 2\n", "1 2\n"]
    configs = [json.loads(azure_ml.log("flow", f"std_log_process_{rank}.txt")) for rank in (0, 1)]
    assert [config["task"] for config in configs] == [{"type": "worker", "index": 0}, {"type": "ps", "index": 0}]
    assert configs[0]["cluster"] == configs[1]["cluster"]


def test_lists_pages_newest_first(azure_ml, faulty):
    faulty.faults(provisioning_seconds=60)
    azure_ml.cluster("slow-to-come", 1)
    names = [f"page-{number:02}" for number in range(25)]
    for name in names:
        azure_ml.submit(name, "true", tags={"paged": "yes"}, cluster="slow-to-come")
    page = azure_ml.call("GET", "/jobs", jobType="Command", tag="paged").json()
    following = azure_ml.follow(page["nextLink"]).json()
    assert [job["name"] for job in page["value"] + following["value"]] == names[::-1]
    assert following["nextLink"] is None
    assert azure_ml.call("GET", "/jobs", jobType="Sweep").json()["value"] == []
    assert azure_ml.status(names[0]) == "Queued"
    assert azure_ml.call("DELETE", "/computes/slow-to-come", underlyingResourceAction="Delete").status_code == 202
    assert {azure_ml.ended(name) for name in names} == {"Canceled"}


def test_a_job_that_has_ended_can_be_deleted(azure_ml):
    azure_ml.submit("gone", "true")
    azure_ml.ended("gone")
    assert azure_ml.call("DELETE", "/jobs/gone").status_code == 200
    assert azure_ml.call("GET", "/jobs/gone").status_code == 404
    assert azure_ml.call("DELETE", "/jobs/gone").status_code == 204


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"environmentId": None}, "environmentId"),
        ({"environmentId": f"{WORKSPACE}/environments/nobody/versions/1"}, "nobody"),
        ({"computeId": f"{WORKSPACE}/computes/nobody"}, "Compute nobody was not found"),
        ({"codeId": f"{WORKSPACE}/codes/nobody/versions/1"}, "nobody"),
        ({"inputs": {"x": {"jobInputType": "uri_folder"}}}, "inputs.x.uri_folder.uri"),
        ({"inputs": {"x": {"jobInputType": "literal", "value": 3}}}, "inputs.x.literal.value"),
        ({"command": "cat ${{inputs.x}}"}, "${{inputs.x}}"),
        ({"resources": {"instanceCount": 5}}, "5 nodes"),
        ({"limits": {"jobLimitsType": "Command", "timeout": "soon"}}, "limits.timeout"),
        ({"jobType": "Sweep"}, "jobType"),
    ],
)
def test_refuses_jobs_that_break_the_contract(azure_ml, changes, said):
    body = {
        "jobType": "Command",
        "command": "true",
        "environmentId": f"{WORKSPACE}/environments/plain/versions/1",
        "computeId": f"{WORKSPACE}/computes/cpu",
    }
    asked = {name: value for name, value in {**body, **changes}.items() if value is not None}
    reply = azure_ml.call("PUT", "/jobs/wrong", {"properties": asked})
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert error["code"] == "UserError"
    assert said in error["message"]
    assert azure_ml.call("GET", "/jobs/wrong").status_code == 404


def test_wants_a_token_and_a_version(azure_ml):
    http = azure_ml.emulator.http
    assert http.get(WORKSPACE, headers={"Authorization": ""}).status_code == 401
    missing = http.get(WORKSPACE)
    assert (missing.status_code, missing.json()["error"]["code"]) == (400, "MissingApiVersionParameter")
    assert (
        http.get(WORKSPACE, params={"api-version": "1999-01-01"}).json()["error"]["code"]
        == "InvalidApiVersionParameter"
    )
    shown = azure_ml.get("")["properties"]
    assert http.get(shown["discoveryUrl"]).json()["api"] == azure_ml.emulator.url
    assert azure_ml.call("GET", "/onlineEndpoints").status_code == 404
