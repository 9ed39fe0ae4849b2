"""Checks of a body of `runs/submit`, in Databricks' words where it has any, and by name of what is not emulated."""

import re
from collections.abc import Callable
from typing import Any

from local.emulators.databricks.clusters import check_new_cluster
from local.emulators.databricks.errors import invalid
from local.emulators.databricks.submission_shape import Library, Submission, Task, read_as, without_nulls

EMULATED = ("notebook_task", "spark_python_task", "python_wheel_task", "spark_jar_task")
"""Kinds of tasks."""
_SOURCES = frozenset({"", "WORKSPACE"})
_REFUSED_TASK_FIELDS = ("max_retries", "retry_on_timeout", "disabled")


def checked_submission(body: dict[str, Any], cluster_exists: Callable[[str], bool]) -> dict[str, Any]:
    """The body without nulls, if the emulator can run it.

    Raises:
        ApiError: It is wrong, or asks for what is not emulated.
    """
    body = without_nulls(body)
    submission = read_as(Submission, body)
    if "git_source" in body:
        raise invalid("The emulator has no Git folders: git_source is not supported.")
    environments = {one.environment_key for one in submission.environments}
    for task, raw in zip(submission.tasks, body["tasks"], strict=True):
        _check_task(task, raw, environments, cluster_exists)
    in_order(body["tasks"])
    return body


def in_order(tasks: list[dict[str, Any]]) -> list[str]:
    """Keys of tasks, each after those that it depends on.

    Raises:
        ApiError: A key is there twice, depends on one that is not there, or on itself.
    """
    keys = [task["task_key"] for task in tasks]
    if len(set(keys)) != len(keys):
        raise invalid("Task keys must be unique within a run.")
    waiting = {task["task_key"]: upstream(task) for task in tasks}
    ordered: list[str] = []
    for key, needed in waiting.items():
        unknown = needed - set(keys)
        if unknown:
            raise invalid(f"Task '{key}' depends on the unknown task '{min(unknown)}'.")
    while waiting:
        ready = [key for key in keys if key in waiting and not waiting[key] - set(ordered)]
        if not ready:
            raise invalid(f"The dependencies of the tasks {', '.join(sorted(waiting))} form a cycle.")
        ordered += ready
        waiting = {key: needed for key, needed in waiting.items() if key not in ready}
    return ordered


def upstream(task: dict[str, Any]) -> set[str]:
    """Keys of the tasks that a task depends on."""
    return {one["task_key"] for one in task.get("depends_on", [])}


def task_kind(task: dict[str, Any]) -> str:
    """Name of the field that says what a task does.

    Raises:
        ApiError: There is none, there are several, or the emulator does not have it.
    """
    kinds = [name for name in task if name.endswith("_task")]
    key = task.get("task_key")
    if len(kinds) != 1:
        said = f"it has {', '.join(sorted(kinds))}" if kinds else "it has none"
        raise invalid(f"Task '{key}' must have exactly one of notebook_task, spark_python_task, ...: {said}.")
    if kinds[0] not in EMULATED:
        raise invalid(f"Task '{key}': {kinds[0]} is not emulated; there are {', '.join(EMULATED)}.")
    return kinds[0]


def _check_task(task: Task, raw: dict[str, Any], environments: set[str], cluster_exists: Callable[[str], bool]) -> None:
    key, kind = task.task_key, task_kind(raw)
    for name in _REFUSED_TASK_FIELDS:
        if raw.get(name):
            raise invalid(f"Task '{key}': {name} is not emulated.")
    if raw.get("run_if", "ALL_SUCCESS") != "ALL_SUCCESS":
        raise invalid(f"Task '{key}': of run_if, only ALL_SUCCESS is emulated.")
    _check_code(task)
    _check_compute(task, kind, raw, environments, cluster_exists)
    if any(len(library.model_fields_set) != 1 for library in task.libraries):
        raise invalid(f"Task '{key}': a library has exactly one of {', '.join(sorted(Library.model_fields))}.")


def _check_compute(
    task: Task, kind: str, raw: dict[str, Any], environments: set[str], cluster_exists: Callable[[str], bool]
) -> None:
    key = task.task_key
    if "new_cluster" in raw and "existing_cluster_id" in raw:
        raise invalid(f"Task '{key}' must have exactly one of new_cluster and existing_cluster_id.")
    if task.existing_cluster_id is not None:
        if not cluster_exists(task.existing_cluster_id):
            raise invalid(f"Cluster {task.existing_cluster_id} does not exist")
    elif task.new_cluster is not None:
        check_new_cluster(raw["new_cluster"])
    elif task.libraries:
        raise invalid(f"Task '{key}': libraries are for clusters; a serverless task has an environment_key.")
    elif kind != "notebook_task" and task.environment_key not in environments:
        raise invalid(
            f"Task '{key}' must have new_cluster, existing_cluster_id, or an environment_key of environments."
        )


def _check_code(task: Task) -> None:
    """Check what a task runs, beyond its types."""
    notebook, script, wheel = task.notebook_task, task.spark_python_task, task.python_wheel_task
    if any(one is not None and one.source not in _SOURCES for one in (notebook, script)):
        raise invalid("The emulator has no Git folders: the only source is WORKSPACE.")
    if notebook is not None and not notebook.notebook_path.startswith("/"):
        path = notebook.notebook_path
        raise invalid(f"Only absolute paths are currently supported. Paths must begin with '/': {path}")
    if script is not None and not re.match(r"/|[a-z]+:/", script.python_file):
        raise invalid(f"python_file must be an absolute path or a URI: {script.python_file}")
    if wheel is not None and wheel.parameters and wheel.named_parameters:
        raise invalid("python_wheel_task must not have both parameters and named_parameters.")
