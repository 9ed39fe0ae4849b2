"""What tasks of each kind do, and how they end."""

import textwrap

from tests.local.emulators.databricks_emulator import CLUSTER, ended_as, result, wheel, without_pyspark


def test_a_script_gets_its_parameters_and_its_output_is_kept(databricks):
    databricks.write("/Shared/beside.py", "word = 'found'")
    code = """
        import sys, os
        from pathlib import Path
        from beside import word
        print(word, sys.argv[1:], Path(sys.argv[0]).name, Path.cwd().name, __name__, os.environ["GREETING"])
        print("aside", file=sys.stderr)
    """
    cluster = {**CLUSTER, "spark_env_vars": {"GREETING": "hello"}}
    run = databricks.finished(databricks.script(textwrap.dedent(code), "--alpha", "0.5", new_cluster=cluster))
    assert result(run) == ("TERMINATED", "SUCCESS")
    assert ended_as(run) == ended_as(run["tasks"][0]) == ("SUCCESS", "SUCCESS")
    output = databricks.output(run)
    assert output["logs"].splitlines() == ["found ['--alpha', '0.5'] main.py Shared __main__ hello", "aside"]
    assert output["logs_truncated"] is False
    assert "error" not in output


def test_output_can_be_read_while_the_task_runs(databricks):
    run_id = databricks.script("import time\nprint('half way')\ntime.sleep(60)", name="slow")
    run = databricks.until(run_id, lambda run: run["state"]["life_cycle_state"] == "RUNNING")
    while "half way" not in databricks.output(run).get("logs", ""):
        assert databricks.run(run_id)["status"]["state"] == "RUNNING"
    databricks.post("cancel", {"run_id": run_id})
    databricks.finished(run_id)


def test_a_failed_script_fails_the_run_as_databricks_tells_it(databricks):
    run = databricks.finished(
        databricks.script("def work():\n    raise ValueError('no such column')\nwork()", name="bad")
    )
    assert result(run) == ("INTERNAL_ERROR", "FAILED")
    assert result(run["tasks"][0]) == ("TERMINATED", "FAILED")
    assert ended_as(run) == ("RUN_EXECUTION_ERROR", "CLIENT_ERROR")
    words = "Task main failed with message: Workload failed, see run output for details."
    assert run["state"]["state_message"] == words
    output = databricks.output(run)
    assert output["error"] == "ValueError: no such column"
    trace = output["error_trace"].splitlines()
    assert trace[0] == "Traceback (most recent call last):"
    assert trace[1].endswith('bad.py", line 3, in <module>')  # nothing of the emulator above it
    assert "ValueError: no such column" in output["logs"]


def test_an_exit_code_counts_and_a_killed_driver_says_so(databricks):
    assert result(databricks.finished(databricks.script("raise SystemExit(0)", name="zero"))) == (
        "TERMINATED",
        "SUCCESS",
    )
    run = databricks.finished(databricks.script("raise SystemExit(3)", name="three"))
    assert databricks.output(run)["error"] == "SystemExit: 3"
    run = databricks.finished(databricks.script("import os\nos.kill(os.getpid(), 9)", name="killed"))
    assert ended_as(run) == ("DRIVER_ERROR", "CLIENT_ERROR")
    assert "exit code -9" in databricks.output(run)["error"]


def test_missing_code_fails_the_run(databricks):
    run = databricks.finished(databricks.submit({"spark_python_task": {"python_file": "/Shared/none.py"}}))
    assert result(run) == ("INTERNAL_ERROR", "FAILED")
    assert databricks.output(run)["error"].startswith("Cannot read the python file /Shared/none.py.")
    run = databricks.finished(databricks.submit({"notebook_task": {"notebook_path": "/Shared/none"}}))
    assert ended_as(run) == ("RESOURCE_NOT_FOUND", "CLIENT_ERROR")


def test_a_wheel_runs_by_its_entry_point_and_a_changed_one_anew(databricks):
    where = "/Volumes/main/default/libs/stepper-1.0-py3-none-any.whl"
    task = {"package_name": "stepper", "entry_point": "step", "named_parameters": {"rate": "0.1"}}
    for word in ("first", "second"):
        code = f"import sys\ndef step():\n    print('{word}', sys.argv)\n"
        answer = databricks.http.put(f"/api/2.0/fs/files{where}", content=wheel(code), params={"overwrite": "true"})
        assert answer.status_code == 204
        run = databricks.finished(databricks.submit({"python_wheel_task": task, "libraries": [{"whl": where}]}))
        assert result(run) == ("TERMINATED", "SUCCESS"), databricks.output(run)
        assert databricks.output(run)["logs"] == f"{word} ['step', '--rate=0.1']\n"


