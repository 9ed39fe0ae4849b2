"""What a `path` may be."""

from types import SimpleNamespace
from typing import Any

import pytest
from pipeyard.core import Dataset
from pipeyard.data._sources import read_sources, read_target
from pipeyard.data.data_reference import DataReference
from pipeyard.data.datapath import DataPath
from pipeyard.exceptions import UserErrorException

WORKSPACE: Any = SimpleNamespace(url="http://one")
STORE: Any = SimpleNamespace(name="store", workspace=WORKSPACE)
ELSEWHERE: Any = SimpleNamespace(name="far", workspace=SimpleNamespace(url="http://two"))


def places(path):
    return [(source.datastore, source.path) for source in read_sources(path)[1]]


def test_every_form_of_a_path():
    assert places((STORE, "/a/b.csv")) == [("store", "a/b.csv")]
    assert places((STORE, ["a", "./b/**"])) == [("store", "a"), ("store", "b/**")]
    assert places([(STORE, "a"), DataPath(STORE, "b"), DataReference(STORE, path_on_datastore="c/")]) == [
        ("store", "a"),
        ("store", "b"),
        ("store", "c"),
    ]
    assert read_sources((STORE, "a"))[0] is WORKSPACE


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("data/local.csv", "Upload it first"),
        ("wasbs://c@a.blob.core.windows.net/x", "register_azure_blob_container"),
        ("abfss://c@a.dfs.core.windows.net/x", "register_azure_data_lake_gen2"),
        (17, "is no path"),
        ([], "at least one path"),
        ((STORE, "../x"), "leaves its datastore"),
        ([(STORE, "a"), (ELSEWHERE, "a")], "one workspace"),
    ],
)
def test_what_is_no_path(path, fault):
    with pytest.raises(UserErrorException, match=fault):
        read_sources(path)


def test_targets():
    assert read_target(STORE) == (STORE, "")
    assert read_target((STORE, "/a/")) == (STORE, "a")
    assert read_target(DataPath(STORE, "a")) == (STORE, "a")
    with pytest.raises(UserErrorException, match="is no target"):
        read_target("a")


def test_what_is_not_offered_says_what_to_do():
    for refused in (
        Dataset.Tabular.from_sql_query,
        Dataset.Tabular.register_spark_dataframe,
        Dataset.Tabular.register_dask_dataframe,
    ):
        with pytest.raises(UserErrorException, match="Parquet"):
            refused("x")
    with pytest.raises(UserErrorException, match="no directory"):
        Dataset.File.upload_directory("/nowhere/at/all", STORE)
