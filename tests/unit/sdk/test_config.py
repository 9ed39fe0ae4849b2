"""Finding the workspace."""

import json

import pytest
from pipeyard._config import DEFAULT_URL, find_workspace
from pipeyard.exceptions import UserErrorException


def write(file, document):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


def test_the_environment_wins_over_files(tmp_path):
    write(tmp_path / "config.json", {"url": "http://file"})
    found = find_workspace(tmp_path, {"PIPEYARD_URL": "http://variable/"})
    assert found.url == "http://variable"
    assert "PIPEYARD_URL" in found.source


@pytest.mark.parametrize(
    "name", ["config.json", ".pipeyard/config.json", ".azureml/config.json", ".pipeyard/workspace.json"]
)
def test_files_are_found_in_parents(tmp_path, name):
    file = write(tmp_path / name, {"url": "https://found"})
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    found = find_workspace(below, {})
    assert found.url == "https://found"
    assert str(file) in found.source


def test_the_nearest_file_wins(tmp_path):
    write(tmp_path / "config.json", {"url": "http://far"})
    write(tmp_path / "a" / ".azureml" / "config.json", {"url": "http://near"})
    assert find_workspace(tmp_path / "a", {}).url == "http://near"


def test_working_directory_is_the_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "config.json", {"url": "http://here"})
    assert find_workspace(environment={}).url == "http://here"


def test_a_configuration_of_another_program_is_passed_over(tmp_path):
    write(tmp_path / ".pipeyard" / "workspace.json", {"url": "http://running"})
    write(tmp_path / "config.json", {"model_type": "bert"})
    assert find_workspace(tmp_path, {}).url == "http://running"


def test_this_machine_is_the_last_resort(tmp_path):
    found = find_workspace(tmp_path, {})
    assert found.url == DEFAULT_URL
    assert "PIPEYARD_URL" in found.source


@pytest.mark.parametrize("text", ["{", "[]", '"text"'])
def test_a_broken_file_is_named(tmp_path, text):
    file = write(tmp_path / ".azureml" / "config.json", text)
    with pytest.raises(UserErrorException) as caught:
        find_workspace(tmp_path, {})
    assert str(file) in caught.value.message


def test_a_v1_file_says_who_the_workspace_is_and_another_one_where(tmp_path):
    v1 = {"subscription_id": "1", "resource_group": "g", "workspace_name": "w"}
    file = write(tmp_path / "config.json", v1)
    found = find_workspace(tmp_path, {})
    assert (found.url, found.identity) == (DEFAULT_URL, v1)
    assert str(file) in found.source
    assert 'add "url"' in found.source
    write(tmp_path / ".pipeyard" / "workspace.json", {"url": "http://here"})
    assert (find_workspace(tmp_path, {}).url, find_workspace(tmp_path, {}).identity) == ("http://here", v1)
    named = find_workspace(tmp_path, {"PIPEYARD_URL": "http://there"})
    assert (named.url, named.identity) == ("http://there", v1)


def test_an_address_needs_a_scheme(tmp_path):
    with pytest.raises(UserErrorException, match="http://"):
        find_workspace(tmp_path, {"PIPEYARD_URL": "localhost:7071"})


def test_a_named_file_must_exist_and_have_an_address(tmp_path):
    with pytest.raises(UserErrorException, match="does not exist"):
        find_workspace(tmp_path / "none.json", {})
    file = write(tmp_path / "own.json", {"url": "http://own"})
    assert find_workspace(file, {}).url == "http://own"
