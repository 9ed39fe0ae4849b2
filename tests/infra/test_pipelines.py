"""azd's project file and the pipelines of GitHub and Azure DevOps name what there is."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
DEVOPS = ROOT / "azure-pipelines.yml"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def hooks(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["run"]] if "shell" in node else []
        return own + [each for value in node.values() for each in hooks(value)]
    return []


def test_azd_finds_its_template_and_its_hooks():
    project = read(ROOT / "azure.yaml")
    assert (ROOT / project["infra"]["path"] / f"{project['infra']['module']}.bicep").is_file()
    assert project["services"]["api"]["host"] == "function"
    assert project["services"]["api"]["remoteBuild"] is False
    named = {ROOT / each for each in hooks(project)}
    assert named == set((ROOT / "infra/hooks").glob("*.sh"))
    assert all(os.access(each, os.X_OK) for each in named)
    assert "'azd-service-name': 'api'" in (ROOT / "infra/modules/function-app.bicep").read_text()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_least_rights_and_no_secret(path: Path):
    workflow = read(path)
    signs_in = "azure/login" in path.read_text()
    assert workflow["permissions"] == {"contents": "read"} | ({"id-token": "write"} if signs_in else {})
    assert "secrets." not in path.read_text()
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] > 0
        assert all(("uses" in step) != ("run" in step) for step in job["steps"])
        used = [step["uses"] for step in job["steps"] if "uses" in step]
        loose = [each for each in used if re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", each) is None]
        assert loose == [], "a tag can be moved to other code, which would get this pipeline's rights"


def test_both_pipelines_test_preview_and_deploy():
    assert [path.stem for path in WORKFLOWS] == ["deploy", "preview", "test"]
    assert [stage["stage"] for stage in read(DEVOPS)["stages"]] == ["test", "preview", "deploy"]


def test_only_main_is_deployed_and_nothing_of_a_fork_signs_in():
    assert read(WORKFLOWS[0])["jobs"]["deploy"]["if"] == "github.ref == 'refs/heads/main'"
    assert "head.repo.full_name == github.repository" in read(WORKFLOWS[1])["jobs"]["preview"]["if"]
    conditions = {stage["stage"]: stage.get("condition", "") for stage in read(DEVOPS)["stages"]}
    assert "eq(variables['Build.SourceBranch'], 'refs/heads/main')" in conditions["deploy"]
    assert "ne(variables['System.PullRequest.IsFork'], 'True')" in conditions["preview"]


@pytest.mark.parametrize("path", [*WORKFLOWS, DEVOPS], ids=lambda path: path.stem)
def test_pipelines_name_files_and_variables_that_there_are(path: Path):
    text = path.read_text()
    for name in re.findall(
        r"(?:infra|\.ci)/[\w./-]*\w", text.replace('"infra/**"', "").replace("$AZURE_ENV_NAME", "dev")
    ):
        assert (ROOT / name).exists(), name
    parameters = (ROOT / "infra/main.parameters.json").read_text()
    outputs = (ROOT / "infra/main.bicep").read_text()
    for name in re.findall(r"\bPIPEYARD_\w+", text):
        assert f"${{{name}" in parameters or f"output {name} " in outputs, name


def test_the_devcontainer_is_json_with_the_apps_python():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    assert ":3.13" in container["image"]
    assert 7071 in container["forwardPorts"]
