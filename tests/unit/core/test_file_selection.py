"""Which files are left of a file dataset."""

import pytest

from shared.core.dataset_views import Transformation
from shared.core.errors import InvalidDocument
from shared.core.file_selection import FileFacts, draw, select_files

FILES = [(f"{n:02}.csv", n) for n in range(20)]


def select(*steps):
    transformations = [Transformation(operation=operation, arguments=arguments) for operation, arguments in steps]
    found = select_files(transformations, FILES, lambda file: FileFacts(path=file[0], size=file[1]))
    return [size for _, size in found]


def test_steps_are_applied_in_order():
    assert select() == list(range(20))
    assert select(("skip", {"count": 3}), ("take", {"count": 2})) == [3, 4]
    assert select(("take", {"count": 3}), ("skip", {"count": 2})) == [2]


def test_halves_complete_each_other():
    shared = {"percentage": 0.5, "seed": 1}
    first = select(("random_split", {**shared, "part": "first"}))
    second = select(("random_split", {**shared, "part": "second"}))
    assert sorted(first + second) == list(range(20))
    assert first
    assert second


def test_a_file_keeps_its_fate_when_others_come():
    sample = {"probability": 0.5, "seed": 4}
    chosen = set(select(("take_sample", sample)))
    later = set(select(("skip", {"count": 5}), ("take_sample", sample)))
    assert later == {each for each in chosen if each >= 5}


def test_draws_are_the_same_everywhere():
    # Written down: another version that draws differently would change what stored definitions mean.
    assert draw(7, "a/b.csv") == pytest.approx(0.7906359857423759, abs=1e-12)
    assert all(0 <= draw(seed, "x") < 1 for seed in range(100))


def test_filters_look_at_what_is_known_of_files():
    expression = {
        "op": "and",
        "operands": [{"op": "gt", "column": "Size", "value": 17}, {"op": "eq", "column": "Extension", "value": ".csv"}],
    }
    assert select(("filter", {"expression": expression})) == [18, 19]
    assert select(("filter", {"expression": {"op": "eq", "column": "FileName", "value": "03.csv"}})) == [3]


@pytest.mark.parametrize(
    ("operation", "arguments", "fault"),
    [
        ("keep_columns", {"columns": ["a"]}, "no transformation of files"),
        ("take", {}, "count"),
        ("take", {"count": "many"}, "many"),
        ("filter", {"expression": {"op": "eq", "column": "Owner", "value": "x"}}, "files have no Owner, only Path"),
        ("filter", {}, "expression"),
    ],
)
def test_what_cannot_be_applied_is_a_fault(operation, arguments, fault):
    with pytest.raises(InvalidDocument, match=fault):
        select((operation, arguments))
