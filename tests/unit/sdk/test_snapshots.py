"""Snapshots of source directories."""

import json

import httpx
import pytest
from pipeyard._core.snapshots import MAX_FILE_BYTES
from pipeyard._definition_file import load_pipeline
from pipeyard._snapshots import take_snapshot, upload_snapshot
from pipeyard.exceptions import ServiceException, SnapshotException, UserErrorException


@pytest.fixture
def source(tmp_path):
    directory = tmp_path / "src"
    (directory / "sub").mkdir(parents=True)
    (directory / "train.py").write_text("print(1)\n")
    (directory / "sub" / "a.txt").write_text("a")
    return directory


def names(snapshot):
    return [file.path for file in snapshot.files]


def test_the_digest_depends_on_content_and_relative_paths_only(source, tmp_path):
    snapshot = take_snapshot(source)
    assert names(snapshot) == ["sub/a.txt", "train.py"]
    moved = tmp_path / "elsewhere"
    source.rename(moved)
    assert take_snapshot(moved).digest == snapshot.digest
    (moved / "train.py").write_text("print(2)\n")
    assert take_snapshot(moved).digest != snapshot.digest


def test_ignored_files_stay_out(source):
    (source / "__pycache__").mkdir()
    (source / "__pycache__" / "train.pyc").write_bytes(b"x")
    (source / ".gitignore").write_text("*.txt\n")
    assert names(take_snapshot(source)) == [".gitignore", "train.py"]
    (source / ".amlignore").write_text("*.txt\n!sub/a.txt\n.*ignore\n")
    assert names(take_snapshot(source)) == ["sub/a.txt", "train.py"]


def test_links_out_of_the_tree_and_circles_are_told_and_left_out(source, tmp_path):
    (tmp_path / "outside").mkdir()
    (source / "away").symlink_to(tmp_path / "outside")
    (source / "sub" / "up").symlink_to(source)
    (source / "inside").symlink_to(source / "sub")
    (source / "broken").symlink_to(source / "none")
    snapshot = take_snapshot(source)
    assert names(snapshot) == ["inside/a.txt", "sub/a.txt", "train.py"]
    assert {warning.split()[0] for warning in snapshot.warnings} == {"away", "sub/up", "inside/up", "broken"}


def test_what_is_no_directory_is_refused(tmp_path):
    with pytest.raises(SnapshotException, match="does not exist"):
        take_snapshot(tmp_path / "none")


def test_only_missing_files_are_uploaded(fake, client, source):
    upload_snapshot(client, take_snapshot(source))
    assert len(fake.paths("PUT")) == 2
    (source / "train.py").write_text("print(2)\n")
    changed = take_snapshot(source)
    upload_snapshot(client, changed)
    assert len(fake.paths("PUT")) == 3
    assert changed.digest in fake.snapshots


def test_files_that_are_too_large_to_be_sent_are_named_before_anything_is(fake, client, source):
    for name in ("big.bin", "huge.bin"):
        with (source / name).open("wb") as stream:
            stream.truncate(MAX_FILE_BYTES + len(name))
    with pytest.raises(SnapshotException, match=r"src cannot be sent:") as caught:
        upload_snapshot(client, take_snapshot(source))
    assert [fault.message.split()[0] for fault in caught.value.faults] == ["`big.bin`", "`huge.bin`"]
    assert "300 MiB. Upload it to a datastore" in caught.value.message
    assert fake.paths("PUT") == []


def test_a_file_that_changes_meanwhile_is_noticed(client, source):
    snapshot = take_snapshot(source)
    (source / "train.py").write_text("print(2)\n")
    with pytest.raises(SnapshotException, match="changed while"):
        upload_snapshot(client, snapshot)


def test_a_workspace_that_names_the_snapshot_otherwise_is_refused(fake, client, source):
    fake.failures = [httpx.Response(200, json={"snapshot_id": "0" * 64, "missing": []})]
    with pytest.raises(ServiceException, match="fit together"):
        upload_snapshot(client, take_snapshot(source))


def definition(tmp_path, *steps):
    file = tmp_path / "pipeline.json"
    file.write_text(json.dumps({"name": "p", "steps": list(steps)}))
    return file


def test_source_directories_become_digests_once_each(tmp_path, source):
    file = definition(
        tmp_path,
        {"name": "a", "source_directory": "src"},
        {"name": "b", "source_directory": "src/../src"},
        {"name": "c", "snapshot": "0" * 64},
    )
    pipeline = load_pipeline(file)
    digest = take_snapshot(source).digest
    assert [step["snapshot"] for step in pipeline.definition["steps"]] == [digest, digest, "0" * 64]
    assert all("source_directory" not in step for step in pipeline.definition["steps"])
    assert len(pipeline.snapshots) == 1


def test_every_wrong_source_directory_is_listed(tmp_path, source):
    file = definition(
        tmp_path,
        {"name": "a", "source_directory": "none"},
        {"name": "b", "source_directory": 7},
        {"name": "c", "source_directory": source.name, "snapshot": "0" * 64},
    )
    with pytest.raises(UserErrorException) as caught:
        load_pipeline(file)
    assert [fault.pointer for fault in caught.value.faults] == [f"/steps/{i}/source_directory" for i in range(3)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [('{"name": "p",\n "steps": [}', "line 2"), ("[]", "must be an object")],
)
def test_a_broken_definition_file_says_where(tmp_path, text, expected):
    file = tmp_path / "pipeline.json"
    file.write_text(text)
    with pytest.raises(UserErrorException, match=expected) as caught:
        load_pipeline(file)
    assert str(file) in caught.value.message
