"""`dbutils`, as far as it makes sense without a Databricks workspace; what is missing says so by its name."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from .file_system import FileSystem
from .outcome import Outcome
from .paths import Paths
from .task import Task
from .widgets import Widgets


class NotebookExit(BaseException):
    """`dbutils.notebook.exit`: ends the notebook well, past every `except Exception`."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


class WorkflowException(Exception):
    """A notebook that `dbutils.notebook.run` called did not end well."""


class NotEmulated(NotImplementedError):
    """A part of `dbutils` that only a Databricks workspace has."""


class Absent:
    """A part of `dbutils` that the emulator does not have."""

    def __init__(self, name: str, advice: str) -> None:
        self._name = name
        self._advice = advice

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotEmulated(f"{self._name}.{name} is not emulated. {self._advice}")


class Notebooks:
    """`dbutils.notebook`."""

    def __init__(self, task: Task, paths: Paths) -> None:
        self._task = task
        self._paths = paths

    def exit(self, value: str = "") -> None:
        """End this notebook with a value."""
        raise NotebookExit(str(value))

    def run(self, path: str, timeout_seconds: int = 0, arguments: dict[str, str] | None = None) -> str:
        """Run another notebook in a process of its own and return the value that it exits with.

        Raises:
            WorkflowException: It failed or took too long.
        """
        code = self._paths.notebook(path, Path(self._task.code))
        scratch = Path(tempfile.mkdtemp(prefix="notebook-", dir=self._task.scratch))
        called = self._task.notebook(code, {key: str(value) for key, value in (arguments or {}).items()}, scratch)
        file = scratch / "task.json"
        called.write(file)
        try:
            subprocess.run(Task.command(file), check=False, timeout=timeout_seconds or None)
        except subprocess.TimeoutExpired as error:
            raise WorkflowException(f"The notebook {path} took longer than {timeout_seconds} s.") from error
        outcome = Outcome.read(Path(called.result))
        if outcome is None or not outcome.succeeded:
            raise WorkflowException(f"The notebook {path} failed: {outcome.error if outcome else 'its process ended'}")
        return outcome.exit_value or ""

    def __getattr__(self, name: str) -> Any:
        raise NotEmulated(f"dbutils.notebook.{name} is not emulated; there are exit and run.")


class Library:
    """`dbutils.library`."""

    def restartPython(self) -> None:  # noqa: N802 -- Databricks' name
        """Nothing to do: what `%pip` installed can be imported at once."""


class Dbutils:
    """The object that notebooks know as `dbutils`."""

    def __init__(self, task: Task, paths: Paths) -> None:
        self.widgets = Widgets(task.parameters)
        self.fs = FileSystem(paths)
        self.notebook = Notebooks(task, paths)
        self.library = Library()
        self.secrets = Absent(
            "dbutils.secrets", "Pass what is no secret as a parameter; keep secrets in a real workspace."
        )
        self.jobs = Absent("dbutils.jobs", "Hand values on through files, or run on a real workspace.")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotEmulated(f"dbutils.{name} is not emulated; there are widgets, fs, notebook and library.")
