"""What a step's script finds around it, and what becomes of everything that it leaves behind."""

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.e2e.workspace import DATASTORE, Api, Flow, is_alive, problem
from tests.waiting import until

MEBIBYTE = 1024 * 1024
ODD_NAMES = (
    "with space.txt",
    "100%.txt",
    "a#b?c&d=e+f.txt",
    "grüße/日本.txt",
    "deep/er/still/x",
    "%41.txt",
    "q'uo\"te.txt",
)


def test_the_environment_of_a_script(flow: Flow, api: Api) -> None:
    api.upload(f"{flow.name}/data/one.csv", b"1")
    script = (
        "out(json.dumps({'env': dict(os.environ), 'argv': sys.argv, 'cwd': os.getcwd(), 'files': sorted(os.listdir()),"
        "'data': os.listdir(path('folder'))}))"
    )
    step = flow.step(
        "look",
        script,
        data=["before"],
        inputs={
            "folder": {"kind": "data_reference", "datastore": DATASTORE, "path": f"{flow.name}/data"},
            "file": {"kind": "data_reference", "datastore": DATASTORE, "path": f"{flow.name}/data/one.csv"},
            "alpha": {"kind": "parameter", "parameter": "rate"},
            "fixed": {"kind": "literal", "value": 3},
        },
        outputs={"out": {}, "other": {}},
        arguments=[
            "--in",
            {"input": "before"},
            {"input": "folder"},
            {"input": "file"},
            {"input": "alpha"},
            {"input": "fixed"},
            {"output": "other"},
            {"parameter": "mode"},
            "$AZUREML_DATAREFERENCE_other/x",
            -5,
            2.5,
            True,
            "",
            "two words; 'quotes' $HOME ü",
        ],
        environment={"variables": {"BOTH": "environment", "ONLY": "environment"}},
        env={"BOTH": "step"},
    )
    parameters = {
        "rate": {"type": "float", "default": 0.5},
        "mode": {"type": "string"},
        "flag": {"type": "bool", "default": True},
    }
    definition = flow.definition(flow.step("before"), step, parameters=parameters)
    ended = api.wait(api.submit(definition, parameters={"mode": "dry run"})).finished()
    seen: dict[str, Any] = json.loads(api.read_output(ended.run_id, "look"))
    env = seen["env"]

    assert env["AZUREML_RUN_ID"] == ended.steps["look"]["step_run_id"]
    assert env["AZUREML_ROOT_RUN_ID"] == ended.run_id
    assert env["AZUREML_ARM_PROJECT_NAME"] == flow.name
    assert env["AZUREML_ARM_WORKSPACE_NAME"]
    assert env["AZUREML_ARM_SUBSCRIPTION"]
    assert env["AZUREML_ARM_RESOURCEGROUP"]
    assert env["AZUREML_SERVICE_ENDPOINT"] == api.url
    assert env["PIPEYARD_URL"] == api.url
    assert env["AZUREML_OUTPUT_DIRECTORY"] == "./outputs"
    assert env["AZUREML_LOGDIRECTORY_PATH"] == "./logs"
    assert env["PIPEYARD_METRICS_FILE"]
    assert env["AML_PARAMETER_alpha"] == "0.5"
    assert env["AML_PARAMETER_fixed"] == "3"
    assert env["AML_PARAMETER_mode"] == "dry run"
    assert (env["BOTH"], env["ONLY"]) == ("step", "environment")
    places = {name: env[f"AZUREML_DATAREFERENCE_{name}"] for name in ("before", "folder", "file", "out", "other")}
    assert len(set(places.values())) == 5
    assert all(Path(place).is_absolute() for place in places.values())
    assert Path(places["file"]).name == "one.csv"

    assert Path(seen["argv"][0]).name == "step.py"
    assert seen["argv"][1:] == [
        "--in",
        places["before"],
        places["folder"],
        places["file"],
        "0.5",
        "3",
        places["other"],
        "dry run",
        f"{places['other']}/x",
        "-5",
        "2.5",
        "True",
        "",
        "two words; 'quotes' $HOME ü",
    ]
    assert seen["data"] == ["one.csv"]
    assert {"step.py", "lib.py"} <= set(seen["files"])
    secrets = [
        name for name, value in env.items() if "AccountKey" in value or name.startswith(("PIPEYARD_S", "AzureW"))
    ]
    assert secrets == []


