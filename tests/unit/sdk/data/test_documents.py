"""What data objects become in a pipeline definition, checked by the definition's own models."""

import copy
from types import SimpleNamespace
from typing import Any

import pytest
from pipeyard._core.bindings import ParameterDefinition, StepInput, StepOutput
from pipeyard._core.dataset_views import DatasetView, DelimitedFormat
from pipeyard._core.datasets import DatasetSource
from pipeyard.data import DatasetConsumptionConfig, OutputFileDatasetConfig
from pipeyard.data import _documents as documents
from pipeyard.data._views import delimited_view, file_view
from pipeyard.data.data_reference import DataReference
from pipeyard.data.datapath import DataPath, DataPathComputeBinding
from pipeyard.data.file_dataset import FileDataset
from pipeyard.data.output_dataset_config import HDFSOutputDatasetConfig, LinkFileOutputDatasetConfig
from pipeyard.data.sql_data_reference import SqlDataReference
from pipeyard.data.tabular_dataset import TabularDataset
from pipeyard.exceptions import UserErrorException
from pydantic import TypeAdapter

INPUT: TypeAdapter[StepInput] = TypeAdapter(StepInput)
STORE: Any = SimpleNamespace(name="store", workspace=None)
RECORD: Any = {"dataset_id": "0123456789ab", "name": None, "version": None, "description": "", "tags": {}}
SOURCES = (DatasetSource(datastore="store", path="a.csv"),)


def files():
    return FileDataset(file_view(), sources=SOURCES, record=RECORD)


def table():
    return TabularDataset(delimited_view(), sources=SOURCES, record=RECORD)


def parameter(name, default):
    return SimpleNamespace(name=name, default_value=default)


def document(value, producer=None):
    """The document, once the definition's model has accepted it."""
    found = documents.input_document(value, producer)
    INPUT.validate_python(found)
    return found


def _name(value):
    return value.name


def test_data_references_and_paths():
    reference = DataReference(STORE, "raw", "in/", mode="download")
    assert documents.input_name(reference) == "raw"
    plain = {"kind": "data_reference", "datastore": "store", "path": "in"}
    assert document(reference) == {**plain, "mode": "download"}
    assert document(DataReference(STORE, "raw", "in/")) == plain
    path = DataPath(STORE, "in", name="mine")
    pair = (path, DataPathComputeBinding())
    assert documents.is_input(pair)
    assert documents.input_name(pair) == "mine"
    assert document(pair) == plain
    free = (parameter("where", path), DataPathComputeBinding("mount"))
    assert documents.input_name(free) == "where"
    assert document(free) == {"kind": "data_path", "parameter": "where"}
    assert _name(documents.parameter_of(free)) == "where"
    assert documents.parameter_of(pair) is None
    declared = documents.parameter_document(path)
    ParameterDefinition.model_validate(declared)
    assert declared == {"type": "data_path", "default": {"datastore": "store", "path": "in"}}


def test_datasets():
    config = table().as_named_input("rows")
    assert document(config) == {"kind": "dataset", "dataset_id": RECORD["dataset_id"], "mode": "direct"}
    assert document(files().as_named_input("f").as_mount()) == {
        "kind": "dataset",
        "dataset_id": RECORD["dataset_id"],
        "mode": "mount",
    }
    assert documents.input_name(files().as_mount()) == "input__01234567"
    free = DatasetConsumptionConfig("rows", parameter("chosen", table()))
    assert document(free) == {"kind": "dataset", "parameter": "chosen", "mode": "direct"}
    assert _name(documents.parameter_of(free)) == "chosen"
    declared = documents.parameter_document(table())
    ParameterDefinition.model_validate(declared)
    assert declared == {"type": "dataset", "default": {"dataset_id": RECORD["dataset_id"]}}


def test_outputs_are_found_by_their_origin():
    config = OutputFileDatasetConfig("made", (STORE, "/out/{run-id}"))
    kept = config.as_upload(overwrite=True).register_on_complete("kept", tags={"a": "b"})
    assert config.registration is None
    assert kept.origin == config.origin
    producer = {config.origin: ("write", "made")}.__getitem__
    assert document(kept, producer) == {"kind": "pipeline_data", "step": "write", "output": "made"}
    found = documents.output_document(kept)
    StepOutput.model_validate(found)
    assert found == {
        "datastore": "store",
        "path": "out/{run-id}",
        "register_dataset": {"name": "kept", "description": "", "tags": {"a": "b"}},
    }
    assert documents.output_document(OutputFileDatasetConfig("o")) == {"path": "dataset/{run-id}/{output-name}"}
    with pytest.raises(UserErrorException, match="No step makes the output 'made'"):
        documents.input_document(kept)


