"""Delimited text as pandas users expect it from v1."""

import datetime as dt
import gzip

import pandas as pd
import pytest
from pipeyard.data import DataType, PromoteHeadersBehavior
from pipeyard.exceptions import UserErrorException

from .local_data import csv, frame

MIXED = (
    "i,f,b,day,time,text,gaps\n"
    "1,1.5,true,2020-01-02,2020-01-02 03:04:05,abc,\n"
    "2,2.5,false,2020-01-03,2020-01-03 03:04:05,,5\n"
)


def test_columns_keep_their_order_and_get_v1s_types(tmp_path):
    found = frame(csv(tmp_path, MIXED))
    assert list(found.columns) == ["i", "f", "b", "day", "time", "text", "gaps"]
    types = {name: str(kind) for name, kind in found.dtypes.items()}
    assert types.pop("text") in {"str", "object"}
    assert types == {
        "i": "int64",
        "f": "float64",
        "b": "bool",
        "day": "datetime64[ns]",
        "time": "datetime64[ns]",
        "gaps": "float64",
    }
    assert found["time"][0] == pd.Timestamp("2020-01-02 03:04:05")
    assert pd.isna(found["text"][1])
    assert found["gaps"].tolist()[1] == 5


def test_booleans_with_gaps_are_objects(tmp_path):
    found = frame(csv(tmp_path, "a,b\n1,true\n2,\n3,false\n"))
    assert found["b"].dtype == object
    assert found["b"].tolist() == [True, None, False]


def test_only_true_and_false_are_booleans(tmp_path):
    found = frame(csv(tmp_path, "a,b,c,d,e\n1,t,yes,true,\n0,f,no,FALSE,true\n"))
    assert str(found["a"].dtype) == "int64"
    assert found["b"].tolist() == ["t", "f"]
    assert found["c"].tolist() == ["yes", "no"]
    assert found["d"].tolist() == [True, False]
    assert found["e"].tolist() == [None, True]


def test_dates_are_understood_as_files_write_them(tmp_path):
    found = frame(csv(tmp_path, "a,b,c\n12/31/2020,2020-01-02T03:04:05,12:30\n01/02/2021,2020-01-02T03:04:06,12:31\n"))
    assert found["a"].tolist() == [pd.Timestamp("2020-12-31"), pd.Timestamp("2021-01-02")]
    assert found["b"][0] == pd.Timestamp("2020-01-02 03:04:05")
    assert found["c"][0] == "12:30"


def test_text_may_hold_separators_quotes_and_line_breaks(tmp_path):
    found = frame(csv(tmp_path, 'a,b\n"x,y","he said ""no"""\n"two\nlines",z\n'))
    assert found.to_numpy().tolist() == [["x,y", 'he said "no"'], ["two\nlines", "z"]]


def test_rows_that_are_too_short_are_filled(tmp_path):
    found = frame(csv(tmp_path, 'a,b,c\n1,2,3\n4\n5,"x\ny"\n'))
    assert found["a"].tolist() == [1, 4, 5]
    assert found["c"].isna().tolist() == [False, True, True]


def test_without_a_header_columns_are_counted_from_one(tmp_path):
    for header in (False, PromoteHeadersBehavior.NO_HEADERS):
        found = frame(csv(tmp_path, "1,x\n2,y\n", header=header))
        assert list(found.columns) == ["Column1", "Column2"]
        assert len(found) == 2


def test_other_ways_of_headers_are_refused(tmp_path):
    with pytest.raises(UserErrorException, match="COMBINE_ALL_FILES_HEADERS is not offered"):
        csv(tmp_path, "a\n1\n", header=PromoteHeadersBehavior.COMBINE_ALL_FILES_HEADERS)


def test_types_can_be_left_uninferred(tmp_path):
    found = frame(csv(tmp_path, "a,b\n1,true\n", infer_column_types=False))
    assert found.to_numpy().tolist() == [["1", "true"]]