def test_files_and_folders_travel_from_step_to_step(flow: Flow, api: Api) -> None:
    write = f"""
note()
for name in {ODD_NAMES!r}:
    os.makedirs(os.path.dirname(os.path.join(path("tree"), name)), exist_ok=True)
    with open(os.path.join(path("tree"), name), "wb") as file:
        file.write(name.encode() * 2)
open(path("single"), "wb").write(bytes(range(256)) * 1000)
"""
    check = f"""
note()
for name in {ODD_NAMES!r}:
    assert open(os.path.join(path("tree"), name), "rb").read() == name.encode() * 2, name
assert open(path("single"), "rb").read() == bytes(range(256)) * 1000
out()
"""
    inputs = {name: {"kind": "pipeline_data", "step": "write", "output": name} for name in ("tree", "single")}
    ended = flow.run(
        flow.step("write", write, outputs={"tree": {}, "single": {}}), flow.step("check", check, inputs=inputs)
    ).finished()
    outputs = api.outputs(ended.run_id, "write")
    tree, single = outputs["tree"], outputs["single"]
    assert not tree["is_file"]
    assert tree["file_count"] == len(ODD_NAMES)
    assert {file["path"]: file["size"] for file in tree["files"]} == {
        name: len(name.encode()) * 2 for name in ODD_NAMES
    }
    for name in ODD_NAMES:
        assert api.read_output(ended.run_id, "write", "tree", quote(name)) == name.encode() * 2
    assert single["is_file"]
    assert single["files"] == [
        {"path": "", "size": 256_000, "sha256": hashlib.sha256(bytes(range(256)) * 1000).hexdigest(), "md5": None}
    ]
    assert single["total_bytes"] == 256_000
    assert api.read_output(ended.run_id, "write", "single") == bytes(range(256)) * 1000
    stored = api.get(f"/api/datastores/{DATASTORE}/files", prefix=tree["path"])["value"]
    assert {file["path"].removeprefix(tree["path"] + "/") for file in stored} == set(ODD_NAMES)


def test_files_of_a_datastore_with_odd_names_reach_the_script(flow: Flow, api: Api) -> None:
    for name in ODD_NAMES:
        api.upload(f"{flow.name}/in/{name}", name.encode())
    script = (
        f"for name in {ODD_NAMES!r}:\n    assert open(os.path.join(path('data'), name), 'rb').read() == name.encode()"
    )
    inputs = {"data": {"kind": "data_reference", "datastore": DATASTORE, "path": f"{flow.name}/in"}}
    flow.run(flow.step("read", script, inputs=inputs, outputs={})).finished()


@pytest.mark.parametrize(("script", "words"), [("note()", "was not written"), ("os.mkdir(path())", "empty folder")])
def test_an_empty_output_is_a_warning(flow: Flow, api: Api, script: str, words: str) -> None:
    ended = flow.run(
        flow.step("forgetful", script), flow.step("next", "out(str(os.listdir(path('forgetful'))))", data=["forgetful"])
    ).finished()
    (warning,) = ended.steps["forgetful"]["warnings"]
    assert "output out" in warning
    assert words in warning
    output = api.outputs(ended.run_id, "forgetful")["out"]
    assert (output["file_count"], output["total_bytes"], output["is_file"]) == (0, 0, False)
    assert api.read_output(ended.run_id, "next") == b"[]"


def test_an_output_of_300_files(flow: Flow, api: Api) -> None:
    write = "note(); os.mkdir(path())\nfor i in range(300): open(f'{path()}/{i:03}.txt', 'w').write(str(i))"
    total = "note(); out(str(sum(int(open(f.path).read()) for f in os.scandir(path('many')))))"
    steps = [flow.step("many", write), flow.step("total", total, data=["many"])]
    ended = flow.run(*steps).finished()
    output = api.outputs(ended.run_id, "many")["out"]
    assert output["file_count"] == 300
    assert [file["path"] for file in output["files"]] == [f"{number:03}.txt" for number in range(300)]
    assert api.read_output(ended.run_id, "many", "out", "299.txt") == b"299"
    assert api.read_output(ended.run_id, "total") == str(sum(range(300))).encode()
    again = flow.run(*steps).finished()
    assert again.reused == {"many", "total"}
    assert api.outputs(again.run_id, "many")["out"]["files"] == output["files"]


def test_a_log_comes_whole_although_chunks_cut_characters(flow: Flow, api: Api) -> None:
    text = "x" + "ä" * 300_000 + "日" * 200_000 + "😀" * 100_000
    script = "sys.stdout.buffer.write(('x' + 'ä' * 300000 + '日' * 200000 + '😀' * 100000).encode()); out()"
    ended = flow.run(flow.step("talk", script)).finished()
    place = f"/api/runs/{ended.run_id}/steps/talk/logs"
    first = api.get(place, offset=0)
    assert MEBIBYTE - 4 < first["next_offset"] <= MEBIBYTE
    assert not first["complete"]
    assert api.log(ended.run_id, "talk") == text
    last = api.get(place, offset=len(text.encode()))
    assert last == {"text": "", "next_offset": len(text.encode()), "complete": True}


def test_a_log_that_is_not_text(flow: Flow, api: Api) -> None:
    script = "sys.stdout.buffer.write(b'ok \\xff\\xfe\\x00 ' + 'ü'.encode()[:1]); sys.stderr.write('warned'); out()"
    ended = flow.run(flow.step("noise", script)).finished()
    log = api.log(ended.run_id, "noise")
    assert log.startswith("ok \ufffd\ufffd\x00 \ufffd")
    assert log.endswith("warned")


