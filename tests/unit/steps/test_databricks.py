"""Steps of type `databricks`: which settings go together, what runs gets, and what it reads that may change there."""

from typing import Any

import pytest

from shared.core.bindings import InputArgument, OutputArgument
from shared.core.definition import StepDefinition
from shared.steps import STEP_TYPES

SHA = "ab" * 32
NEW = {"spark_version": "16.4.x-scala2.12", "node_type": "Standard_DS3_v2", "num_workers": 1}
DATABRICKS = STEP_TYPES["databricks"]


def step(settings: dict[str, Any], **fields: Any) -> StepDefinition:
    return StepDefinition(name="a", type="databricks", settings=settings, **{"snapshot": SHA, **fields})


def messages(settings: dict[str, Any], **fields: Any) -> list[str]:
    faults = DATABRICKS.check(step(settings, **fields))
    assert all(fault.pointer.startswith(("/settings", "/arguments", "/snapshot")) for fault in faults)
    return [fault.message for fault in faults]


@pytest.mark.parametrize(
    "settings",
    [
        {"existing_cluster_id": "1", "notebook_path": "/n", "permit_cluster_restart": True},
        {**NEW, "python_script_name": "a/b.py", "python_script_params": ["a", 1, 0.5, True]},
        {"spark_version": "x", "instance_pool_id": "p", "min_workers": 1, "max_workers": 2, "main_class_name": "a.B"},
        {**NEW, "num_workers": {"parameter": "workers"}, "notebook_path": {"parameter": "notebook"}},
        {**NEW, "num_workers": 0, "wheel_package_name": "p", "wheel_entry_point": "e", "wheel_parameters": [1]},
        {**NEW, "notebook_path": "/n", "init_scripts": ["/a.sh", "dbfs:/a.sh", "/Volumes/a.sh", "abfss://c@a/a.sh"]},
        {**NEW, "notebook_path": "/n", "spark_conf": {"a": 1, "b": True}, "node_type": "n", "instance_pool_id": None},
    ],
)
def test_good_settings(settings: dict[str, Any]):
    assert messages(settings) == []
    assert DATABRICKS.missing_backend is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"existing_cluster_id": "1"}, "Exactly one of"),
        ({"existing_cluster_id": "1", "notebook_path": "/n", "python_script_path": "/p"}, "it has `notebook_path` and"),
        (
            {"existing_cluster_id": "1", "notebook_path": "/n", "num_workers": 2},
            "`num_workers` describes a new cluster",
        ),
        ({"existing_cluster_id": "1", "notebook_path": "/n", "spark_conf": {}}, "`spark_conf` describes a new cluster"),
        ({**NEW, "notebook_path": "/n", "max_workers": 2, "min_workers": 1}, "needs `num_workers`, or both"),
        ({"spark_version": "x", "node_type": "n", "notebook_path": "/n"}, "needs `num_workers`, or both"),
        ({"spark_version": "x", "node_type": "n", "notebook_path": "/n", "min_workers": 1}, "needs `num_workers`"),
        (
            {"spark_version": "x", "node_type": "n", "notebook_path": "/n", "min_workers": 3, "max_workers": 2},
            "more than `max_workers`",
        ),
        ({**NEW, "notebook_path": "/n", "instance_pool_id": "p"}, "Only one of `node_type`"),
        ({"num_workers": 1, "node_type": "n", "notebook_path": "/n"}, "needs a `spark_version`"),
        ({"num_workers": 1, "spark_version": "x", "notebook_path": "/n"}, "needs a `node_type` or an"),
        ({**NEW, "notebook_path": "/n", "permit_cluster_restart": True}, "is for an existing cluster"),
        ({**NEW, "notebook_path": "/n", "jar_params": []}, "`jar_params` goes with `main_class_name`, not"),
        ({**NEW, "main_class_name": "M", "python_script_params": []}, "goes with `python_script_path` or"),
        ({**NEW, "wheel_package_name": "p"}, "needs a `wheel_entry_point`"),
        ({**NEW, "notebook_path": "n"}, "begins with `/`"),
        ({**NEW, "python_script_path": "a.py"}, "`a.py` is no path on Databricks"),
        ({**NEW, "notebook_path": "/n", "init_scripts": ["init.sh"]}, "`init.sh` is no path on Databricks"),
        ({**NEW, "notebook_path": "/n", "cluster_log_dbfs_path": "/logs"}, "begins with `dbfs:/` or `/Volumes/`"),
        ({**NEW, "python_script_name": "../a.py"}, "`..`"),
        ({**NEW, "notebook_path": "/n", "num_workers": -1}, "at least 0"),
        ({**NEW, "notebook_path": "/n", "maven_libraries": [{"repo": "r"}]}, "`coordinates` is required"),
        ({**NEW, "notebook_path": "/n", "notebook_params": {"a": [1]}}, ""),
    ],
)
def test_bad_settings(settings: dict[str, Any], words: str):
    found = messages(settings)
    assert any(words in message for message in found), found


def test_every_wrong_combination_is_told_at_once():
    settings = {"existing_cluster_id": "1", "node_type": "n", "num_workers": 1, "notebook_path": "n", "jar_params": [1]}
    assert len(messages(settings)) == 4


def test_a_script_needs_its_source_directory_and_a_notebook_takes_no_arguments():
    assert "needs a snapshot" in messages({**NEW, "python_script_name": "a.py"}, snapshot=None)[0]
    assert messages({**NEW, "notebook_path": "/n"}, snapshot=None) == []
    assert messages({**NEW, "notebook_path": "/n"}, arguments=["x"]) == ["A notebook takes no arguments."]
    twice = messages({**NEW, "notebook_path": "/n", "notebook_params": {"out": 1}}, outputs={"out": {}})
    assert "`out` is an input or output of this step as well" in twice[0]


def test_a_notebook_gets_names_and_values_in_turn():
    made = step(
        {**NEW, "notebook_path": "/n", "notebook_params": {"rate": 0.5}},
        inputs={"n": {"kind": "literal", "value": 1}},
        outputs={"out": {}},
    )
    assert DATABRICKS.words(made) == ("rate", 0.5, "n", InputArgument(input="n"), "out", OutputArgument(output="out"))


def test_everything_else_gets_its_own_words_first():
    made = step({**NEW, "main_class_name": "M", "jar_params": ["x"]}, arguments=["y"], outputs={"out": {}})
    assert DATABRICKS.words(made) == ("x", "y", "-out", OutputArgument(output="out"))


def test_what_can_change_on_databricks():
    settings = {
        **NEW,
        "notebook_path": "/n",
        "init_scripts": ["/Shared/i.sh"],
        "jar_libraries": [{"library": "dbfs:/a.jar"}],
        "wheel_libraries": [{"library": "/Volumes/a.whl"}],
        "pypi_libraries": [{"package": "six==1.16"}],
    }
    assert DATABRICKS.outside_files(step(settings)) == {
        "notebook /n": "/n",
        "init script /Shared/i.sh": "/Shared/i.sh",
        "JAR dbfs:/a.jar": "dbfs:/a.jar",
        "wheel /Volumes/a.whl": "/Volumes/a.whl",
    }
    assert DATABRICKS.outside_files(step({**NEW, "python_script_name": "a.py"})) == {}
    assert STEP_TYPES["python_script"].outside_files(step({})) == {}
