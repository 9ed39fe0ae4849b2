"""The emulator of Data Lake Analytics over plain HTTP: its answers against the published schema, its jobs for real."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from jsonschema import Draft4Validator
from jsonschema.protocols import Validator

from tests.local.emulators.lake_emulator import BIG, SCRIPT, SLOW, LakeEmulator, states
from tests.waiting import until

SPECS = Path(__file__).resolve().parents[4] / "shared" / "specs" / "adla-2016-11-01"
ORDER = ["New", "Compiling", "Queued", "Scheduling", "Starting", "Running", "Ended"]


@pytest.fixture(scope="module")
def shared_emulator(azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakeEmulator]:
    made = LakeEmulator(azurite.account(), tmp_path_factory.mktemp("lake") / "data")
    yield made
    made.stop()


@pytest.fixture
def emulator(shared_emulator: LakeEmulator) -> Iterator[LakeEmulator]:
    shared_emulator.faults()
    yield shared_emulator
    shared_emulator.faults()


@pytest.fixture
def own_emulator(azurite, tmp_path: Path) -> Iterator[LakeEmulator]:
    """One that a test may kill."""
    made = LakeEmulator(azurite.account(), tmp_path / "data")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def definitions() -> dict[str, Any]:
    if not SPECS.is_dir():
        pytest.skip(f"The published schemas are not at {SPECS.parent}.")
    return dict(json.loads((SPECS / "job.json").read_text())["definitions"])


def schema(definitions: dict[str, Any], name: str, *, optional: frozenset[str] = frozenset()) -> Validator:
    """A validator of a definition that wants every property to be one that it names."""
    changed = {
        key: {**each, "required": [*(set(each.get("required", [])) - optional)]} for key, each in definitions.items()
    }
    for each in changed.values():
        if not each["required"]:
            del each["required"]
    return Draft4Validator({"$ref": f"#/definitions/{name}", "definitions": changed})


def submit(emulator: LakeEmulator, script: str = SCRIPT, **more: Any) -> str:
    job_id = str(uuid.uuid4())
    answer = emulator.http.put(f"/Jobs/{job_id}", json=emulator.body(script, **more))
    assert answer.status_code == 200, answer.text
    return job_id


def descendants_of(folder: Path) -> list[int]:
    """Processes that work below a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(str(folder)) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (psutil.Error, OSError):
            continue
    return found


def test_a_script_really_runs(emulator: LakeEmulator):
    job = emulator.wait(submit(emulator, degreeOfParallelism=2, priority=5))
    assert job["result"] == "Succeeded", job
    assert emulator.container.download_blob("out/big.csv").readall() == BIG
    assert states(job) == ORDER
    assert (job["degreeOfParallelism"], job["priority"], "errorMessage" in job) == (2, 5, False)
    stages = emulator.http.get(f"/jobs/{job['jobId']}/getstatistics").json()["stages"]
    assert [(stage["stageName"], stage["dataRead"]) for stage in stages] == [
        ("SV1_Extract", 16),
        ("SV2_Query", 0),
        ("SV3_Output", 0),
    ]
    assert stages[2]["dataWritten"] == len(BIG)


def test_answers_are_what_the_published_schema_says(emulator: LakeEmulator, definitions: dict[str, Any]):
    job_id = str(uuid.uuid4())
    put = emulator.http.put(f"/Jobs/{job_id}", json=emulator.body(related={"recurrenceId": str(uuid.uuid4())})).json()
    # The real service leaves the script out of this answer, although the schema wants it.
    schema(definitions, "JobInformation", optional=frozenset({"script"})).validate(put)
    assert "script" not in put["properties"]
    job = emulator.wait(job_id)
    schema(definitions, "JobInformation").validate(job)
    schema(definitions, "USqlJobProperties").validate(job["properties"])
    wrong = emulator.http.post("/BuildJob", json=emulator.body("@a = SELECT x FROM @b;")).json()
    schema(definitions, "JobInformation").validate(wrong)
    for path, name in [
        ("/Jobs", "JobInfoListResult"),
        (f"/Jobs/{job_id}/GetStatistics", "JobStatistics"),
        (f"/Jobs/{job_id}/GetDebugDataPath", "JobDataPath"),
        ("/pipelines", "JobPipelineInformationListResult"),
        ("/recurrences", "JobRecurrenceInformationListResult"),
    ]:
        schema(definitions, name).validate(emulator.http.get(path).json())
    known = set(definitions["JobInformationBasic"]["properties"]) | set(definitions["JobInformation"]["properties"])
    assert job.keys() <= known
    assert job["properties"].keys() <= {
        *definitions["JobProperties"]["properties"],
        *definitions["USqlJobProperties"]["properties"],
    }
    [entry, *_] = wrong["errorMessage"]
    assert entry.keys() <= definitions["JobErrorDetails"]["properties"].keys()


