"""Transformations are lazy, can be combined, and always mean the same rows."""

import datetime as dt

import pytest
from pipeyard._core.dataset_views import Transformation
from pipeyard.exceptions import UserErrorException

from .local_data import csv, files_of, frame

NUMBERS = "n,text\n" + "".join(f"{n},t{n % 3}\n" for n in range(1000))
PEOPLE = "name,age,city\nAda,36,London\nAlan,41,\nGrace,85,New York\nO'Neil,,Cork\n"


def numbers(dataset):
    return frame(dataset)["n"].tolist()


@pytest.fixture
def thousand(tmp_path):
    return csv(tmp_path, NUMBERS)


@pytest.fixture
def people(tmp_path):
    return csv(tmp_path, PEOPLE)


def names(dataset):
    return frame(dataset)["name"].tolist()


def test_take_and_skip(thousand):
    assert numbers(thousand.take(3)) == [0, 1, 2]
    assert numbers(thousand.skip(998)) == [998, 999]
    assert numbers(thousand.skip(10).take(2).skip(1)) == [11]
    assert len(frame(thousand)) == 1000
    for wrong in (-1, 1.5, "3", True):
        with pytest.raises(UserErrorException, match="take needs a whole number"):
            thousand.take(wrong)


def test_halves_complete_each_other(thousand):
    first, second = thousand.random_split(0.3, seed=7)
    left, right = numbers(first), numbers(second)
    assert sorted(left + right) == list(range(1000))
    assert left == sorted(left)
    assert 230 < len(left) < 370
    again, _ = thousand.random_split(0.3, seed=7)
    assert numbers(again) == left
    other, _ = thousand.random_split(0.3, seed=8)
    assert numbers(other) != left


def test_halves_without_a_seed_complete_each_other_too(thousand):
    first, second = thousand.random_split(0.5)
    assert sorted(numbers(first) + numbers(second)) == list(range(1000))
    assert numbers(first) == numbers(first)


def test_samples(thousand):
    assert numbers(thousand.take_sample(0.0)) == []
    assert numbers(thousand.take_sample(1.0)) == list(range(1000))
    sample = thousand.take_sample(0.1, seed=1)
    assert numbers(sample) == numbers(thousand.take_sample(0.1, seed=1))
    assert 60 < len(numbers(sample)) < 140
    for wrong in (-0.1, 1.1, "0.5", None):
        with pytest.raises(UserErrorException, match="from 0 to 1"):
            thousand.take_sample(wrong)
        with pytest.raises(UserErrorException, match="from 0 to 1"):
            thousand.random_split(wrong)
    with pytest.raises(UserErrorException, match="seed"):
        thousand.take_sample(0.5, seed="x")


def test_columns(people):
    assert list(frame(people.keep_columns(["city", "name"])).columns) == ["city", "name"]
    assert list(frame(people.drop_columns("age")).columns) == ["name", "city"]
    assert list(frame(people[["age"]]).columns) == ["age"]
    with pytest.raises(UserErrorException, match="keep_columns names shoe, but the dataset's columns are name, age"):
        frame(people.keep_columns("shoe"))
    with pytest.raises(UserErrorException, match="names shoe"):
        people.keep_columns("shoe", validate=True)
    with pytest.raises(UserErrorException, match="every column"):
        frame(people.drop_columns(["name", "age", "city"]))
    with pytest.raises(UserErrorException, match="names no columns"):
        people.keep_columns([])


def test_filters(people):
    assert names(people.filter(people["age"] > 40)) == ["Alan", "Grace"]
    assert names(people.filter((people["age"] > 40) & (people["city"] == "New York"))) == ["Grace"]
    assert names(people.filter((people["age"] < 40) | (people["name"] == "O'Neil"))) == ["Ada", "O'Neil"]
    assert names(people.filter(~(people["age"] >= 41))) == ["Ada"]
    assert names(people[people["city"].is_null()]) == ["Alan"]
    assert names(people.filter(people["city"] != None)) == ["Ada", "Grace", "O'Neil"]  # noqa: E711
    assert names(people.filter(people["name"].is_in(["Ada", "Grace"]))) == ["Ada", "Grace"]
    assert names(people.filter(people["name"].is_in([]))) == []
    assert names(people.filter(people["name"].starts_with("A"))) == ["Ada", "Alan"]
    assert names(people.filter(people["name"].ends_with("a"))) == ["Ada"]
    assert names(people.filter(people["name"].contains("'"))) == ["O'Neil"]


