"""Where sources come from: what git knows of a directory, as v1's run properties."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

_PREFIX = "azureml.git."
_VARIABLES = {
    "repository_uri": "AZUREML_GIT_REPOSITORY_URI",
    "branch": "AZUREML_GIT_BRANCH",
    "commit": "AZUREML_GIT_COMMIT",
    "dirty": "AZUREML_GIT_DIRTY",
    "build_id": "AZUREML_GIT_BUILD_ID",
    "build_uri": "AZUREML_GIT_BUILD_URI",
}
_MLFLOW = {
    "repository_uri": "mlflow.source.git.repoURL",
    "branch": "mlflow.source.git.branch",
    "commit": "mlflow.source.git.commit",
}
_TIMEOUT_SECONDS = 10
_SCP_STYLE = re.compile(r"[^@/]+@(?=[^/]+:)")


def git_properties(directory: Path) -> dict[str, str]:
    """Repository, branch, commit and whether there are changes; empty outside a repository or without git."""
    facts = {key: value for key, name in _VARIABLES.items() if (value := os.environ.get(name))}
    facts = {**_from_git(directory), **facts}
    if "repository_uri" in facts:
        facts["repository_uri"] = without_credentials(facts["repository_uri"])
    properties = {_PREFIX + key: value for key, value in facts.items()}
    return {**properties, **{_MLFLOW[key]: value for key, value in facts.items() if key in _MLFLOW}}


def without_credentials(url: str) -> str:
    """A repository's address without user and password (v1 sent them along)."""
    if "://" not in url:
        return _SCP_STYLE.sub("", url)
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _from_git(directory: Path) -> dict[str, str]:
    program = shutil.which("git")
    if program is None:
        return {}

    def ask(*words: str) -> str | None:
        try:
            answer = subprocess.run(
                [program, "-C", str(directory), *words],
                capture_output=True,
                check=False,
                timeout=_TIMEOUT_SECONDS,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return answer.stdout.decode(errors="replace").strip() if answer.returncode == 0 else None

    commit = ask("rev-parse", "HEAD")
    if commit is None:
        return {}
    changes = ask("status", "--porcelain", "--", ".")
    facts = {
        "commit": commit,
        "branch": ask("symbolic-ref", "--short", "-q", "HEAD"),
        "repository_uri": ask("config", "--get", "remote.origin.url"),
        "dirty": None if changes is None else str(bool(changes)),
    }
    return {key: value for key, value in facts.items() if value}
