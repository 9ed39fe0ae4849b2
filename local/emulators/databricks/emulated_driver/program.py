"""Runs a task's code: prepares what it sees around it, then the script, the notebook, the entry point or the JAR."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .dbutils import Dbutils, NotebookExit
from .notebook import Notebook
from .outcome import Outcome
from .paths import Paths
from .spark import hint, names, prepare_environment, run_jar
from .task import Task


def run(task: Task) -> Outcome:
    """Run a task to its end."""
    for script in task.init_scripts:
        sys.stdout.flush()
        done = subprocess.run(["/bin/bash", script], cwd=task.scratch, check=False)
        if done.returncode:
            return Outcome(succeeded=False, error=f"exit code {done.returncode}", init_script=script)
    prepare_environment(task)
    paths = Paths(task)
    dbutils = Dbutils(task, paths)
    namespace = _namespace(dbutils)
    kinds: dict[str, Callable[[], None]] = {
        "script": lambda: _script(task, namespace),
        "notebook": lambda: _notebook(task, namespace, dbutils, paths),
        "wheel": lambda: _wheel(task),
        "jar": lambda: run_jar(task),
    }
    try:
        kinds[task.kind]()
    except NotebookExit as end:
        return Outcome(succeeded=True, exit_value=end.value)
    except SystemExit as end:
        return Outcome(succeeded=True) if end.code in {None, 0} else Outcome.of_exception(end)
    except BaseException as error:  # noqa: BLE001 -- whatever user code raises is the task's end
        return Outcome.of_exception(error, hint(error))
    return Outcome(succeeded=True)


def _namespace(dbutils: Dbutils) -> dict[str, Any]:
    """Globals of the code, which modules that it imports get from `databricks.sdk.runtime`."""
    given = {
        **names(),
        "dbutils": dbutils,
        "displayHTML": print,
        "getArgument": dbutils.widgets.getArgument,
    }
    runtime: Any = types.ModuleType("dbruntime")
    runtime.UserNamespaceInitializer = _NamespaceOf(given)
    sys.modules["dbruntime"] = runtime
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    main.__dict__.update(given, __builtins__=__builtins__)
    return main.__dict__


class _NamespaceOf:
    """What `databricks.sdk.runtime` asks for the names of the notebook."""

    def __init__(self, names_of_notebook: dict[str, Any]) -> None:
        self._names = names_of_notebook

    def getOrCreate(self) -> _NamespaceOf:  # noqa: N802 -- Databricks' name
        return self

    def get_namespace_globals(self) -> dict[str, Any]:
        return self._names


def _enter(folder: Path) -> None:
    os.chdir(folder)
    sys.path.insert(0, str(folder))


def _script(task: Task, namespace: dict[str, Any]) -> None:
    file = Path(task.code)
    _enter(file.parent)
    sys.argv = [str(file), *task.arguments]
    namespace["__file__"] = str(file)
    exec(compile(file.read_bytes(), str(file), "exec"), namespace)  # noqa: S102 -- what a script is for


def _notebook(task: Task, namespace: dict[str, Any], dbutils: Dbutils, paths: Paths) -> None:
    file = Path(task.code)
    _enter(file.parent)
    Notebook(namespace, dbutils, paths, Path(task.scratch, "packages")).run(file)


def _wheel(task: Task) -> None:
    from importlib import metadata  # noqa: PLC0415 -- not needed for anything else

    os.chdir(task.scratch)
    sys.argv = [task.entry_point, *task.arguments]
    named = [point for point in metadata.distribution(task.package).entry_points if point.name == task.entry_point]
    if named:
        named[0].load()()
        return
    module = importlib.import_module(task.package.replace("-", "_"))
    getattr(module, task.entry_point)()