def test_values_of_filters_are_never_sql(people):
    assert names(people.filter(people["name"] == "x' OR '1'='1")) == []
    with pytest.raises(UserErrorException, match="filter names"):
        frame(people.filter(people['name" IS NULL OR "name'] == "x"))


def test_wrong_filters_are_told(people):
    with pytest.raises(UserErrorException, match="do not fit the types of its columns"):
        frame(people.filter(people["name"] > 5))
    with pytest.raises(UserErrorException, match="no filter expression"):
        people.filter("age > 3")
    with pytest.raises(UserErrorException, match="parentheses"):
        (people["age"] > 3) & 5
    with pytest.raises(UserErrorException, match="no truth"):
        bool(people["age"] > 3)
    with pytest.raises(UserErrorException, match="never true"):
        _ = people["age"] > None
    with pytest.raises(UserErrorException, match="compared with a list"):
        _ = people["age"] == [3]


def test_times(tmp_path):
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    recent = now - dt.timedelta(hours=1)
    text = f"n,at\n1,2020-01-01 00:00:00\n2,2020-06-01 12:00:00\n3,{recent.isoformat(' ')}\n"
    plain = csv(tmp_path, text)
    with pytest.raises(UserErrorException, match="no timestamp column"):
        plain.time_before(now)
    dataset = plain.with_timestamp_columns("at", validate=True)
    assert dataset.timestamp_columns == ("at", None)
    start, end = dt.datetime(2020, 1, 1), dt.datetime(2020, 6, 1, 12)  # noqa: DTZ001
    assert numbers(dataset.time_before(end)) == [1, 2]
    assert numbers(dataset.time_before(end, include_boundary=False)) == [1]
    assert numbers(dataset.time_after(start, include_boundary=False)) == [2, 3]
    assert numbers(dataset.time_between(start, end)) == [1, 2]
    assert numbers(dataset.time_recent(dt.timedelta(days=1))) == [3]
    with pytest.raises(UserErrorException, match="timestamp column"):
        dataset.drop_columns("at")
    with pytest.raises(UserErrorException, match="names gone"):
        plain.with_timestamp_columns("gone", validate=True)


def test_times_with_offsets_are_compared_in_utc(tmp_path):
    dataset = csv(tmp_path, "n,at\n1,2020-01-01 00:30:00\n").with_timestamp_columns("at")
    east = dt.timezone(dt.timedelta(hours=1))
    assert numbers(dataset.time_after(dt.datetime(2020, 1, 1, 1, 0, tzinfo=east))) == [1]
    assert numbers(dataset.time_after(dt.datetime(2020, 1, 1, 2, 0, tzinfo=east))) == []


def test_unknown_transformations_are_told(people):
    view = people.view.model_copy(update={"transformations": (Transformation(operation="explode"),)})
    with pytest.raises(UserErrorException, match="'explode', which this version"):
        frame(type(people)(view, files=people._file_source()))


def test_files_are_transformed_by_the_same_names(tmp_path):
    dataset = files_of(tmp_path, {f"{n:02}.{'csv' if n % 2 else 'txt'}": "x" * n for n in range(1, 41)})
    assert len(dataset.to_path()) == 40
    assert dataset.take(2).to_path() == ["/01.csv", "/02.txt"]
    assert dataset.skip(39).to_path() == ["/40.txt"]
    first, second = dataset.random_split(0.5, seed=3)
    assert sorted(first.to_path() + second.to_path()) == dataset.to_path()
    assert first.to_path() == dataset.random_split(0.5, seed=3)[0].to_path()
    assert 0 < len(dataset.take_sample(0.5, seed=3)) < 40
    large = dataset.filter((dataset.file_metadata("Size") > 38) & (dataset.file_metadata("Extension") == ".csv"))
    assert large.to_path() == ["/39.csv"]
    with pytest.raises(UserErrorException, match="'Owner' is not known"):
        dataset.file_metadata("Owner")


def test_files_on_the_disk(tmp_path):
    dataset = files_of(tmp_path, {"a/1.txt": "one", "2.txt": "two"})
    paths = dataset.download(tmp_path / "here")
    assert [path.removeprefix(str(tmp_path)) for path in paths] == ["/here/2.txt", "/here/a/1.txt"]
    with pytest.raises(UserErrorException, match="overwrite=True"):
        dataset.download(tmp_path / "here")
    dataset.download(tmp_path / "here", overwrite=True)
    with dataset.mount() as mounted:
        folder = mounted.mount_point
        assert (tmp_path / folder / "a/1.txt").read_text() == "one"
    assert not (tmp_path / folder).exists()