def test_answers_have_what_the_live_service_sent(emulator: LakeEmulator):
    recorded = SPECS / "recorded-wire.json"
    if not recorded.exists():
        pytest.skip(f"The recording is not at {recorded}.")
    wire = json.loads(recorded.read_text())
    job_id = str(uuid.uuid4())
    put = emulator.http.put(
        f"/Jobs/{job_id}", json={**wire["put_request"]["body"], "properties": emulator.body()["properties"]}
    )
    told = wire["put_response_200"]
    assert put.json().keys() >= told.keys()
    assert wire["observed_state_order"] == ORDER
    emulator.http.post(f"/Jobs/{job_id}/CancelJob")
    ended = emulator.wait(job_id)
    assert {"jobId", "name", "type", "submitTime", "state", "result", "endTime"} <= ended.keys()


def test_a_canceled_job_is_over_when_it_says_so(emulator: LakeEmulator):
    job_id = submit(emulator, SLOW)
    emulator.wait(job_id, "Running")
    until(lambda: descendants_of(emulator.data / "runs" / job_id), "the job's process")
    answer = emulator.http.post(f"/Jobs/{job_id}/CancelJob")
    assert (answer.status_code, answer.content) == (200, b"")
    job = emulator.wait(job_id)
    assert descendants_of(emulator.data / "runs" / job_id) == []
    assert (job["result"], job["stateAuditRecords"][-1]["details"]) == ("Cancelled", "result:CanceledByUser")
    [entry] = job["errorMessage"]
    assert (entry["errorId"], entry["severity"]) == ("I_USER_CJS_CANCELEDBYUSER", "Info")
    assert emulator.http.post(f"/Jobs/{job_id}/CancelJob").status_code == 200


def test_a_job_that_waits_can_be_canceled(emulator: LakeEmulator):
    emulator.faults(queue_seconds=60)
    job_id = submit(emulator)
    emulator.wait(job_id, "Queued")
    emulator.http.post(f"/Jobs/{job_id}/CancelJob")
    job = emulator.wait(job_id)
    assert (job["result"], states(job)) == ("Cancelled", ["New", "Compiling", "Queued", "Ended"])


def test_a_script_that_does_not_compile_has_lines_and_offsets(emulator: LakeEmulator):
    script = (
        f'@a = EXTRACT x int FROM "{emulator.address}/a" USING Extractors.Csv();\n@b = SELECT y FROM @a;\nREDUCE @a;'
    )
    job = emulator.wait(submit(emulator, script))
    assert (job["result"], states(job)) == ("Failed", ["New", "Compiling", "Ended"])
    first, second, *_ = job["errorMessage"]
    assert (first["lineNumber"], script[first["startOffset"]], first["severity"]) == (2, "y", "Error")
    assert (second["lineNumber"], second["details"]) == (3, "at line 3, column 1")


def test_a_file_that_is_not_what_the_script_says(emulator: LakeEmulator):
    emulator.container.upload_blob("bad/a.csv", b"a,3\nb,many\n", overwrite=True)
    script = SCRIPT.replace("/in/{Year}/{*}.csv", "/bad/a.csv").replace(", Year int", "").replace(", Year", "")
    script = script.replace("ORDER BY Year, Size", "ORDER BY Size")
    job = emulator.wait(submit(emulator, script))
    [entry] = job["errorMessage"]
    assert (job["result"], entry["source"]) == ("Failed", "USER")
    assert entry["message"].endswith("bad/a.csv, line 2, column Size: the text 'many' is no int.")
    assert entry["message"].startswith("wasb://data@")
    missing = emulator.wait(submit(emulator, script.replace("bad/a.csv", "bad/none.csv")))
    assert "There is no file at" in missing["errorMessage"][0]["message"]
    folder = emulator.wait(submit(emulator, script.replace("bad/a.csv", "bad")))
    assert "is a folder" in folder["errorMessage"][0]["message"]
    other = emulator.wait(submit(emulator, script.replace("$DATA", "wasb://data@other.blob.core.windows.net")))
    assert "The storage account other is out of reach" in other["errorMessage"][0]["message"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "Hive"}, "type"),
        ({"name": None}, "name"),
        ({"properties": {"type": "USql"}}, "properties.script"),
        ({"properties": {"type": "USql", "script": "x" * (3 * 1024 * 1024 + 1)}}, "3 MB"),
        ({"degreeOfParallelism": 0}, "degreeOfParallelism"),
        ({"degreeOfParallelism": 1, "degreeOfParallelismPercent": 5.0}, "at most one"),
        ({"priority": 0}, "priority"),
        ({"related": {}}, "recurrenceId"),
    ],
)
def test_wrong_bodies_are_refused(emulator: LakeEmulator, change: dict[str, Any], words: str):
    answer = emulator.http.put(f"/Jobs/{uuid.uuid4()}", json={**emulator.body(), **change})
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


