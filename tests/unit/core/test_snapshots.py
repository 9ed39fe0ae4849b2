import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.core.errors import InvalidDocument
from shared.core.snapshots import (
    MAX_BYTES,
    MAX_FILES,
    SnapshotFile,
    SnapshotManifest,
    check_manifest,
    ignore_filter,
    limit_warnings,
    snapshot_digest,
)

from .builders import OTHER_SHA, SHA


def file(path: str, sha256: str = SHA, size: int = 1) -> SnapshotFile:
    return SnapshotFile(path=path, sha256=sha256, size=size)


@given(st.lists(st.text("ab/."), unique=True), st.randoms())
def test_the_digest_depends_on_paths_and_contents_only(paths, random):
    files = [file(path) for path in paths]
    expected = snapshot_digest(files)
    random.shuffle(files)
    assert snapshot_digest(iter(files)) == expected
    assert snapshot_digest([item.model_copy(update={"size": 7}) for item in files]) == expected
    assert snapshot_digest([*files, file("x")]) != expected


def test_a_changed_or_renamed_file_changes_the_digest():
    assert len({snapshot_digest([item]) for item in (file("a"), file("b"), file("a", OTHER_SHA))}) == 3


def test_a_manifest_is_sorted():
    manifest = SnapshotManifest(files=(file("b"), file("a"), file("B")))
    assert [item.path for item in manifest.files] == ["B", "a", "b"]
    assert SnapshotManifest.model_validate_json(manifest.model_dump_json()) == manifest
    with pytest.raises(ValidationError):
        SnapshotManifest.model_validate({"files": [], "schema_version": 2})


def test_a_good_manifest_has_no_faults():
    assert check_manifest([]) == []
    assert check_manifest([file("a"), file("A"), file("b/c/d"), file("b/c/e"), file("b/cc")]) == []


def test_all_faults_of_a_manifest_are_listed():
    files = [file("a/b"), file("../x", "AB" * 32, -1), file("a"), file("a/b"), file("a/b/c/d"), file("q", SHA + "\n")]
    assert [(fault.pointer, fault.message) for fault in check_manifest(files)] == [
        ("/files/1/path", "The path contains `.` or `..`, which could leave its folder."),
        ("/files/1/sha256", "Must be 64 of the characters 0-9 and a-f."),
        ("/files/1/size", "Must not be negative."),
        ("/files/3/path", "`a/b` is in the list already, at position 0 (counted from 0)."),
        ("/files/5/sha256", "Must be 64 of the characters 0-9 and a-f."),
        ("/files/0/path", "`a` is in the list as a file, so it cannot be a folder of `a/b`."),
        ("/files/4/path", "`a` is in the list as a file, so it cannot be a folder of `a/b/c/d`."),
    ]


def test_within_the_limits_nothing_is_said():
    files = [file(f"f{number}", size=MAX_BYTES // MAX_FILES) for number in range(MAX_FILES)]
    assert limit_warnings(files) == []


def test_too_many_bytes_name_the_largest():
    files = [
        file("data/a.csv", size=200 * 2**20),
        file("data/b.csv", size=150 * 2**20),
        file("one/big.bin", size=2**20),
    ]
    files += [file(f"src/{number}.py", size=2**18) for number in range(8)] + [file("small"), file("tiny"), file("last")]
    (warning,) = limit_warnings(files)
    assert warning == (
        "The snapshot has 353.0 MiB, more than 300 MiB. Largest: `data/` (350.0 MiB), `src/` (2.0 MiB), "
        "`one/big.bin` (1.0 MiB), `last` (0.0 MiB) and `small` (0.0 MiB). "
        "Name what the step does not need in `.amlignore`."
    )


def test_too_many_files_name_the_fullest():
    files = [file(f"img/{number}.png") for number in range(MAX_FILES)] + [file("a.py")]
    (warning,) = limit_warnings(files)
    assert warning.startswith("The snapshot has 2001 files, more than 2000. Most are in: `img/` (2000) and `a.py` (1).")


def test_many_files_in_the_root_are_counted_together():
    files = [file(f"f{number}") for number in range(MAX_FILES)] + [file("img/a.png"), file("img/b.png")]
    (warning,) = limit_warnings(files)
    assert "Most are in: `./` (2000) and `img/` (2)." in warning


def ignored(paths: list[str], amlignore: str | None, gitignore: str | None = None) -> list[str]:
    ignores = ignore_filter(amlignore, gitignore)
    return [path for path in paths if ignores(path)]


def test_without_ignore_files_only_the_built_in_names_are_ignored():
    built_in = [".git/config", ".git", "a/__pycache__/x.pyc", ".venv/x", "b/.ipynb_checkpoints/n", ".pipeyard/x"]
    built_in.append("c/node_modules/d/e.js")
    paths = ["a.py", ".amlignore", ".gitignore", ".github/x", "git", "venv/x", *built_in]
    assert ignored(paths, None) == built_in
    assert ignored(paths, "!.git\n!.git/**\n!__pycache__/\n!.venv\n!node_modules\n!*") == built_in


def test_patterns_are_gits():
    text = "\ufeff*.csv\r\n!keep.csv\n/root.txt\nbuild/\n# comment\n\ndoc/**/x\na?c\n"
    paths = ["a.csv", "d/b.csv", "keep.csv", "d/keep.csv", "root.txt", "d/root.txt", "build/x", "d/build/y", "build.py"]
    paths += ["doc/x", "doc/a/b/x", "abc", "a/c", "comment"]
    assert ignored(paths, text) == ["a.csv", "d/b.csv", "root.txt", "build/x", "d/build/y", "doc/x", "doc/a/b/x", "abc"]


def test_amlignore_wins_even_when_it_is_empty():
    assert ignored(["a", "b"], "a", "b") == ["a"]
    assert ignored(["a", "b"], "", "b") == []
    assert ignored(["a", "b"], None, "b") == ["b"]


def test_ignore_files_are_part_of_the_snapshot_unless_they_name_themselves():
    assert ignored([".amlignore", ".gitignore"], "*.csv") == []
    assert ignored([".amlignore", ".gitignore"], ".gitignore") == [".gitignore"]


def test_bad_patterns_are_named_by_line():
    with pytest.raises(InvalidDocument) as caught:
        ignore_filter("ok\n!\nfine\\\n", None)
    assert [fault.message for fault in caught.value.faults] == [
        "Line 2 of .amlignore is not a pattern: `!`.",
        "Line 3 of .amlignore is not a pattern: `fine\\`.",
    ]
    with pytest.raises(InvalidDocument, match=r"Line 1 of \.gitignore"):
        ignore_filter(None, "!")
