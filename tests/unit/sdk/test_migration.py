"""The table of v1's names is complete and true, and `pipeyard migrate check` reads scripts with it."""

import ast
import importlib
import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from pipeyard._migration.check import check
from pipeyard._migration.table import Name, Verdict, load_names, names_by_import, new_module
from pipeyard._migration.usage import uses_of
from pipeyard.exceptions import UserErrorException

GOLDEN = json.loads((Path(__file__).parents[2] / "golden/v1_names.json").read_text())
"""What notebooks and scripts for SDK v1 use: names, their members, and keywords."""
OFFERED = [name for name in load_names().values() if name.modules and name.outcome.verdict is not Verdict.MISSING]


def test_every_name_that_v1_scripts_import_is_in_the_table():
    used = {(module, name) for module, names in GOLDEN["imports"].items() for name in names}
    assert used - set(names_by_import()) == set()


@pytest.mark.parametrize("name", GOLDEN["classes"])
def test_every_member_that_v1_scripts_use_is_in_the_table(name: str):
    used = GOLDEN["classes"][name]
    members = [*used["methods"], *used["attributes"]]
    assert [member for member in members if load_names()[name].member(member) is None] == []


@pytest.mark.parametrize("name", OFFERED, ids=lambda name: name.name)
def test_every_offered_name_can_be_imported_from_every_place(name: Name):
    assert [module for module in name.modules if _found(module, name.name) is None] == []


@pytest.mark.parametrize("name", OFFERED, ids=lambda name: name.name)
def test_every_offered_member_exists_and_takes_v1s_keywords(name: Name):
    found = _found(name.modules[0], name.name)
    used = GOLDEN["classes"].get(name.name, {"arguments": [], "methods": {}})
    offered = [member for member, outcome in name.members.items() if outcome.verdict is not Verdict.MISSING]
    assert [member for member in offered if not _has(found, member)] == []
    assert not callable(found) or _refused(found, used["arguments"]) == []
    wrong = {
        method: refused
        for method, keywords in used["methods"].items()
        if method in offered and (refused := _refused(getattr(found, method), keywords))
    }
    assert wrong == {}


@pytest.mark.parametrize("name", load_names().values(), ids=lambda name: name.name)
def test_whatever_is_not_the_same_says_why(name: Name):
    outcomes = [name.outcome, *name.members.values(), *name.arguments.values()]
    assert all((outcome.verdict is Verdict.SAME) == (outcome.note == "") for outcome in outcomes)
    assert all(given in load_names() for given in name.returns.values())


def _found(module: str, name: str) -> Any:
    return getattr(importlib.import_module(new_module(module)), name, None)


def _has(found: Any, member: str) -> bool:
    """Whether a class has a member; attributes of instances are told by annotations or set in a constructor."""
    if hasattr(found, member):
        return True
    classes = [base for base in inspect.getmro(found) if base is not object]
    if any(member in inspect.get_annotations(base) for base in classes):
        return True
    sources = [inspect.getsource(base) for base in classes]
    return any(f"self.{member} " in source or f"self.{member}:" in source for source in sources)


def _refused(function: Any, keywords: list[str]) -> list[str]:
    parameters = inspect.signature(function).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return []
    return [keyword for keyword in keywords if keyword not in parameters]


SCRIPT = """\
import azureml.core
from azureml.core import Workspace, Dataset as D
from azureml.data.sql_data_reference import SqlDataReference
workspace = Workspace.from_config()
print(azureml.core.VERSION)
vault = workspace.get_default_keyvault()
workspace.get_default_datastore().path("a").as_upload()
table = D.Tabular.from_delimited_files(
    path="x",
).to_dask_dataframe()
workspace = object()
workspace.get_default_keyvault()
"""


def _verdicts(source: str) -> dict[tuple[int, str], str]:
    return {(use.line, use.name): use.outcome.verdict.value for use in uses_of(ast.parse(source))}


