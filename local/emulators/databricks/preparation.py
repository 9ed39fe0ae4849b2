"""Makes a task ready to run: its code, its parameters with local paths in them, and its libraries."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.emulators.databricks.emulated_driver.task import Task
from local.emulators.databricks.ends import End, not_run
from local.emulators.databricks.errors import ApiError
from local.emulators.databricks.libraries import Libraries, LibraryError
from local.emulators.databricks.places import Places
from local.emulators.databricks.submission import task_kind
from local.emulators.databricks.volume_files import VolumeFiles
from local.emulators.databricks.workspace_files import WorkspaceFiles
from local.emulators.storage import Storage, StorageError

_NOT_OF_A_MACHINE = (
    "spark.master",
    "spark.databricks.",
    "spark.driver.memory",
    "spark.driver.cores",
    "spark.executor.",
)
"""Settings of Spark that are about a cluster's machines."""
_OF_A_SCOPE = "{{secrets/"
_URI_SCHEMES = ("abfss://", "abfs://", "wasbs://", "wasb://")


class CannotRun(Exception):
    """A task that ends before its code begins.

    Args:
        end: How it ends.
    """

    def __init__(self, end: End) -> None:
        super().__init__(end.message)
        self.end = end


@dataclass(frozen=True, slots=True)
class Prepared:
    """A task that can run."""

    task: Task
    places: Places
    requirements: tuple[str, ...]
    variables: dict[str, str]


class Preparation:
    """What tasks are made ready from."""

    def __init__(self, storage: Storage, workspace: WorkspaceFiles, volumes: VolumeFiles, wheels: Path) -> None:
        self._storage = storage
        self._workspace = workspace
        self._volumes = volumes
        self._wheels = wheels

    def prepare(self, spec: dict[str, Any], environments: list[dict[str, Any]], folder: Path) -> Prepared:
        """Make a task ready, with its files in a folder of its own.

        Raises:
            CannotRun: Code, a library or a place is missing, or the emulator does not have what is needed.
        """
        places = Places(self._storage, folder / "data")
        cluster = spec.get("new_cluster", {})

        def locate(path: str) -> Path:
            return self._located(path, places)

        try:
            variables = {key: places.localize(str(value)) for key, value in cluster.get("spark_env_vars", {}).items()}
            fields = self._fields(spec, places.localize, locate)
            libraries = Libraries(self._wheels, locate)
            requirements = libraries.requirements(spec.get("libraries", []), _dependencies(spec, environments))
            jars = libraries.jars(spec.get("libraries", []))
            scripts = [str(self._init_script(script, locate)) for script in cluster.get("init_scripts", [])]
            places.fetch()
        except LibraryError as error:
            raise CannotRun(not_run("LIBRARY_INSTALLATION_ERROR", str(error))) from error
        except (StorageError, ValueError) as error:
            raise CannotRun(not_run("STORAGE_ACCESS_ERROR", str(error))) from error
        task = Task(
            result=str(folder / "result.json"),
            scratch=str(folder / "scratch"),
            workspace=str(self._workspace.root),
            volumes=str(self._volumes.root),
            dbfs=str(self._volumes.dbfs),
            init_scripts=scripts,
            places=places.by_uri,
            jars=jars,
            spark_conf=_spark_settings(cluster.get("spark_conf", {})),
            **fields,
        )
        return Prepared(task, places, requirements, variables)

    def _fields(
        self, spec: dict[str, Any], localize: Callable[[str], str], locate: Callable[[str], Path]
    ) -> dict[str, Any]:
        """What differs between kinds of tasks."""
        kind = task_kind(spec)
        given = spec[kind]

        def value(text: str) -> str:
            return self._local_value(localize(text))

        arguments = [value(text) for text in given.get("parameters", [])]
        if kind == "notebook_task":
            parameters = {name: value(text) for name, text in given.get("base_parameters", {}).items()}
            return {"kind": "notebook", "code": str(self._notebook(given["notebook_path"])), "parameters": parameters}
        if kind == "spark_python_task":
            return {"kind": "script", "code": str(_script(given["python_file"], locate)), "arguments": arguments}
        if kind == "python_wheel_task":
            arguments += [f"--{name}={value(text)}" for name, text in given.get("named_parameters", {}).items()]
            entry = {"package": given["package_name"], "entry_point": given["entry_point"]}
            return {"kind": "wheel", "arguments": arguments, **entry}
        return {"kind": "jar", "entry_point": given["main_class_name"], "arguments": arguments}

    def _notebook(self, path: str) -> Path:
        try:
            if self._workspace.is_notebook(path):
                return self._workspace.local(path)
        except ApiError as error:
            raise CannotRun(not_run("RESOURCE_NOT_FOUND", error.message)) from error
        message = f'Unable to access the notebook "{path}". Either it does not exist, or it is a file, not a notebook.'
        raise CannotRun(not_run("RESOURCE_NOT_FOUND", message))

    def _init_script(self, script: dict[str, Any], locate: Callable[[str], Path]) -> Path:
        """File of `{"workspace": {"destination": path}}`, or of volumes, dbfs or abfss instead of workspace."""
        kind, place = next(iter(script.items()))
        destination = place["destination"]
        file = locate(destination)
        if not file.is_file():
            message = (
                f"Cluster was terminated. Reason: INIT_SCRIPT_FAILURE. Init script not found: {kind} {destination}"
            )
            raise CannotRun(not_run("CLUSTER_ERROR", message))
        return file

    def _located(self, path: str, places: Places) -> Path:
        """Local file of a path of the workspace, a volume, DBFS or a URI."""
        if path.startswith(_URI_SCHEMES):
            return places.file(path)
        try:
            if path.startswith(("dbfs:", "/Volumes/")):
                return self._volumes.local(path)
            return self._workspace.local(path)
        except ApiError as error:
            raise StorageError(error.message) from error

    def _local_value(self, text: str) -> str:
        """A parameter's value, with the path of a workspace file or volume in it as the local one."""
        name, sign, path = text.partition("=") if text.startswith("-") and "=" in text else ("", "", text)
        try:
            if path.startswith(("/Volumes/", "dbfs:/")):
                return f"{name}{sign}{self._volumes.local(path)}"
            if path.startswith("/Workspace/"):
                return f"{name}{sign}{self._workspace.local(path)}"
        except ApiError:
            return text
        return text


def _script(path: str, locate: Callable[[str], Path]) -> Path:
    try:
        file = locate(path)
    except StorageError as error:
        raise CannotRun(not_run("RUN_EXECUTION_ERROR", f"Cannot read the python file {path}. {error}")) from error
    if not file.is_file():
        raise CannotRun(not_run("RUN_EXECUTION_ERROR", f"Cannot read the python file {path}. There is no such file."))
    return file


def _spark_settings(given: dict[str, str]) -> dict[str, str]:
    """Those that mean something on one machine, and hold no secret that nobody has here."""
    return {
        name: value
        for name, value in given.items()
        if name.startswith("spark.") and not name.startswith(_NOT_OF_A_MACHINE) and _OF_A_SCOPE not in value
    }


def _dependencies(spec: dict[str, Any], environments: list[dict[str, Any]]) -> list[str]:
    """Lines that a serverless task's environment installs."""
    chosen = next((one for one in environments if one.get("environment_key") == spec.get("environment_key")), {})
    return list((chosen.get("spec") or {}).get("dependencies", []))
