"""Parquet, JSON lines, and columns from paths."""

import duckdb
import pandas as pd
import pytest
from pipeyard.data._views import delimited_view, json_lines_view, parquet_view
from pipeyard.exceptions import UserErrorException

from .local_data import csv, files_of, frame, rows_of, write


def parquet(folder, name, sql):
    file = folder / "in" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    duckdb.execute(f"COPY ({sql}) TO '{file}'")
    return folder / "in"


def test_parquet_gets_v1s_types(tmp_path):
    root = parquet(
        tmp_path,
        "a.parquet",
        "SELECT 1::INTEGER AS i, 1.5::FLOAT AS f, 2.5::DECIMAL(4, 1) AS d, DATE '2020-01-02' AS day, 'x' AS s, "
        "TIMESTAMP '2020-01-02 03:04:05' AS t, true AS b, TIMESTAMPTZ '2020-01-01 02:00:00+02' AS z, "
        "[1, 2] AS l, TIME '01:02:03' AS clock",
    )
    found = frame(rows_of(root, parquet_view()))
    types = {name: str(kind) for name, kind in found.dtypes.items()}
    assert {types[name] for name in "fd"} == {"float64"}
    assert types["i"] == "int64"
    assert types["b"] == "bool"
    assert {types[name] for name in ("day", "t", "z")} == {"datetime64[ns]"}
    assert found["z"][0] == pd.Timestamp("2020-01-01 00:00:00")
    assert list(found["l"][0]) == [1, 2]
    assert found["clock"][0] == "01:02:03"


def test_parquet_files_with_different_columns(tmp_path):
    parquet(tmp_path, "1.parquet", "SELECT 1 AS a")
    root = parquet(tmp_path, "2.parquet", "SELECT 2 AS a, 'x' AS b")
    found = frame(rows_of(root, parquet_view(set_column_types={"a": "float"})))
    assert found["a"].tolist() == [1.0, 2.0]
    assert found["b"].isna().tolist() == [True, False]


def test_files_of_another_format_are_told(tmp_path):
    with pytest.raises(UserErrorException, match="cannot be read"):
        frame(rows_of(write(tmp_path / "in", {"a.parquet": "a,b\n"}), parquet_view()))


def test_json_lines(tmp_path):
    text = '{"a": 1, "b": "x", "c": {"d": [1]}}\n{"a": 2, "b": null}\n'
    found = frame(rows_of(write(tmp_path / "in", {"a.jsonl": text}), json_lines_view()))
    assert found["a"].tolist() == [1, 2]
    assert found["b"].tolist()[0] == "x"
    assert found["c"][0] == {"d": [1]}


def test_json_lines_that_are_no_objects(tmp_path):
    root = write(tmp_path / "in", {"a.jsonl": '{"a": 1}\nnonsense\n{"a": 3}\n'})
    with pytest.raises(UserErrorException, match="cannot be read"):
        frame(rows_of(root, json_lines_view()))
    assert frame(rows_of(root, json_lines_view(invalid_lines="drop")))["a"].dropna().tolist() == [1, 3]
    with pytest.raises(UserErrorException, match="invalid_lines"):
        json_lines_view(invalid_lines="ignore")


def test_columns_from_paths(tmp_path):
    files = {"NY/1.csv": "a\n1\n2\n", "CA/7.csv": "a\n3\n"}
    dataset = csv(tmp_path, files, partition_format="{state}/{store}.csv", include_path=True)
    assert dataset.partition_keys == ["state", "store"]
    found = frame(dataset)
    assert list(found.columns) == ["Path", "state", "store", "a"]
    assert found.to_numpy().tolist() == [
        ["/CA/7.csv", "CA", "7", 3],
        ["/NY/1.csv", "NY", "1", 1],
        ["/NY/1.csv", "NY", "1", 2],
    ]
    assert dataset.get_partition_key_values() == [{"state": "CA", "store": "7"}, {"state": "NY", "store": "1"}]
    assert dataset.get_partition_key_values(["state"]) == [{"state": "CA"}, {"state": "NY"}]
    with pytest.raises(UserErrorException, match="not by county"):
        dataset.get_partition_key_values(["county"])


def test_dates_from_paths(tmp_path):
    files = {"x/2020/01/05/a.csv": "v\n1\n", "x/2021/12/31/a.csv": "v\n2\n"}
    found = frame(csv(tmp_path, files, partition_format="{day:yyyy/MM/dd}/*.csv"))
    assert found["day"].tolist() == [pd.Timestamp("2020-01-05"), pd.Timestamp("2021-12-31")]
    assert str(found["day"].dtype) == "datetime64[ns]"


def test_columns_that_files_have_themselves_win(tmp_path):
    found = frame(csv(tmp_path, {"NY/1.csv": "state,a\nTexas,1\n"}, partition_format="{State}/{store}.csv"))
    assert found.to_dict("records") == [{"store": "1", "state": "Texas", "a": 1}]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("data.csv", "names no column"),
        ("{a}/{a}.csv", "twice"),
        ("{a}/{b", "brace"),
        ("{d:MM/dd}/x", "must begin with yyyy"),
    ],
)
def test_broken_partition_formats(text, fault):
    with pytest.raises(UserErrorException, match=fault):
        delimited_view(partition_format=text)


def test_paths_that_do_not_fit_are_told(tmp_path):
    with pytest.raises(UserErrorException, match=r"'1\.csv' does not end as"):
        frame(csv(tmp_path, {"1.csv": "a\n1\n"}, partition_format="{state}/{store}.csv"))
    with pytest.raises(UserErrorException, match="holds no date"):
        frame(csv(tmp_path / "other", {"2020/13/a.csv": "a\n1\n"}, partition_format="{d:yyyy/MM}/a.csv"))


def test_file_datasets_have_partitions_too(tmp_path):
    dataset = files_of(tmp_path, {"NY/1.csv": "", "CA/a%2Fb.csv": ""}, "{state}/{store}.csv")
    assert dataset.get_partition_key_values() == [{"state": "CA", "store": "a/b"}, {"state": "NY", "store": "1"}]
