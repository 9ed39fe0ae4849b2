"""Datasets of the SDK against a real workspace: registered, read, compared, and given to steps."""

import uuid

import pandas as pd
import pytest
from pipeyard.core import Dataset, Datastore, Workspace
from pipeyard.data import FileDataset, OutputFileDatasetConfig, TabularDataset
from pipeyard.data._documents import input_document, output_document
from pipeyard.data.datapath import DataPath
from pipeyard.exceptions import UserErrorException

IRIS = "sepal,species,day\n5.1,setosa,2020-01-01\n7.0,versicolor,2020-01-02\n6.3,virginica,2020-01-03\n"


@pytest.fixture
def workspace(server, monkeypatch, tmp_path):
    monkeypatch.setenv("PIPEYARD_CACHE", str(tmp_path / "cache"))
    found = Workspace(server.facts["url"])
    yield found
    found.client.close()


@pytest.fixture
def folder():
    """A folder on the datastore, and the stem of names, that no other test uses."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
def store(workspace):
    return Datastore.get(workspace, "workspaceblobstore")


@pytest.fixture
def iris(store, folder, api):
    api.upload(f"{folder}/iris.csv", IRIS.encode())
    return Dataset.Tabular.from_delimited_files((store, f"{folder}/iris.csv"))


def test_registered_datasets_have_versions(workspace, store, folder, api, iris):
    first = iris.register(workspace, folder, "flowers", {"of": "Fisher"})
    assert (first.name, first.version, first.description, first.tags) == (folder, 1, "flowers", {"of": "Fisher"})
    with pytest.raises(UserErrorException, match="create_new_version"):
        iris.take(1).register(workspace, folder)
    with pytest.raises(UserErrorException, match=folder):
        iris.register(workspace, folder, create_new_version=True)
    second = iris.take(2).register(workspace, folder, create_new_version=True)
    assert second.version == 2
    assert Dataset.get_by_name(workspace, folder).id == second.id
    assert Dataset.get_by_name(workspace, folder, version=1).id == first.id
    found = Dataset.get_by_id(workspace, second.id)
    assert isinstance(found, TabularDataset)
    assert len(found.to_pandas_dataframe()) == 2
    known = Dataset.get_all(workspace)
    assert folder in list(known)
    assert known[folder].version == 2
    assert "nothing of the kind" not in known
    with pytest.raises(UserErrorException, match="number or 'latest'"):
        Dataset.get_by_name(workspace, folder, "newest")


def test_registered_versions_can_be_described_and_forgotten(workspace, folder, iris):
    dataset = iris.register(workspace, folder)
    dataset.update(description="new").add_tags({"a": "1", "b": "2"}).remove_tags(["a"])
    found = Dataset.get_by_name(workspace, folder)
    assert (found.description, found.tags) == ("new", {"b": "2"})
    found.unregister_all_versions()
    with pytest.raises(UserErrorException):
        Dataset.get_by_name(workspace, folder)
    with pytest.raises(UserErrorException, match="not registered"):
        iris.update(description="x")


def test_rows_are_read_from_the_workspace_and_kept_here(iris, tmp_path):
    frame = iris.to_pandas_dataframe()
    assert list(frame.columns) == ["sepal", "species", "day"]
    assert frame["sepal"].tolist() == [5.1, 7.0, 6.3]
    assert frame["day"][2] == pd.Timestamp("2020-01-03")
    assert len(list((tmp_path / "cache/files").rglob("*.csv"))) == 1
    assert iris.filter(iris["sepal"] > 6).to_pandas_dataframe()["species"].tolist() == ["versicolor", "virginica"]
    assert len(list((tmp_path / "cache/files").rglob("*.csv"))) == 1


def test_files_by_every_form_of_path(workspace, store, folder, api):
    for name in ("a/1.csv", "a/2.csv", "b/3.txt"):
        api.upload(f"{folder}/{name}", name.encode())
    assert Dataset.File.from_files((store, folder)).to_path() == ["/a/1.csv", "/a/2.csv", "/b/3.txt"]
    assert Dataset.File.from_files((store, f"{folder}/**/*.csv")).to_path() == ["/a/1.csv", "/a/2.csv"]
    assert len(Dataset.File.from_files(DataPath(store, f"{folder}/a"))) == 2
    assert len(Dataset.File.from_files(store.path(f"{folder}/b"))) == 1
    assert len(Dataset.File.from_files([(store, f"{folder}/a"), (store, f"{folder}/b/3.txt")])) == 3
    with pytest.raises(UserErrorException, match="nothing at"):
        Dataset.File.from_files((store, f"{folder}/c"))
    assert len(Dataset.File.from_files((store, f"{folder}/a")).download()) == 2


def test_a_file_of_the_web_is_copied_once(workspace, store, folder, api, monkeypatch):
    monkeypatch.setenv("PIPEYARD_URL", workspace.url)
    api.upload(f"{folder}/iris.csv", IRIS.encode())
    url = api.post("/api/datastores/workspaceblobstore/downloads", {"paths": [f"{folder}/iris.csv"]})["urls"]
    address = url[f"{folder}/iris.csv"]
    first = Dataset.Tabular.from_delimited_files(address)
    again = Dataset.Tabular.from_delimited_files(address)
    assert first.id == again.id
    assert first.definition.sources[0].path.startswith("datasets/web/")
    assert first.definition.sources[0].path.endswith("/iris.csv")
    assert len(first.to_pandas_dataframe()) == 3
    with pytest.raises(UserErrorException, match="answered 404"):
        Dataset.File.from_files([(store, folder), f"{workspace.url}/nothing/here.csv"])
    for dataset in (first, again):
        dataset.find_workspace().client.close()


def test_profiles_are_kept_and_versions_compared(workspace, store, folder, api, iris):
    first = iris.register(workspace, folder)
    profile = first.get_profile()
    assert profile.row_count == 3
    assert Dataset.get_by_name(workspace, folder).get_profile() == profile
    api.upload(f"{folder}/more.csv", IRIS.encode() + b"9.9,rosa,2020-02-02\n")
    both = Dataset.Tabular.from_delimited_files((store, f"{folder}/*.csv"))
    second = both.register(workspace, folder, create_new_version=True)
    diff = second.diff(1)
    assert diff.row_count == (3, 7)
    assert diff.files_added == (f"{folder}/more.csv",)
    assert f"{folder} version 1 → {folder} version 2" in str(diff)
    api.upload(f"{folder}/iris.csv", IRIS.encode() + b"1.0,new,2021-01-01\n")
    assert first.diff(first).row_count == (3, 4)


def test_frames_become_datasets(workspace, store, folder):
    frame = pd.DataFrame({"a": [1, 2], "s": ["x", None], "t": pd.to_datetime(["2020-01-01", "2021-01-01"])})
    for version in (1, 2):
        dataset = Dataset.Tabular.register_pandas_dataframe(frame, (store, folder), folder, show_progress=False)
        assert dataset.version == version
    found = dataset.to_pandas_dataframe()
    assert found["a"].tolist() == [1, 2]
    assert found["s"].isna().tolist() == [False, True]
    assert str(found["t"].dtype) == "datetime64[ns]"
    with pytest.raises(UserErrorException, match="no pandas DataFrame"):
        Dataset.Tabular.register_pandas_dataframe([1], store, folder)


def test_rows_by_the_values_of_columns(workspace, store, folder, api):
    rows = "".join(f"{n},{'NY' if n % 2 else 'CA'},{n % 3}\n" for n in range(60))
    api.upload(f"{folder}/in.csv", f"n,state,store\n{rows}".encode())
    dataset = Dataset.Tabular.from_delimited_files((store, f"{folder}/in.csv"))
    parts = dataset.partition_by(["state", "store"], (store, f"{folder}/parts"), name=folder, show_progress=False)
    assert isinstance(parts, TabularDataset)
    assert parts.name == folder
    assert parts.partition_keys == ["state", "store"]
    assert len(parts.get_partition_key_values()) == 6
    assert {"state": "CA", "store": "0"} in parts.get_partition_key_values()
    assert parts.get_partition_key_values(["state"]) == [{"state": "CA"}, {"state": "NY"}]
    assert all(file.name.endswith("/part.parquet") for file in parts.list_files())
    frame = parts.to_pandas_dataframe()
    assert sorted(frame["n"]) == list(range(60))
    assert list(frame.columns) == ["n", "state", "store"]
    files = dataset.partition_by("state", (store, folder), partition_as_file_dataset=True, show_progress=False)
    assert isinstance(files, FileDataset)
    assert [path.rpartition("/")[0] for path in files.to_path()] == ["/CA", "/NY"]


def test_rows_of_every_format_are_filtered_cut_and_split(store, folder, api):
    api.upload(
        f"{folder}/rows.jsonl",
        b"".join(b'{"n": %d, "even": %s}\n' % (n, b"true" if n % 2 == 0 else b"false") for n in range(100)),
    )
    lines = Dataset.Tabular.from_json_lines_files((store, f"{folder}/*.jsonl"))
    assert lines.filter(lines["n"] >= 90).skip(2).take(3).to_pandas_dataframe()["n"].tolist() == [92, 93, 94]
    assert list(lines.drop_columns("even").take(1).to_pandas_dataframe().columns) == ["n"]
    written = lines.to_parquet_files((store, f"{folder}/parquet"))
    table = Dataset.Tabular.from_parquet_files((store, written.definition.sources[0].path))
    first, second = table.keep_columns(["n"]).random_split(0.7, seed=3)
    halves = [half.to_pandas_dataframe()["n"].tolist() for half in (first, second)]
    assert sorted(halves[0] + halves[1]) == list(range(100))
    assert 50 < len(halves[0]) < 90


def test_rows_as_files(iris, store, folder):
    assert pd.read_csv(iris.to_csv_files(separator=";").download()[0], sep=";")["sepal"].tolist() == [5.1, 7.0, 6.3]
    written = iris.take(2).to_parquet_files((store, f"{folder}/out"))
    path = written.definition.sources[0].path
    assert path.startswith(f"{folder}/out/")
    assert len(Dataset.Tabular.from_parquet_files((store, path)).to_pandas_dataframe()) == 2


READ_DIRECT = """
from pipeyard.core import Run
frame = Run.get_context().input_datasets["iris"].to_pandas_dataframe()
note("seen", rows=len(frame), types=[str(kind) for kind in frame.dtypes])
out()
"""

READ_KEYS = """
from pipeyard.core import Run
frame = Run.get_context().input_datasets["states"].to_pandas_dataframe()
note("seen", rows=frame.to_dict("records"))
out()
"""


def test_columns_from_paths_are_the_same_in_a_job(workspace, flow, store, folder, api):
    for state in ("CA", "NY"):
        api.upload(f"{folder}/{state}/1.csv", b"n\n1\n")
    one = Dataset.Tabular.from_delimited_files(
        (store, f"{folder}/NY/*.csv"), partition_format="{state}/{store}.csv", include_path=True
    )
    here = one.to_pandas_dataframe().to_dict("records")
    assert here == [{"Path": f"/{folder}/NY/1.csv", "state": "NY", "store": "1", "n": 1}]
    given = {"states": input_document(one.as_named_input("states"))}
    flow.run(flow.step("keys", READ_KEYS, inputs=given), limit=60).finished()
    assert flow.notes("seen", "keys")[0]["rows"] == here


READ_PATH = """
note("seen", text=open(os.environ["iris"]).read())
out()
"""


def test_steps_get_rows_or_files(workspace, flow, iris):
    direct = input_document(iris.as_named_input("iris"))
    assert direct == {"kind": "dataset", "dataset_id": iris.id, "mode": "direct"}
    ended = flow.run(flow.step("direct", READ_DIRECT, inputs={"iris": direct}), limit=60)
    ended.finished()
    seen = flow.notes("seen", "direct")[0]
    assert seen["rows"] == 3
    assert seen["types"][2] == "datetime64[ns]"


def test_one_file_is_mounted_as_a_file(workspace, flow, store, folder, iris):
    files = Dataset.File.from_files((store, f"{folder}/iris.csv"))
    mounted = input_document(files.as_named_input("iris").as_mount())
    flow.run(flow.step("path", READ_PATH, inputs={"iris": mounted}), limit=60).finished()
    assert flow.notes("seen", "path")[0]["text"] == IRIS


WRITE = """
os.makedirs(path("made"), exist_ok=True)
with open(os.path.join(path("made"), "rows.csv"), "w") as file:
    file.write("n,text\\n1,x\\n2,y\\n")
out()
"""

READ_OUTPUT = """
from pipeyard.core import Run
note("seen", rows=Run.get_context().input_datasets["made"].to_pandas_dataframe().to_dict("records"))
out()
"""


def test_outputs_become_datasets_of_steps_and_of_the_workspace(workspace, flow, store, folder):
    config = OutputFileDatasetConfig("made", (store, f"{folder}/{{run-id}}/{{output-name}}")).register_on_complete(
        folder
    )
    table = config.read_delimited_files().keep_columns("n")
    producer = {config.origin: ("write", "made")}
    write = flow.step("write", WRITE) | {"outputs": {"out": {}, "made": output_document(config)}}
    read = flow.step("read", READ_OUTPUT, inputs={"made": input_document(table, producer.__getitem__)})
    flow.run(write, read, limit=60).finished()
    assert flow.notes("seen", "read")[0]["rows"] == [{"n": 1}, {"n": 2}]
    registered = Dataset.get_by_name(workspace, folder)
    assert registered.version == 1
    assert [file.name.rpartition("/")[2] for file in registered.list_files()] == ["rows.csv"]
    assert registered.definition.sources[0].path.startswith(f"{folder}/")
