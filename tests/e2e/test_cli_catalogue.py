"""The commands for published pipelines, endpoints, data and compute, against the shared workspace."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pipeyard.cli.app import run

from tests.e2e.workspace import Server

type Cli = Callable[..., Any]


@pytest.fixture
def cli(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Cli:
    """Runs a command in this process; the answer is its JSON, or what it printed where `text` is set."""
    monkeypatch.setenv("PIPEYARD_URL", server.facts["url"])
    monkeypatch.chdir(tmp_path)

    def call(*words: str, code: int = 0, text: bool = False) -> Any:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run([*words, *([] if text else ["--json"])], None)
        printed = capsys.readouterr()
        assert (ended.value.code or 0) == code, printed
        return printed.out + printed.err if text or code else json.loads(printed.out)

    return call


@pytest.fixture
def pipeline(tmp_path: Path) -> str:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/show.py").write_text("import sys\nprint(sys.argv[1])\n")
    step = {
        "name": "show",
        "settings": {"script_name": "show.py"},
        "source_directory": "src",
        "arguments": [{"parameter": "count"}],
    }
    parameters = {"count": {"type": "int", "default": 1}}
    document = {"schema_version": 1, "name": f"cli_{uuid4().hex[:8]}", "parameters": parameters, "steps": [step]}
    (tmp_path / "pipeline.json").write_text(json.dumps(document))
    return "pipeline.json"


def test_publish_a_file_and_start_it(cli: Cli, pipeline: str):
    published = cli("publish", pipeline, "--name", "cli", "-p", "count=2", "--version", "1.0")
    assert published["parameters"]["count"]["default"] == 2
    assert published["id"] in {each["id"] for each in cli("published", "list")["value"]}
    done = cli("published", "submit", published["id"], "-p", "count=3", "--wait")
    assert done["run"]["status"] == "Finished"
    assert done["run"]["published_pipeline_id"] == published["id"]
    assert cli("logs", done["run"]["run_id"], "show", text=True).strip() == "3"

    again = cli("publish", "--run", done["run"]["run_id"], "--name", "cli_again")
    assert again["parameters"]["count"]["default"] == 3
    shown = cli("published", "show", again["id"], text=True)
    assert all(word in shown for word in ("cli_again", "/PipelineSubmit/", "show", "count", "int"))

    assert "Disabled" in cli("published", "disable", published["id"], text=True)
    assert "disabled" in cli("published", "submit", published["id"], code=1)
    assert cli("published", "enable", published["id"])["status"] == "Active"
    assert "Give a definition file or --run" in cli("publish", "--name", "x", code=2)


def test_an_endpoint_through_its_life(cli: Cli, pipeline: str):
    first, second = (cli("publish", pipeline, "--name", f"v{number}", "-p", f"count={number}") for number in (1, 2))
    name = f"cli-{uuid4().hex[:8]}"
    created = cli("endpoint", "create", name, "--pipeline", first["id"])
    assert created["default_version"] == "0"
    added = cli("endpoint", "add", name, "--pipeline", second["id"], "--default")
    assert (added["default_version"], len(added["versions"])) == ("1", 2)
    done = cli("endpoint", "submit", name, "--wait")
    assert cli("logs", done["run"]["run_id"], "show", text=True).strip() == "2"
    done = cli("endpoint", "submit", name, "--version", "0", "-p", "count=7", "--wait")
    assert cli("logs", done["run"]["run_id"], "show", text=True).strip() == "7"
    assert "no version 9" in cli("endpoint", "submit", name, "--version", "9", code=1)
    assert cli("endpoint", "rollback", name)["default_version"] == "0"
    assert cli("endpoint", "default", created["id"], "1")["default_version"] == "1"
    assert "default" in cli("endpoint", "show", name, text=True)
    cli("endpoint", "disable", name)
    assert name not in {each["name"] for each in cli("endpoint", "list")["value"]}
    assert name in cli("endpoint", "list", "--all", text=True)
    assert cli("endpoint", "enable", name)["status"] == "Active"


def test_files_and_datastores(cli: Cli, tmp_path: Path):
    folder = f"cli/{uuid4().hex[:8]}"
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.txt").write_text("a")
    assert {"workspaceblobstore", "workspacefilestore"} <= {each["name"] for each in cli("data", "stores")["value"]}
    cli("data", "upload", "data", "--to", folder)
    assert [each["path"] for each in cli("data", "files", folder)["value"]] == [f"{folder}/a.txt"]
    assert cli("data", "download", folder, "--to", "back")["files"] == 1
    assert (tmp_path / "back" / folder / "a.txt").read_text() == "a"
    cli("data", "upload", "data/a.txt", "--to", folder, "--datastore", "workspacefilestore")
    assert "does not exist" in cli("data", "upload", "nowhere", code=1)
    assert "no datastore 'nowhere'" in cli("data", "upload", "data", "-d", "nowhere", code=1)
    cli("data", "default", "workspaceblobstore")


def test_datasets(cli: Cli, server: Server, tmp_path: Path):
    from pipeyard.core import Dataset, Workspace  # noqa: PLC0415  (after PIPEYARD_URL is set)

    workspace = Workspace.from_config()
    name = f"cli_{uuid4().hex[:8]}"
    for rows in (2, 3):
        (tmp_path / f"{rows}.csv").write_text("x\n" + "1\n" * rows)
        workspace.get_default_datastore().upload_files([str(tmp_path / f"{rows}.csv")], target_path=name)
        place = (workspace.get_default_datastore(), f"{name}/{rows}.csv")
        Dataset.Tabular.from_delimited_files(place).register(workspace, name, create_new_version=True)
    assert {each["name"]: each["version"] for each in cli("data", "datasets")["value"]}[name] == 2
    assert cli("data", "profile", name)["row_count"] == 3
    assert "x" in cli("data", "profile", f"{name}:1", text=True)
    assert "3" in cli("data", "diff", f"{name}:1", f"{name}:2", text=True)


def test_compute_targets(cli: Cli):
    name = f"cli-{uuid4().hex[:8]}"
    assert cli("compute", "create", name, "--max-nodes", "2")["provisioning_state"] == "Succeeded"
    assert {"local", name} <= {each["name"] for each in cli("compute", "list")["value"]}
    shown = cli("compute", "show", name, text=True)
    assert "max_nodes" in shown
    cli("compute", "delete", name)
    assert name not in cli("compute", "list", text=True)


def test_an_emulated_cluster_from_the_command_line(cli: Cli):
    name = f"cli-{uuid4().hex[:8]}"
    made = cli("compute", "create", name, "--max-nodes", "2", "--min-nodes", "1", "--emulated", "--wait")
    assert (made["provisioning_state"], made["runs_on"]) == ("Succeeded", "azure_ml")
    assert [node["nodeState"] for node in cli("compute", "nodes", name)["value"]] == ["idle"]
    assert "idle" in cli("compute", "nodes", name, text=True)
    changed = cli("compute", "update", name, "--min-nodes", "0", "--property", "max_concurrent_jobs=3", "--wait")
    assert changed["properties"]["max_concurrent_jobs"] == 3
    other = f"{name}-x"
    attached = cli(
        "compute", "attach", other, "--type", "AmlCompute", "--emulated", "--property", f"cluster_name={name}"
    )
    assert attached["is_attached"]
    assert {name, other} <= {each["name"] for each in cli("compute", "list", "--type", "AmlCompute")["value"]}
    cli("compute", "delete", other)
    cli("compute", "delete", name, "--wait")
    assert name not in cli("compute", "list", text=True)