def test_libraries_that_are_there_are_used_and_others_are_refused_by_name(databricks):
    databricks.write("/Shared/requirements.txt", "# what the step needs\npackaging>=20  # any\n")
    known = [{"requirements": "/Workspace/Shared/requirements.txt"}, {"pypi": {"package": "httpx"}}]
    run = databricks.finished(databricks.script("import packaging, httpx", name="libraries", libraries=known))
    assert result(run) == ("TERMINATED", "SUCCESS")
    refused = {
        "egg": ("/Volumes/a/b/c/d.egg", "Build a wheel"),
        "maven": ({"coordinates": "org.example:part:1.0"}, "org.example:part:1.0 cannot be installed"),
        "cran": ({"package": "ada"}, "cran ada cannot be installed"),
        "whl": ("/Volumes/a/b/c/d-1.0-py3-none-any.whl", "Library file not found"),
        "jar": ("/Volumes/a/b/c/d.jar", "Library file not found"),
    }
    for kind, (value, words) in refused.items():
        run = databricks.finished(databricks.script("print()", name="libraries", libraries=[{kind: value}]))
        assert result(run) == ("INTERNAL_ERROR", "FAILED")
        assert ended_as(run) == ("LIBRARY_INSTALLATION_ERROR", "CLIENT_ERROR")
        assert words in run["state"]["state_message"]


def test_a_library_that_pip_cannot_find_fails_the_run_with_its_words(databricks):
    offline = {"whl": "/Volumes/main/default/libs/broken-1.0-py3-none-any.whl"}
    databricks.http.put(f"/api/2.0/fs/files{offline['whl']}", content=b"no wheel at all")
    run = databricks.finished(databricks.script("print()", name="broken", libraries=[offline]))
    assert ended_as(run) == ("LIBRARY_INSTALLATION_ERROR", "CLIENT_ERROR")
    assert "broken-1.0-py3-none-any.whl" in databricks.output(run)["error"]


def test_serverless_tasks_have_an_environment_instead_of_a_cluster(databricks):
    environments = [{"environment_key": "own", "spec": {"environment_version": "2", "dependencies": ["packaging"]}}]
    path = databricks.write("/Shared/serverless.py", "import packaging\nprint('ran')")
    task = {"spark_python_task": {"python_file": path}, "environment_key": "own"}
    run = databricks.finished(databricks.submit(task, environments=environments))
    assert databricks.output(run)["logs"] == "ran\n"


@without_pyspark
def test_without_pyspark_a_jar_and_a_session_of_a_script_fail_with_what_to_install(databricks):
    where = "/Volumes/main/default/libs/any.jar"
    databricks.http.put(f"/api/2.0/fs/files{where}", content=b"", params={"overwrite": "true"}).raise_for_status()
    task = {"spark_jar_task": {"main_class_name": "org.example.Main"}, "libraries": [{"jar": where}]}
    for run_id in (databricks.submit(task), databricks.script("from pyspark.sql import SparkSession", name="session")):
        run = databricks.finished(run_id)
        assert ended_as(run) == ("RUN_EXECUTION_ERROR", "CLIENT_ERROR")
        assert "Install pyspark and Java beside Pipeyard" in databricks.output(run)["error"]


def test_init_scripts_run_before_the_code_and_can_fail_the_cluster(databricks):
    databricks.write("/Shared/init.sh", "echo prepared for $WHO")
    databricks.write("/Shared/bad.sh", "exit 7")
    cluster = {**CLUSTER, "spark_env_vars": {"WHO": "the step"}}
    scripts = [{"workspace": {"destination": "/Shared/init.sh"}}]
    run = databricks.finished(
        databricks.script("print('ran')", name="prepared", new_cluster={**cluster, "init_scripts": scripts})
    )
    assert databricks.output(run)["logs"] == "prepared for the step\nran\n"
    scripts += [{"workspace": {"destination": "/Shared/bad.sh"}}]
    run = databricks.finished(databricks.script("print('ran')", new_cluster={**cluster, "init_scripts": scripts}))
    assert ended_as(run) == ("CLUSTER_ERROR", "CLIENT_ERROR")
    assert "INIT_SCRIPT_FAILURE" in run["state"]["state_message"]


def test_tasks_run_after_those_that_they_depend_on(databricks):
    first = databricks.write("/Shared/first.py", "print('first')")
    bad = databricks.write("/Shared/fails.py", "raise RuntimeError('no')")

    def task(key, path, *needed):
        depends = {"depends_on": [{"task_key": other} for other in needed]}
        return {"task_key": key, "new_cluster": CLUSTER, "spark_python_task": {"python_file": path}, **depends}

    tasks = [task("last", first, "bad"), task("bad", bad, "good"), task("good", first)]
    answer = databricks.post("submit", {"tasks": tasks}).json()
    run = databricks.finished(answer["run_id"])
    ends = {one["task_key"]: result(one) for one in run["tasks"]}
    assert ends == {
        "good": ("TERMINATED", "SUCCESS"),
        "bad": ("TERMINATED", "FAILED"),
        "last": ("SKIPPED", "UPSTREAM_FAILED"),
    }
    assert result(run) == ("INTERNAL_ERROR", "FAILED")
    assert run["state"]["state_message"].startswith("Task bad failed")