def test_variables_are_followed():
    assert _verdicts(SCRIPT) == {
        (1, "azureml.core"): "same",
        (2, "azureml.core.Workspace"): "same",
        (2, "azureml.core.Dataset"): "same",
        (3, "azureml.data.sql_data_reference.SqlDataReference"): "missing",
        (4, "Workspace.from_config"): "same",
        (5, "azureml.core.VERSION"): "same",
        (6, "Workspace.get_default_keyvault"): "missing",
        (7, "Workspace.get_default_datastore"): "same",
        (7, "Datastore.path"): "same",
        (7, "DataReference.as_upload"): "differs",
        (8, "Dataset.Tabular"): "same",
        (8, "Dataset.Tabular.from_delimited_files"): "differs",
        (10, "TabularDataset.to_dask_dataframe"): "missing",
    }


def test_names_outside_the_table_are_looked_up():
    source = (
        "from azureml.nowhere import X\n"
        "from azureml.core import Nothing\n"
        "from azureml.exceptions import SnapshotException\n"
    )
    assert list(_verdicts(source).values()) == ["missing", "missing", "same"]


def test_compute_that_is_only_refused_is_not_offered():
    kinds = ("ComputeInstance", "RemoteCompute", "HDInsightCompute", "AksCompute")
    source = "".join(f"from azureml.core.compute import {kind}\n" for kind in kinds)
    assert list(_verdicts(source).values()) == ["missing"] * len(kinds)


def test_unknown_members_are_said_to_be_unknown():
    assert _verdicts("from azureml.core import Run\nRun.get_context().some_thing()")[2, "Run.some_thing"] == "unknown"


IMPORT = "from azureml.core import Workspace\n"


def test_notebooks_name_cell_and_line(tmp_path: Path):
    cells = [
        {"cell_type": "markdown", "source": ["# Import"]},
        {
            "cell_type": "code",
            "source": ["%matplotlib inline\n", IMPORT, "ws = Workspace.from_config()"],
        },
        {"cell_type": "code", "source": ["%%writefile train.py\n", "from azureml.core import Run\n"]},
        {"cell_type": "code", "source": ["%%bash\n", "echo $HOME"]},
        {"cell_type": "code", "source": ["!ls\n", "\n", "ws.delete()"]},
        {"cell_type": "code", "source": ["def ("]},
    ]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}))
    report = check(tmp_path)
    assert [(finding.cell, finding.use.line, finding.use.name) for finding in report.findings] == [
        (2, 2, "azureml.core.Workspace"),
        (2, 3, "Workspace.from_config"),
        (3, 2, "azureml.core.Run"),
        (5, 3, "Workspace.delete"),
    ]
    assert report.unreadable == [f"{tmp_path / 'a.ipynb'} cell 6 is not Python at line 1: invalid syntax."]


def test_hidden_folders_and_other_files_are_passed_over(tmp_path: Path):
    for name in (".venv/a.py", "node_modules/b.py", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("import azureml.core")
    with pytest.raises(UserErrorException, match="no Python scripts and no notebooks"):
        check(tmp_path)
    with pytest.raises(UserErrorException, match="does not exist"):
        check(tmp_path / "nowhere")


def test_several_places_are_one_report(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    for name in ("folder/a.py", "b.py"):
        (tmp_path / name).write_text("import azureml.core")
    report = check(tmp_path / "folder", tmp_path / "b.py", tmp_path / "folder/a.py")
    assert report.files == [tmp_path / "folder/a.py", tmp_path / "b.py"]


def test_a_broken_notebook_is_reported(tmp_path: Path):
    (tmp_path / "a.ipynb").write_text("[]")
    (tmp_path / "b.py").write_text("def")
    assert [sentence.partition(" ")[0] for sentence in check(tmp_path).unreadable] == [
        str(tmp_path / "a.ipynb"),
        str(tmp_path / "b.py"),
    ]