def test_wrong_calls_are_refused(emulator: LakeEmulator):
    job_id = str(uuid.uuid4())
    assert emulator.http.get("/Jobs/nothing").status_code == 400
    for method, path in [("GET", ""), ("POST", "/CancelJob"), ("GET", "/GetStatistics"), ("GET", "/GetDebugDataPath")]:
        assert emulator.http.request(method, f"/Jobs/{job_id}{path}").status_code == 404
    assert emulator.http.get("/Jobs", params={"api-version": "2015-10-01"}).status_code == 400
    assert httpx.get(f"{emulator.url}/Jobs?api-version=2016-11-01", trust_env=False).status_code == 401
    for option, value in {"$top": "x", "$filter": "name like 'x'", "$orderby": "name up"}.items():
        assert emulator.http.get("/Jobs", params={option: value}).status_code == 400


def test_a_job_is_submitted_once(emulator: LakeEmulator):
    job_id = submit(emulator)
    again = emulator.http.put(f"/jobs/{job_id.upper()}", json=emulator.body())
    assert again.status_code == 200
    assert emulator.http.put(f"/Jobs/{job_id}", json=emulator.body(SLOW)).status_code == 409
    assert states(emulator.wait(job_id)) == ORDER


def test_lists_are_filtered_ordered_and_paged(own_emulator: LakeEmulator):
    wrong = "@a = SELECT x FROM @b;"
    for number, name in enumerate(["b", "a", "it's"], 1):
        job_id = submit(own_emulator, wrong, name=name, priority=number)
        own_emulator.wait(job_id)

    def names(**query: str) -> list[str]:
        answer = own_emulator.http.get("/Jobs", params={f"${key}": value for key, value in query.items()})
        assert answer.status_code == 200, answer.text
        assert all("properties" not in job and "errorMessage" not in job for job in answer.json()["value"])
        return [job["name"] for job in answer.json()["value"]]

    assert names() == ["it's", "a", "b"]
    assert names(orderby="name") == ["a", "b", "it's"]
    assert names(orderby="priority desc", top="2", skip="1") == ["a", "b"]
    assert names(filter="name eq 'it''s' and state eq 'Ended'") == ["it's"]
    assert names(filter="priority ge 2 and result eq 'Failed'", orderby="priority") == ["a", "it's"]
    assert names(filter="startswith(name, 'a')") == ["a"]
    assert own_emulator.http.get("/Jobs", params={"$count": "true", "$top": "1"}).json()["count"] == 3


def test_the_lowest_priority_number_runs_first(own_emulator: LakeEmulator):
    own_emulator.faults(provisioning_seconds=60)
    busy = [submit(own_emulator) for _ in range(4)]
    for job_id in busy:
        own_emulator.wait(job_id, "Starting")
    own_emulator.faults()
    late, soon = submit(own_emulator, priority=9), submit(own_emulator, priority=2)
    for job_id in (late, soon):
        own_emulator.wait(job_id, "Queued")
    own_emulator.http.post(f"/Jobs/{busy[0]}/CancelJob")
    first, second = own_emulator.wait(soon), own_emulator.wait(late)
    assert first["endTime"] < second["startTime"]


def test_a_lost_node_is_the_services_fault(emulator: LakeEmulator):
    emulator.faults(failing_nodes=1)
    job = emulator.wait(submit(emulator, SLOW))
    assert [(entry["errorId"], entry["source"]) for entry in job["errorMessage"]] == [
        ("E_RUNTIME_SYSTEM_NODELOST", "SYSTEM")
    ]
    assert emulator.wait(submit(emulator))["result"] == "Succeeded"


def test_jobs_go_on_after_the_emulator_was_killed(own_emulator: LakeEmulator):
    done = own_emulator.wait(submit(own_emulator, "@a = SELECT x FROM @b;"))["jobId"]
    own_emulator.container.upload_blob("out/big.csv", b"old", overwrite=True)
    running = submit(own_emulator, SLOW)
    own_emulator.wait(running, "Running")
    until(lambda: descendants_of(own_emulator.data / "runs"), "the job's process")
    own_emulator.faults(queue_seconds=60)
    waiting = submit(own_emulator)
    own_emulator.wait(waiting, "Queued")
    own_emulator.kill()
    until(lambda: not descendants_of(own_emulator.data / "runs"), "the end of what ran")
    own_emulator.start()
    assert own_emulator.get(done)["result"] == "Failed"
    assert own_emulator.wait(waiting)["result"] == "Succeeded"
    assert own_emulator.container.download_blob("out/big.csv").readall() == BIG
    assert states(own_emulator.wait(running, "Running")).count("Running") == 2
    own_emulator.http.post(f"/Jobs/{running}/CancelJob")
    assert own_emulator.wait(running)["result"] == "Cancelled"
