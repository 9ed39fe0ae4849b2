"""Datasets and data paths as inputs: what scripts get, what is registered, and what decides reuse."""

import json
import uuid
from typing import Any

import pytest

from tests.e2e.workspace import DATASTORE, Api, Flow, Json, problem

READ = """
import pathlib
base = pathlib.Path(path("data"))
found = {"": base.read_text()} if base.is_file() else {
    each.relative_to(base).as_posix(): each.read_text() for each in sorted(base.rglob("*")) if each.is_file()}
names = ("data", "AZUREML_DATASET_ENVIRONMENT_VARS", "PIPEYARD_DATASET_data")
out(json.dumps({"files": found, "argv": sys.argv[1:], "env": {name: os.environ.get(name) for name in names},
                "base": str(base)}))
note()
"""


def definition(*paths: str, **view: Any) -> Json:
    return {"sources": [{"datastore": DATASTORE, "path": path} for path in paths], "view": view}


def save(api: Api, *paths: str, **view: Any) -> str:
    answer = api.http.post("/api/datasets", json={"definition": definition(*paths, **view)})
    assert answer.status_code in {200, 201}, answer.text
    return str(answer.json()["dataset_id"])


def reader(flow: Flow, source: Json, **fields: Any) -> Json:
    return flow.step("read", READ, inputs={"data": source}, arguments=[{"input": "data"}], **fields)


def seen(api: Api, run_id: str) -> Json:
    return dict(json.loads(api.read_output(run_id, "read")))


@pytest.fixture
def folder(flow: Flow, api: Api) -> str:
    """A folder with three files."""
    for path, text in (("a.csv", "a"), ("sub/b.csv", "b"), ("sub/c.txt", "c")):
        api.upload(f"{flow.name}/data/{path}", text.encode())
    return f"{flow.name}/data"


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("", {"a.csv": "a", "sub/b.csv": "b", "sub/c.txt": "c"}),
        ("/**/*.csv", {"a.csv": "a", "sub/b.csv": "b"}),
        ("/*.csv", {"a.csv": "a"}),
        ("/sub/?.csv", {"b.csv": "b"}),
        ("/a.csv", {"": "a"}),
    ],
)
def test_a_script_gets_the_files_of_a_dataset(
    flow: Flow, api: Api, folder: str, pattern: str, files: dict[str, str]
) -> None:
    dataset_id = save(api, folder + pattern)
    ended = flow.run(reader(flow, {"kind": "dataset", "dataset_id": dataset_id})).finished()
    found = seen(api, ended.run_id)
    assert found["files"] == files
    assert found["argv"] == [found["base"]] == [found["env"]["data"]]
    assert found["env"]["AZUREML_DATASET_ENVIRONMENT_VARS"] == "data:mount"
    described = json.loads(found["env"]["PIPEYARD_DATASET_data"])
    assert described["dataset_id"] == dataset_id
    assert described["single_file"] == ("" in files)
    listed = api.get(f"/api/datasets/{dataset_id}/files")
    assert {file["path"] for file in listed["value"]} == (set(files) if "" not in files else {"a.csv"})
    assert {file["name"] for file in listed["value"]} <= {
        f"{folder}/{each}" for each in ("a.csv", "sub/b.csv", "sub/c.txt")
    }


@pytest.mark.parametrize(("mode", "left"), [("mount", ["a.csv"]), ("direct", ["a.csv", "sub/b.csv", "sub/c.txt"])])
def test_a_selection_of_files_is_what_a_path_shows(
    flow: Flow, api: Api, folder: str, mode: str, left: list[str]
) -> None:
    """A dataset in direct mode chooses by itself, so it gets everything."""
    transformations = [{"operation": "take", "arguments": {"count": 1}}]
    dataset = save(api, folder, transformations=transformations)
    ended = flow.run(reader(flow, {"kind": "dataset", "dataset_id": dataset, "mode": mode})).finished()
    assert sorted(seen(api, ended.run_id)["files"]) == left


def test_several_sources_lie_side_by_side(flow: Flow, api: Api, folder: str) -> None:
    dataset_id = save(api, f"{folder}/sub", f"{folder}/a.csv")
    ended = flow.run(reader(flow, {"kind": "dataset", "dataset_id": dataset_id, "mode": "download"})).finished()
    assert seen(api, ended.run_id)["files"] == {"0/b.csv": "b", "0/c.txt": "c", "1/a.csv": "a"}


def test_a_direct_dataset_is_its_id(flow: Flow, api: Api, folder: str) -> None:
    dataset_id = save(api, folder, format={"kind": "delimited"})
    ended = flow.run(reader(flow, {"kind": "dataset", "dataset_id": dataset_id, "mode": "direct"})).finished()
    found = seen(api, ended.run_id)
    assert found["argv"] == [dataset_id] == [found["env"]["data"]]
    assert found["env"]["AZUREML_DATASET_ENVIRONMENT_VARS"] == "data:direct"
    assert json.loads(found["env"]["PIPEYARD_DATASET_data"])["view"]["format"]["kind"] == "delimited"
    assert "a.csv" in found["files"]


def test_pipeline_data_can_be_read_as_a_dataset(flow: Flow, api: Api) -> None:
    view = {"format": {"kind": "delimited"}}
    source = {"kind": "pipeline_data", "step": "write", "output": "out", "view": view}
    ended = flow.run(flow.step("write"), reader(flow, source)).finished()
    found = seen(api, ended.run_id)
    assert found["env"]["AZUREML_DATASET_ENVIRONMENT_VARS"] == "data:direct"
    described = json.loads(found["env"]["PIPEYARD_DATASET_data"])
    assert described["dataset_id"] is None
    assert described["single_file"]
    assert found["files"] == {"": "x"}