def test_types_can_be_set(tmp_path):
    types = {
        "a": DataType.to_string(),
        "b": DataType.to_float(),
        "c": DataType.to_datetime("%d.%m.%Y"),
        "d": DataType.to_long(),
        "e": DataType.to_bool(),
    }
    found = frame(csv(tmp_path, "a,b,c,d,e\n007,1,24.12.2020,5,1\n", set_column_types=types))
    assert found["a"][0] == "007"
    assert found["b"][0] == 1.0
    assert found["b"].dtype == "float64"
    assert found["c"][0] == pd.Timestamp("2020-12-24")
    assert found["d"].dtype == "int64"
    assert bool(found["e"][0]) is True


def test_values_of_another_type_become_missing_or_fail(tmp_path):
    dataset = csv(tmp_path, "a\n1\nx\n", set_column_types={"a": DataType.to_long()})
    assert frame(dataset)["a"].isna().tolist() == [False, True]
    with pytest.raises(UserErrorException, match="'x'"):
        frame(dataset, on_error="fail")


def test_types_of_unknown_columns_are_refused(tmp_path):
    with pytest.raises(UserErrorException, match="names b, but the columns are a"):
        frame(csv(tmp_path, "a\n1\n", set_column_types={"b": DataType.to_long()}))
    with pytest.raises(UserErrorException, match="is no type"):
        csv(tmp_path, "a\n1\n", set_column_types={"a": "integer"})


def test_empty_text_is_missing_unless_it_is_asked_for(tmp_path):
    text = "a,b,n\nx,,1\n,y,\n"
    assert frame(csv(tmp_path, text))["b"].isna().tolist() == [True, False]
    kept = frame(csv(tmp_path, text, empty_as_string=True))
    assert kept["a"].tolist() == ["x", ""]
    assert kept["n"].isna().tolist() == [False, True]


@pytest.mark.parametrize("encoding", ["latin1", "iso88591", "windows1252", "utf16", "utf8", "utf8bom"])
def test_encodings(tmp_path, encoding):
    codec = {"iso88591": "iso-8859-1", "windows1252": "cp1252", "utf8bom": "utf-8-sig"}.get(encoding, encoding)
    found = frame(csv(tmp_path, {"data.csv": "ä,b\nÖl,1\n".encode(codec)}, encoding=encoding))
    assert list(found.columns) == ["ä", "b"]
    assert found["ä"][0] == "Öl"


def test_unknown_encodings_and_wrong_ones_are_told(tmp_path):
    with pytest.raises(UserErrorException, match="'klingon' is no encoding"):
        csv(tmp_path, "a\n", encoding="klingon")
    with pytest.raises(UserErrorException, match=r"data\.csv is not written in"):
        frame(csv(tmp_path, {"data.csv": b"a\n\x00"}, encoding="utf16"))


def test_other_separators(tmp_path):
    assert frame(csv(tmp_path, "a;b\n1;x,y\n", separator=";")).to_numpy().tolist() == [[1, "x,y"]]
    assert frame(csv(tmp_path, "a\tb\n1\t2\n", separator="\t"))["b"].tolist() == [2]
    with pytest.raises(UserErrorException, match="must be one character"):
        csv(tmp_path, "a\n", separator="||")


def test_many_files_are_one_dataset_in_their_order(tmp_path):
    files = {"1.csv": "a,b\n1,x\n", "2.csv": "b,a\ny,2\n", "3/4.csv": "a,b,c\n3,z,9\n", "empty.csv": ""}
    found = frame(csv(tmp_path, files))
    assert found["a"].tolist() == [1, 2, 3]
    assert found["b"].tolist() == ["x", "y", "z"]
    assert found["c"].isna().tolist() == [True, True, False]


def test_types_hold_for_all_rows_though_the_first_ones_suggest_others(tmp_path):
    text = "a,b\n" + "".join(f"{n},1\n" for n in range(30_000)) + "word,2.5\n"
    found = frame(csv(tmp_path, text))
    assert found["a"].iloc[-1] == "word"
    assert found["b"].iloc[-1] == 2.5


def test_compressed_files(tmp_path):
    assert frame(csv(tmp_path, {"data.csv.gz": gzip.compress(b"a\n1\n")}))["a"].tolist() == [1]


def test_a_header_alone_is_no_rows(tmp_path):
    found = frame(csv(tmp_path, "a,b\n"))
    assert list(found.columns) == ["a", "b"]
    assert found.empty