def test_outputs_as_rows():
    config = OutputFileDatasetConfig("made")
    rows = config.read_delimited_files(separator=";").keep_columns(["a", "b"]).drop_columns("b")
    assert rows.origin == config.origin
    assert documents.input_name(rows) == "made"
    assert documents.input_name(rows.as_input("other")) == "other"
    assert rows.as_input().mode == "direct"
    found = document(rows, lambda _: ("write", "made"))
    view = DatasetView.model_validate(found["view"])
    assert view.format == DelimitedFormat(separator=";")
    assert [step.operation for step in view.transformations] == ["keep_columns", "drop_columns"]
    registered = documents.output_document(rows.register_on_complete("kept"))
    assert DatasetView.model_validate(registered["register_dataset"]["view"]) == view
    first, second = config.read_parquet_files().random_split(0.5, seed=1)
    parts = [(half.view_document() or {})["transformations"][0]["arguments"]["part"] for half in (first, second)]
    assert parts == ["first", "second"]


def test_copies_share_the_datastore_and_nothing_else():
    config = OutputFileDatasetConfig("made", (STORE, "x")).register_on_complete("kept", tags={"a": "b"})
    changed = config.as_mount()
    assert changed.destination is config.destination
    assert changed.registration is not config.registration
    assert copy.deepcopy(changed).origin == config.origin


def test_what_cannot_be_is_refused():
    for name in ("1x", "a-b", ""):
        with pytest.raises(UserErrorException, match="cannot name"):
            OutputFileDatasetConfig(name)
        with pytest.raises(UserErrorException, match="cannot name"):
            table().as_named_input(name)
    with pytest.raises(UserErrorException, match="only be given to a step in the mode 'direct'"):
        table().as_named_input("x").as_mount()
    assert files().take(1).as_mount().mode == "mount"
    assert files().take(1).as_named_input("x").mode == "direct"
    with pytest.raises(UserErrorException, match="no mode of a dataset"):
        DatasetConsumptionConfig("x", files(), "copy")
    with pytest.raises(UserErrorException, match="Spark"):
        files().as_hdfs()
    with pytest.raises(UserErrorException, match="is no dataset"):
        DatasetConsumptionConfig("x", "data.csv")
    with pytest.raises(UserErrorException, match="source_globs"):
        OutputFileDatasetConfig("x").as_upload(source_globs="*.csv")
    with pytest.raises(UserErrorException, match="path_glob"):
        OutputFileDatasetConfig("x").read_parquet_files(path_glob="*.parquet")
    wrong: Any = "somewhere"
    with pytest.raises(UserErrorException, match=r"must be \(datastore, 'path'\)"):
        documents.output_document(OutputFileDatasetConfig("x", wrong))
    with pytest.raises(UserErrorException, match=r"dataset\.register"):
        LinkFileOutputDatasetConfig("x")
    with pytest.raises(UserErrorException, match="as_named_input"):
        documents.input_document(table())
    with pytest.raises(UserErrorException, match="has a pattern"):
        documents.input_document((DataPath(STORE, "a/*.csv"), DataPathComputeBinding()))
    with pytest.raises(ValueError, match="needs a Datastore object"):
        DataPath()
    for make in (lambda: DataPathComputeBinding("copy"), lambda: DataReference(STORE, mode="copy")):
        with pytest.raises(UserErrorException, match="mount, download, upload"):
            make()
    with pytest.raises(UserErrorException, match="give one only"):
        SqlDataReference(STORE, sql_table="a", sql_query="b")


def test_the_rest_of_v1s_references():
    reference = DataReference(STORE, path_on_datastore="a")
    assert str(reference) == f"$AZUREML_DATAREFERENCE_{reference.name}"
    assert reference.path("b", "below").path_on_datastore == "a/b"
    assert DataReference(STORE).name == "store"
    assert reference.as_download("/x", overwrite=True).mode == "download"
    assert DataPath(STORE, "a") == DataPath(STORE, "a")
    assert DataPath(STORE, "a").name.startswith("store_")
    assert DataPath(STORE, "a").create_data_reference("n").data_reference_name == "n"
    assert documents.output_document(HDFSOutputDatasetConfig("h", (STORE, "p"))) == {"datastore": "store", "path": "p"}
    assert str(OutputFileDatasetConfig("o")) == "DatasetOutputConfig:o"
    assert str(table().as_named_input("n")) == "DatasetConsumptionConfig:n"