def test_parameters_choose_data_paths_and_datasets(flow: Flow, api: Api, folder: str) -> None:
    parameters = {
        "place": {"type": "data_path", "default": {"datastore": DATASTORE, "path": f"{folder}/sub"}},
        "set": {"type": "dataset", "default": {"dataset_id": save(api, f"{folder}/sub")}},
    }
    for kind, parameter, value in (
        ("data_path", "place", {"datastore": DATASTORE, "path": f"{folder}/a.csv"}),
        ("dataset", "set", {"dataset_id": save(api, f"{folder}/a.csv")}),
    ):
        pipeline = flow.definition(reader(flow, {"kind": kind, "parameter": parameter}), parameters=parameters)
        first = api.wait(api.submit(pipeline)).finished()
        assert seen(api, first.run_id)["files"] == {"b.csv": "b", "c.txt": "c"}
        second = api.wait(api.submit(pipeline, parameters={parameter: value})).finished()
        assert seen(api, second.run_id)["files"] == {"": "a"}
        assert second.run["parameters"][parameter] == value
        assert api.wait(api.submit(pipeline)).finished().reused == {"read"}


def test_what_does_not_exist_is_refused_before_anything_runs(flow: Flow, api: Api, folder: str) -> None:
    nobody = str(uuid.uuid4())
    step = reader(flow, {"kind": "dataset", "dataset_id": nobody})
    refused = api.refuse("/api/runs", {"definition": flow.definition(step)}, 422)
    assert [fault["pointer"] for fault in refused["faults"]] == ["/definition/steps/0/inputs/data/dataset_id"]
    parameters = {
        "place": {"type": "data_path", "default": {"datastore": DATASTORE, "path": folder}},
        "set": {"type": "dataset"},
    }
    pipeline = flow.definition(reader(flow, {"kind": "data_path", "parameter": "place"}), parameters=parameters)
    given = {"place": {"datastore": "nowhere", "path": "../up"}, "set": {"dataset_id": nobody}}
    refused = api.refuse("/api/runs", {"definition": pipeline, "parameters": given}, 422)
    pointers = {fault["pointer"] for fault in refused["faults"]}
    assert pointers == {"/parameters/place/datastore", "/parameters/place/path", "/parameters/set/dataset_id"}


def test_a_dataset_of_nothing_fails_the_step_with_its_place(flow: Flow, api: Api) -> None:
    dataset_id = save(api, f"{flow.name}/nothing/*.csv")
    ended = flow.run(reader(flow, {"kind": "dataset", "dataset_id": dataset_id}))
    assert ended.status == "Failed"
    assert f"No file matches `{flow.name}/nothing/*.csv`" in ended.steps["read"]["error"]
    missing = problem(api.http.get(f"/api/datasets/{dataset_id}/files"), 404)
    assert "Upload the files first" in missing["detail"]


def test_saving_the_same_definition_is_saving_once(flow: Flow, api: Api, folder: str) -> None:
    body = {"definition": definition(folder)}
    first = api.post("/api/datasets", body, status=201)
    assert api.post("/api/datasets", body, status=200) == first
    assert (first["name"], first["version"], first["type"]) == (None, None, "file")
    bad = api.refuse("/api/datasets", {"definition": definition("/etc", "../up")}, 422)
    assert [fault["pointer"] for fault in bad["faults"]] == ["/definition/sources/0/path", "/definition/sources/1/path"]


def test_registered_datasets_have_versions(flow: Flow, api: Api, folder: str) -> None:
    name = f"iris {flow.token}"
    first = api.post("/api/datasets", {"definition": definition(folder), "name": name, "tags": {"a": "b"}}, status=201)
    assert (first["version"], first["latest_version"], first["tags"]) == (1, 1, {"a": "b"})
    other = {"definition": definition(f"{folder}/sub"), "name": name}
    refused = api.refuse("/api/datasets", other, 409)
    assert "`create_new_version`" in refused["detail"]
    second = api.post("/api/datasets", {**other, "create_new_version": True}, status=201)
    assert (second["version"], second["latest_version"]) == (2, 2)
    same = api.refuse("/api/datasets", {**other, "create_new_version": True}, 409)
    assert second["dataset_id"] in same["detail"]
    by_name = f"/api/datasets/by-name/{name}"
    assert api.get(by_name)["dataset_id"] == second["dataset_id"]
    assert api.get(by_name, version=1)["dataset_id"] == first["dataset_id"]
    assert "versions are 1 to 2" in problem(api.http.get(by_name, params={"version": 3}), 404)["detail"]
    page = api.get(f"{by_name}/versions", page_size=1)
    assert [each["version"] for each in page["value"]] == [2]
    page = api.get(f"{by_name}/versions", page_size=1, continuation_token=page["continuation_token"])
    assert ([each["version"] for each in page["value"]], page["continuation_token"]) == ([1], None)
    changed = api.http.patch(f"/api/datasets/{first['dataset_id']}", json={"description": "flowers"}).json()
    assert (changed["description"], changed["tags"]) == ("flowers", {"a": "b"})
    assert api.http.delete(by_name).status_code == 204
    problem(api.http.get(by_name), 404)
    kept = api.get(f"/api/datasets/{first['dataset_id']}")
    assert (kept["name"], kept["version"]) == (None, None), "what used it by id goes on"


def test_a_profile_is_kept(api: Api, folder: str) -> None:
    address = f"/api/datasets/{save(api, folder)}/profile"
    problem(api.http.get(address), 404)
    assert api.http.put(address, json={"columns": [{"name": "ü"}]}).status_code == 204
    assert api.get(address) == {"columns": [{"name": "ü"}]}
    problem(api.http.put(address, json={"x": "y" * 4_200_000}), 413)