def test_nothing_at_all_is_told(tmp_path):
    with pytest.raises(UserErrorException, match="nothing to read"):
        frame(csv(tmp_path, ""))


def test_broken_quotes_are_told_with_their_file(tmp_path):
    with pytest.raises(UserErrorException, match="cannot be read as its definition says") as caught:
        frame(csv(tmp_path, 'a,b\n1,2\n1,"2\n'))
    assert "data.csv" in caught.value.message
    assert "Possible fixes" not in caught.value.message


def test_dates_that_pandas_cannot_hold(tmp_path):
    dataset = csv(tmp_path, "day\n2020-01-01\n9999-12-31\n")
    assert frame(dataset)["day"].tolist() == [pd.Timestamp("2020-01-01"), pd.NaT]
    with pytest.raises(UserErrorException, match="'day' has a date"):
        frame(dataset, out_of_range_datetime="error")


def test_times_with_offsets_are_utc(tmp_path):
    types = {"t": DataType.to_datetime()}
    found = frame(csv(tmp_path, "t\n2020-01-01T02:00:00Z\n", set_column_types=types))
    assert found["t"][0].to_pydatetime() == dt.datetime(2020, 1, 1, 2)  # noqa: DTZ001


def test_batches_are_all_rows_in_order(tmp_path):
    dataset = csv(tmp_path, "a,b\n" + "".join(f"{n},x{n}\n" for n in range(10_000)))
    batches = list(dataset.to_batches(2048))
    assert len(batches) >= 4
    together = pd.concat(batches)
    assert together["a"].tolist() == list(range(10_000))
    assert {str(batch["a"].dtype) for batch in batches} == {"int64"}


def test_batches_survive_rows_that_are_odd_far_behind(tmp_path):
    text = "a,b\n" + "".join(f"{n},x{n}\n" for n in range(30_000)) + '30000\n30001,"x\ny"\n'
    together = pd.concat(list(csv(tmp_path, text).to_batches(4096)))
    assert together["a"].tolist() == list(range(30_002))
    assert together["b"].tolist()[-1] == "x\ny"


def test_wrong_options_are_refused(tmp_path):
    dataset = csv(tmp_path, "a\n1\n")
    with pytest.raises(UserErrorException, match="on_error"):
        frame(dataset, on_error="ignore")
    with pytest.raises(UserErrorException, match="to_batches"):
        dataset.to_dask_dataframe()
    with pytest.raises(UserErrorException, match="to_parquet_files"):
        dataset.to_spark_dataframe()


@pytest.mark.parametrize("rows_before", [1, 30_000])
def test_a_row_with_too_many_values_is_named_by_file_and_line(tmp_path, rows_before):
    dataset = csv(tmp_path, {"a.csv": "a,b\n1,2\n", "z.csv": "a,b\n" + "1,2\n" * rows_before + "3,4,5\n6,7\n"})
    for read in (dataset.to_pandas_dataframe, dataset.get_profile, lambda: list(dataset.to_batches())):
        with pytest.raises(UserErrorException) as caught:
            read()
        assert caught.value.message == (
            f"The dataset's files cannot be read as its definition says: z.csv, line {rows_before + 2}, has 3 values, "
            "but its header names 2. Put values that hold ',' into quotation marks, or name another separator."
        )


def test_the_line_counts_line_breaks_inside_of_values(tmp_path):
    dataset = csv(tmp_path, {"a.csv.gz": gzip.compress(b'a,b\n"x\ny",2\n3,4,5\n')})
    with pytest.raises(UserErrorException, match=r"a\.csv\.gz, line 4, has 3 values"):
        frame(dataset)
    without = csv(tmp_path / "other", "1,2\n3,4,5\n6,7,8\n", header=False)
    with pytest.raises(UserErrorException, match=r"line 2, has 3 values, but its first line has 2"):
        frame(without)


def test_a_quotation_mark_that_is_not_closed_is_named_by_line(tmp_path):
    with pytest.raises(UserErrorException, match=r"data\.csv, line 3, has a quotation mark that is not closed"):
        frame(csv(tmp_path, 'a,b\n1,2\n1,"2\n3,4\n'))
