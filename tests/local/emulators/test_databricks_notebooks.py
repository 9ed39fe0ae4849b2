"""Source notebooks, their cells, and the stand-in for `dbutils`."""

import json
from typing import Any

import pytest

from tests.local.emulators.databricks_emulator import ended_as, result, wheel, without_pyspark


def failure(databricks, run_id: int) -> Any:
    run = databricks.finished(run_id)
    assert result(run) == ("INTERNAL_ERROR", "FAILED")
    assert ended_as(run) == ("RUN_EXECUTION_ERROR", "CLIENT_ERROR")
    output = databricks.output(run)
    assert "notebook_output" not in output
    return output["error"]


def value(databricks, run_id: int) -> Any:
    run = databricks.finished(run_id)
    output = databricks.output(run)
    assert result(run) == ("TERMINATED", "SUCCESS"), output
    assert "logs" not in output  # Databricks keeps none of notebooks
    assert output["notebook_output"]["truncated"] is False
    return output["notebook_output"].get("result", "")


def test_cells_share_names_and_parameters_are_widgets(databricks):
    run_id = databricks.notebook(
        "# MAGIC %md\n# MAGIC # A title\n# MAGIC and a text",
        "# DBTITLE 1,Parameters\ndbutils.widgets.text('rate', '0.5')",
        "dbutils.widgets.dropdown('mode', 'a', ['a', 'b'])",
        "def twice(number):\n    return 2 * number",
        "",
        "words = [str(twice(float(dbutils.widgets.get('rate')))), getArgument('mode'), getArgument('other', 'none')]",
        "words.append(str(sorted(dbutils.widgets.getAll().items())))",
        "try:\n    dbutils.notebook.exit(' '.join(words))\nexcept Exception:\n    pass",
        "raise AssertionError('not reached')",
        parameters={"rate": "4"},
    )
    assert value(databricks, run_id) == "8.0 a none [('mode', 'a'), ('rate', '4')]"


def test_a_notebook_without_exit_succeeds_without_a_value(databricks):
    assert value(databricks, databricks.notebook("x = 1")) == ""


def test_an_unknown_widget_and_a_raising_cell_name_themselves(databricks):
    error = failure(databricks, databricks.notebook("dbutils.widgets.get('nothing')"))
    assert error.endswith("InputWidgetNotDefined: No input widget named nothing is defined")
    run = databricks.finished(databricks.notebook("a = 1", "b = 2\nraise KeyError('gone')", name="raises"))
    output = databricks.output(run)
    assert output["error"] == "KeyError: 'gone'"
    assert 'raises#cell2", line 2' in output["error_trace"]
    assert "raise KeyError('gone')" in output["error_trace"]


def test_run_shares_names_and_notebook_run_does_not(databricks):
    header = "# Databricks notebook source\n"
    helper = header + "word = dbutils.widgets.get('word')\n"
    databricks.write("/Shared/helpers/helper.py", helper, "AUTO")
    called = header + "dbutils.notebook.exit(dbutils.widgets.get('n') + str('word' in globals()))"
    databricks.write("/Shared/helpers/called.py", called, "AUTO")
    run_id = databricks.notebook(
        '# MAGIC %run ./helpers/helper $word="from above"',
        "other = dbutils.notebook.run('helpers/called', 60, {'n': 7})",
        "dbutils.notebook.exit(f'{word}, {other}')",
    )
    assert value(databricks, run_id) == "from above, 7False"


def test_a_failing_called_notebook_fails_the_caller(databricks):
    databricks.write("/Shared/helpers/bad.py", "# Databricks notebook source\n1 / 0", "AUTO")
    error = failure(databricks, databricks.notebook("dbutils.notebook.run('helpers/bad', 60)"))
    assert "The notebook helpers/bad failed: ZeroDivisionError: division by zero" in error
    error = failure(databricks, databricks.notebook("# MAGIC %run /Shared/helpers/none"))
    assert error == "FileNotFoundError: Notebook not found: /Shared/helpers/none"


def test_shell_cells_and_file_commands_work(databricks):
    run_id = databricks.notebook(
        "# MAGIC %sh\n# MAGIC false\n# MAGIC echo made > made.txt",
        "dbutils.fs.mkdirs('/Volumes/main/default/box/in')",
        "dbutils.fs.put('/Volumes/main/default/box/in/a.txt', 'content', True)",
        "dbutils.fs.cp('dbfs:/Volumes/main/default/box/in', '/Volumes/main/default/box/out', recurse=True)",
        "dbutils.fs.mv('/Volumes/main/default/box/out/a.txt', '/Volumes/main/default/box/out/b.txt')",
        "# MAGIC %fs ls /Volumes/main/default/box",
        "names = [info.name for info in dbutils.fs.ls('/Volumes/main/default/box')]",
        "text = dbutils.fs.head('/Volumes/main/default/box/out/b.txt') + open('made.txt').read().strip()",
        "dbutils.fs.rm('/Volumes/main/default/box/in', True)",
        "dbutils.fs.put('/tmp/only in dbfs.txt', 'x', True), dbutils.fs.rm('dbfs:/tmp', True)",
        "dbutils.notebook.exit(f'{names} {text}')",
    )
    assert value(databricks, run_id) == "['in/', 'out/'] contentmade"
    listing = databricks.http.get("/api/2.0/fs/directories/Volumes/main/default/box").json()
    assert [entry["name"] for entry in listing["contents"]] == ["out"]


