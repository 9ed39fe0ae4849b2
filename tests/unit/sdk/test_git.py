"""Where sources come from."""

import shutil
import subprocess

import pytest
from pipeyard._git import git_properties, without_credentials

GIT = shutil.which("git") or ""


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:secret@host.example/team/repo.git", "https://host.example/team/repo.git"),
        ("https://host.example/team/repo.git", "https://host.example/team/repo.git"),
        ("ssh://git:secret@host.example:22/repo", "ssh://host.example:22/repo"),
        ("git@host.example:team/repo.git", "host.example:team/repo.git"),
        ("/srv/repo.git", "/srv/repo.git"),
    ],
)
def test_no_credentials_leave_the_machine(url, shown):
    assert without_credentials(url) == shown


def test_outside_a_repository_and_without_git_there_is_nothing(tmp_path, monkeypatch):
    assert git_properties(tmp_path) == {}
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_properties(tmp_path) == {}


@pytest.mark.skipif(not GIT, reason="needs git")
def test_a_repository_tells_branch_commit_and_changes(tmp_path, monkeypatch):
    def git(*words):
        settings = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
        done = subprocess.run([GIT, *settings, "-C", str(tmp_path), *words], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "-q", "-b", "main")
    git("remote", "add", "origin", "https://user:secret@host.example/repo.git")
    (tmp_path / "a.py").touch()
    git("add", ".")
    git("commit", "-q", "-m", "first")
    found = git_properties(tmp_path)
    assert found == {
        "azureml.git.repository_uri": "https://host.example/repo.git",
        "azureml.git.branch": "main",
        "azureml.git.commit": git("rev-parse", "HEAD"),
        "azureml.git.dirty": "False",
        "mlflow.source.git.repoURL": "https://host.example/repo.git",
        "mlflow.source.git.branch": "main",
        "mlflow.source.git.commit": git("rev-parse", "HEAD"),
    }
    (tmp_path / "b.py").touch()
    monkeypatch.setenv("AZUREML_GIT_BRANCH", "release")
    changed = git_properties(tmp_path)
    assert (changed["azureml.git.dirty"], changed["azureml.git.branch"]) == ("True", "release")