def test_a_log_can_be_read_while_the_step_runs(flow: Flow, api: Api, tmp_path: Path) -> None:
    script = "print('first line'); note(); gate(); print('last line'); out()"
    run_id = flow.submit(flow.step("talk", script, env={"GATE": str(tmp_path / "gate")}))
    place = f"/api/runs/{run_id}/steps/talk/logs"
    assert api.get(place)["complete"] is False
    seen = until(lambda: (chunk := api.get(place))["text"] and chunk, "the first line")
    assert seen == {"text": "first line\n", "next_offset": 11, "complete": False}
    assert api.step(run_id, "talk")["status"] == "Running"
    (tmp_path / "gate").touch()
    api.wait(run_id).finished()
    assert api.get(place, offset=11) == {"text": "last line\n", "next_offset": 21, "complete": True}


def test_the_log_of_a_failed_script_has_its_traceback(flow: Flow, api: Api) -> None:
    ended = flow.run(flow.step("bad", "raise RuntimeError('no luck')"))
    assert "RuntimeError: no luck" in api.log(ended.run_id, "bad")


def test_metrics(flow: Flow, api: Api) -> None:
    script = """
with open(os.environ["PIPEYARD_METRICS_FILE"], "a") as file:
    for step in range(3):
        print(json.dumps({"name": "loss", "value": 1 / (step + 1), "step": step, "time": time.time()}), file=file)
    print("not json", file=file)
    print(json.dumps({"name": "classes", "value": ["a", "ü"]}), file=file)
out()
"""
    step = flow.step("train", script)
    ended = flow.run(step).finished()
    metrics = api.get(f"/api/runs/{ended.run_id}/steps/train/metrics")["value"]
    assert [(each["name"], each["value"]) for each in metrics] == [
        ("loss", 1.0),
        ("loss", 0.5),
        ("loss", 1 / 3),
        ("classes", ["a", "ü"]),
    ]
    again = flow.run(step).finished()
    assert again.reused
    assert api.get(f"/api/runs/{again.run_id}/steps/train/metrics")["value"] == metrics


def test_files_below_outputs_and_logs(flow: Flow, api: Api) -> None:
    script = """
note()
os.makedirs("outputs/model")
open("outputs/model/weights.bin", "wb").write(bytes(range(256)))
open("outputs/a b#c%.txt", "w").write("odd")
open("logs/own.log", "w").write("own")
open("elsewhere.txt", "w").write("stays")
out()
"""
    step = flow.step("train", script)
    first = flow.run(step).finished()
    again = flow.run(step).finished()
    assert again.reused
    for run_id in (first.run_id, again.run_id):
        place = f"/api/runs/{run_id}/steps/train/files"
        listed = [file["path"] for file in api.get(place)["value"]]
        assert sorted(listed) == ["logs/own.log", "outputs/a b#c%.txt", "outputs/model/weights.bin"]
        assert api.follow(f"{place}/outputs/model/weights.bin") == bytes(range(256))
        assert api.follow(f"{place}/{quote('outputs/a b#c%.txt')}") == b"odd"
        problem(api.http.get(f"{place}/elsewhere.txt"), 404)


def test_files_and_log_of_a_failed_try_are_kept(flow: Flow, api: Api) -> None:
    ended = flow.run(flow.step("bad", "open('outputs/partial.txt', 'w').write('half'); out(); sys.exit(1)"))
    place = f"/api/runs/{ended.run_id}/steps/bad/files"
    assert api.get(place)["value"] == [{"path": "outputs/partial.txt"}]
    assert api.follow(f"{place}/outputs/partial.txt") == b"half"
    assert api.outputs(ended.run_id, "bad") == {}, "outputs exist once the step has finished"


def test_what_a_step_took_is_recorded(flow: Flow, api: Api) -> None:
    script = """
ballast = bytearray(120 << 20)
end = time.process_time() + 0.3
while time.process_time() < end: pass
time.sleep(0.2); out()
"""
    ended = flow.run(flow.step("heavy", script)).finished()
    step = ended.steps["heavy"]
    assert step["exit_code"] == 0
    assert 0.5 <= step["wall_seconds"] < 60
    assert 0.3 <= step["cpu_seconds"] < 2
    assert 120 << 20 <= step["peak_memory_bytes"] < 400 << 20
    (attempt,) = step["attempts"]
    fields = ("exit_code", "wall_seconds", "cpu_seconds", "peak_memory_bytes")
    assert {name: attempt[name] for name in fields} == {name: step[name] for name in fields}


def test_a_step_has_ended_when_all_that_it_started_has_ended(flow: Flow) -> None:
    script = "import subprocess; note(child=subprocess.Popen(['sleep', '60'], start_new_session=True).pid); out()"
    flow.run(flow.step("careless", script)).finished()
    assert not is_alive(flow.notes("start")[0]["child"])


def test_a_command_step(flow: Flow, api: Api) -> None:
    step = flow.step(
        "shell",
        type="command",
        settings={"command": ["sh", "-c", 'printf "%s" "$1" > "$AZUREML_DATAREFERENCE_out"', "sh"]},
        arguments=["a  b"],
        snapshot=None,
    )
    ended = flow.run(step).finished()
    assert api.read_output(ended.run_id, "shell") == b"a  b"
