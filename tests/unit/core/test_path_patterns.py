import pytest

from shared.core.path_patterns import is_pattern, listing_prefix, literal_folder, pattern_regex

NAMES = ("a.csv", "data/a.csv", "data/b.txt", "data/x/a.csv", "data/x/y/a.csv", "data2/a.csv")


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("*.csv", ["a.csv"]),
        ("**", list(NAMES)),
        ("**/*.csv", ["a.csv", "data/a.csv", "data/x/a.csv", "data/x/y/a.csv", "data2/a.csv"]),
        ("data/**", ["data/a.csv", "data/b.txt", "data/x/a.csv", "data/x/y/a.csv"]),
        ("data/**/a.csv", ["data/a.csv", "data/x/a.csv", "data/x/y/a.csv"]),
        ("data/*/a.csv", ["data/x/a.csv"]),
        ("data?/a.csv", ["data2/a.csv"]),
        ("data*/?.csv", ["data/a.csv", "data2/a.csv"]),
        ("data/b.???", ["data/b.txt"]),
        ("data/[ab].*", []),
        ("data/b+txt", []),
    ],
)
def test_a_pattern_matches(pattern: str, matches: list[str]):
    regex = pattern_regex(pattern)
    assert [name for name in NAMES if regex.fullmatch(name)] == matches
    assert all(name.startswith(listing_prefix(pattern)) for name in matches)
    folder = literal_folder(pattern)
    assert all(name.startswith(f"{folder}/") for name in matches if folder)


def test_what_is_a_pattern():
    assert [path for path in ("a/b", "a*", "a/**/b", "a?") if is_pattern(path)] == ["a*", "a/**/b", "a?"]


def test_the_listing_is_as_narrow_as_can_be():
    assert listing_prefix("data/2024-*/x.csv") == "data/2024-"
    assert literal_folder("data/2024-*/x.csv") == "data"
    assert literal_folder("data/x/*.csv") == "data/x"
    assert literal_folder("*.csv") == ""
