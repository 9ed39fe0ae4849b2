"""Profiles and differences, without a workspace."""

import json

import duckdb
import pytest
from pipeyard.data._views import parquet_view
from pipeyard.data.dataset_profile import DatasetProfile
from pipeyard.exceptions import UserErrorException

from .local_data import csv, files_of, rows_of

TEXT = """price,city,sold,day
1.5,London,true,2020-01-01
2.5,London,false,2020-01-02
,Paris,true,
8,<b>,true,2021-01-01
"""


def test_a_profile_tells_what_is_in_columns(tmp_path):
    profile = csv(tmp_path, TEXT).get_profile()
    assert profile.row_count == 4
    assert profile.schema == {"price": "float", "city": "string", "sold": "bool", "day": "datetime"}
    assert [file.name for file in profile.files] == ["data.csv"]
    assert profile.size == len(TEXT)
    price = profile.column("price")
    assert (price.count, price.missing, price.unique, price.min, price.max) == (3, 1, 3, 1.5, 8.0)
    assert price.mean == 4.0
    assert price.std == pytest.approx(3.5)
    assert price.quantiles is not None
    assert price.quantiles["0.5"] == 2.5
    city = profile.column("city")
    assert [(value.value, value.count) for value in city.top] == [("London", 2), ("<b>", 1), ("Paris", 1)]
    assert profile.column("day").max == "2021-01-01T00:00:00"
    with pytest.raises(KeyError):
        profile.column("gone")


def test_a_profile_can_be_read_and_stored(tmp_path):
    profile = csv(tmp_path, TEXT).get_profile()
    text, html = str(profile), profile._repr_html_()
    assert "4 rows, 4 columns, 1 file" in text
    assert "London (2)" in text
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    document = json.loads(json.dumps(profile.to_dict(), allow_nan=False))
    assert DatasetProfile.from_dict(document) == profile
    assert DatasetProfile.from_dict({**document, "format": 99}) is None


def test_numbers_that_are_none_do_not_spoil_a_profile(tmp_path):
    (tmp_path / "in").mkdir()
    sql = "SELECT unnest([1.0, 'nan'::DOUBLE, 'inf'::DOUBLE]) AS x, [1] AS l, 1::UBIGINT AS u"
    duckdb.execute(f"COPY ({sql}) TO '{tmp_path / 'in/a.parquet'}'")
    profile = rows_of(tmp_path / "in", parquet_view()).get_profile()
    assert profile.column("x").mean == 1.0
    assert profile.column("u").type == "int"
    assert profile.column("l").count == 3
    json.dumps(profile.to_dict(), allow_nan=False)
    assert profile.column("x").quantiles == dict.fromkeys(profile.column("x").quantiles or (), 1.0)


def test_transformations_count(tmp_path):
    dataset = csv(tmp_path, TEXT)
    assert dataset.take(1).keep_columns("city").get_profile().schema == {"city": "string"}
    assert dataset.filter(dataset["price"] > 2).get_profile().row_count == 2


def test_files_have_profiles_too(tmp_path):
    profile = files_of(tmp_path, {f"{n}.txt": "x" for n in range(8)}).get_profile()
    assert profile.row_count is None
    assert "8 files, 8 bytes" in str(profile)
    assert "3 more" in str(profile)
    assert "7.txt" in profile._repr_html_()


def test_differences_of_rows(tmp_path):
    before = csv(tmp_path / "1", {"data.csv": "a,b,c\n1,x,1\n2,y,2\n", "old.csv": "a,b,c\n9,z,3\n"})
    after = csv(tmp_path / "2", {"data.csv": "a,b,d\n1,x,1\n2,y,2\n", "new.csv": "a,b,d\n5,1.5,3\n6,q,4\n"})
    diff = after.diff(before)
    assert diff.files_added == ("new.csv",)
    assert diff.files_removed == ("old.csv",)
    assert diff.files_changed == ("data.csv",)
    assert diff.columns_added == {"d": "int"}
    assert diff.columns_removed == {"c": "int"}
    assert diff.row_count == (3, 4)
    assert ("a max", 9, 6) in [(each.what, each.before, each.after) for each in diff.statistics]
    assert diff
    text = str(diff)
    assert "+ file new.csv" in text
    assert "rows: 3 → 4" in text
    assert "a max" in diff._repr_html_()
    json.dumps(diff.to_dict())


def test_types_that_changed(tmp_path):
    before, after = csv(tmp_path / "1", "a\n1\n"), csv(tmp_path / "2", "a\nx\n")
    assert [(each.before, each.after) for each in after.diff(before).type_changes] == [("int", "string")]


def test_equal_datasets_have_no_differences(tmp_path):
    dataset = csv(tmp_path, TEXT)
    diff = dataset.diff(dataset)
    assert diff.is_empty
    assert not diff
    assert "no differences" in str(diff)
    with pytest.raises(UserErrorException, match="not registered"):
        dataset.diff(2)
