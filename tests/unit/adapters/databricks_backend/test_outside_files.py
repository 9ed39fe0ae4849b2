"""What tells one content of a file on Databricks from another."""

import pytest

from shared.core.errors import BackendError

NOTEBOOK = "# Databricks notebook source\nprint({})\n"


def put(desk, path, content):
    desk.bricks.http.put(f"/api/2.0/fs/files{path}", params={"overwrite": "true"}, content=content).raise_for_status()


def test_notebooks_and_files_count_by_their_content(desk):
    desk.bricks.write("/Shared/counted.py", NOTEBOOK.format(1), "AUTO")
    desk.bricks.write("/Shared/plain.py", "print(1)")
    before = [desk.backend.outside_file(path) for path in ("/Shared/counted", "/Workspace/Shared/plain.py")]
    desk.bricks.write("/Shared/counted.py", NOTEBOOK.format(2), "AUTO")
    desk.bricks.write("/Shared/plain.py", "print(1)")  # written again, as it was
    after = [desk.backend.outside_file(path) for path in ("/Shared/counted", "/Workspace/Shared/plain.py")]
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_files_of_volumes_count_by_size_and_time(desk):
    path = "/Volumes/main/default/code/a b.jar"
    put(desk, path, b"one")
    before = desk.backend.outside_file(path)
    assert desk.backend.outside_file(path) == before
    put(desk, path, b"other")
    assert desk.backend.outside_file(path) != before


def test_files_of_dbfs_count_by_size_and_time(desk):
    file = desk.bricks.data / "dbfs/jars/a.jar"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"one")
    before = desk.backend.outside_file("dbfs:/jars/a.jar")
    file.write_bytes(b"other")
    assert desk.backend.outside_file("dbfs:/jars/a.jar") != before


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/Shared/absent", "Databricks has no /Shared/absent"),
        ("/Volumes/main/default/code/absent.jar", "Databricks did not tell of /Volumes/main/default/code/absent.jar"),
        ("dbfs:/absent.jar", "Databricks did not tell of dbfs:/absent.jar"),
        ("abfss://c@a.dfs.core.windows.net/x.jar", "only a cluster can look at"),
    ],
)
def test_what_cannot_be_looked_at_says_why(desk, path, words):
    with pytest.raises(BackendError, match=words) as caught:
        desk.backend.outside_file(path)
    assert not caught.value.retryable