def test_what_is_not_there_is_refused_by_name(databricks):
    refused = {
        "dbutils.secrets.get('scope', 'key')": "dbutils.secrets.get is not emulated",
        "dbutils.jobs.taskValues.set('a', 1)": "dbutils.jobs.taskValues is not emulated",
        "dbutils.credentials": "dbutils.credentials is not emulated",
        "dbutils.fs.mount('a', 'b')": "The emulator has no dbutils.fs.mount",
        "dbutils.fs.ls('abfss://c@other.dfs.core.windows.net/x')": "is not below a URI of this task's parameters",
    }
    attempt = (
        "def attempt(code):\n    try:\n        eval(code)\n    except Exception as error:\n        return str(error)"
    )
    said = f"dbutils.notebook.exit(__import__('json').dumps([attempt(code) for code in {list(refused)!r}]))"
    answers = json.loads(value(databricks, databricks.notebook(attempt, said)))
    assert all(words in answer for words, answer in zip(refused.values(), answers, strict=True)), answers


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("# MAGIC %scala\n# MAGIC val x = 1", "the emulator does not run %scala cells"),
        ("# MAGIC %pip list", "The emulator runs %pip install only"),
        ("# MAGIC %sh -e\n# MAGIC exit 3", "returned non-zero exit status 3"),
    ],
)
def test_a_cell_that_cannot_run_fails_the_notebook(databricks, cell, words):
    assert words in failure(databricks, databricks.notebook("spark, sc", cell))


@without_pyspark
@pytest.mark.parametrize("cell", ["# MAGIC %sql\n# MAGIC SELECT 1", "spark.range(3)", "table('t')"])
def test_without_pyspark_the_first_use_of_spark_says_what_to_install(databricks, cell):
    error = failure(databricks, databricks.notebook("spark, sc", cell))
    assert "PySpark is not installed where the Databricks emulator runs" in error


def test_modules_find_dbutils_where_databricks_has_it(databricks):
    databricks.write(
        "/Shared/tools.py", "from databricks.sdk.runtime import dbutils\nword = dbutils.widgets.get('w')\n"
    )
    run_id = databricks.notebook("import tools", "dbutils.notebook.exit(tools.word)", parameters={"w": "found"})
    assert value(databricks, run_id) == "found"


def test_pip_installs_for_this_notebook_only(databricks):
    where = "/Volumes/main/default/libs/notebook/stepper-1.0-py3-none-any.whl"
    databricks.http.put(f"/api/2.0/fs/files{where}", content=wheel("word = 'installed'")).raise_for_status()
    cells = [f"# MAGIC %pip install --no-index {where}", "dbutils.library.restartPython()"]
    cells += ["import stepper", "dbutils.notebook.exit(stepper.word)"]
    assert value(databricks, databricks.notebook(*cells)) == "installed"
    assert failure(databricks, databricks.notebook(*cells[2:])) == "ModuleNotFoundError: No module named 'stepper'"


def test_a_script_is_no_notebook_and_a_notebook_no_script(databricks):
    """A file that begins like a notebook becomes one with AUTO, and its path loses the extension."""
    text = "# Databricks notebook source\nprint('ran')"
    databricks.write("/Shared/trap/kept.py", text)
    databricks.write("/Shared/trap/turned.py", text, "AUTO")
    run = databricks.finished(databricks.submit({"spark_python_task": {"python_file": "/Shared/trap/kept.py"}}))
    assert databricks.output(run)["logs"] == "ran\n"
    run = databricks.finished(databricks.submit({"spark_python_task": {"python_file": "/Shared/trap/turned.py"}}))
    assert databricks.output(run)["error"].startswith("Cannot read the python file")
    assert result(
        databricks.finished(databricks.submit({"notebook_task": {"notebook_path": "/Shared/trap/turned"}}))
    ) == (
        "TERMINATED",
        "SUCCESS",
    )
    run = databricks.finished(databricks.submit({"notebook_task": {"notebook_path": "/Shared/trap/kept.py"}}))
    assert ended_as(run) == ("RESOURCE_NOT_FOUND", "CLIENT_ERROR")
