import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.paths import relative_path_fault

GOOD = ["a", "a.b", "a/b/c.txt", ".hidden", "...", "..a/b..", "a b", "é/ü", "ab:c/d", "~", "x" * 1024]
BAD = {
    "": "empty",
    "/a": "absolute",
    "C:/a": "drive",
    "c:a": "drive",
    "a\\b": "backslash",
    "a/": "ends with",
    "a//b": "empty folder",
    ".": "leave its folder",
    "..": "leave its folder",
    "a/../b": "leave its folder",
    "a/./b": "leave its folder",
    "a/..": "leave its folder",
    "a\nb": "control",
    "a\x00": "control",
    "a\x7f": "control",
    "a\x85": "control",
    "\ud800": "control",
    "x" * 1025: "1024 characters",
}


@pytest.mark.parametrize("path", GOOD)
def test_good_paths(path):
    assert relative_path_fault(path) is None


@pytest.mark.parametrize(("path", "words"), BAD.items())
def test_bad_paths(path, words):
    assert words in (relative_path_fault(path) or "")


@given(st.text("ab./\\:~\x00", max_size=12))
def test_a_good_path_stays_below_its_folder_and_means_one_thing(path):
    if relative_path_fault(path) is None:
        assert posixpath.normpath(path) == path
        assert posixpath.join("/root", path) == f"/root/{path}"
        assert "\\" not in path
