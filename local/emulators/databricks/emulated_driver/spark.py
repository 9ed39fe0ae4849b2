"""Spark of this machine, where PySpark and Java are installed; else an explanation as soon as the code wants it."""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from .spark_settings import write_settings
from .task import Task

_ABSENT = (
    "PySpark is not installed where the Databricks emulator runs, so there is no Spark session. Install pyspark and "
    "Java beside Pipeyard, list pyspark as a library of the step, or use a real workspace."
)
_NO_JAVA = (
    "Java is not installed where the Databricks emulator runs, so there is no Spark session. Install a JRE 17, and set "
    "JAVA_HOME if `java` is not on the PATH, or use a real workspace."
)
_UNKNOWN_ADDRESS = (
    "The code names an address in storage that is in no container of the task's parameters. The emulator fetches what "
    "parameters name; pass the address as a parameter."
)
_NO_CONNECTOR = ("azurebfs.", "NativeAzureFileSystem", *(f'for scheme "{name}' for name in ("abfs", "wasb")))
_WIDGET = re.compile(r"(?<![\w:]):(\w+)")
_WIDGET_TEXT = re.compile(r"\$\{(\w+)\}")
_NOISY = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")
"""Loggers of PySpark 4.0 that print each error a second time, as a line of JSON."""


class SparkUnavailable(RuntimeError):
    """The code wants Spark, and there is none."""


class JarFailed(RuntimeError):
    """A JAR's program did not end well."""


def prepare_environment(task: Task) -> None:
    """Have any session that this process starts be a local one, with this Python for its workers."""
    folder = Path(task.scratch, "spark")
    write_settings(task, folder)
    os.environ.setdefault("SPARK_CONF_DIR", str(folder))
    for name in ("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"):
        os.environ[name] = sys.executable  # whatever the cluster's variables say: v1's default is a path of Databricks'
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    for name in _NOISY:
        logging.getLogger(name).disabled = True


def session() -> Any:
    """The Spark session.

    Raises:
        SparkUnavailable: PySpark or Java is not installed.
    """
    _pyspark()
    from pyspark.sql import SparkSession  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415

    return SparkSession.builder.getOrCreate()


def run_statement(statement: str, widgets: dict[str, str]) -> Any:
    """What a statement of an SQL cell finds; `:name` and `${name}` in it are widgets.

    Raises:
        SparkUnavailable: PySpark or Java is not installed.
    """
    text = _WIDGET_TEXT.sub(lambda found: widgets.get(found[1], found[0]), statement)
    named = {name: widgets[name] for name in _WIDGET.findall(text) if name in widgets}
    return session().sql(text, named) if named else session().sql(text)


def run_jar(task: Task) -> None:
    """Run a class of the task's JARs in a JVM of its own.

    Raises:
        SparkUnavailable: PySpark or Java is not installed.
        JarFailed: It has failed, or there is no such class.
    """
    home = _pyspark()
    if not task.jars:
        raise JarFailed(f"{task.entry_point} is in no JAR: the task lists none among its libraries.")
    words = [str(home / "bin" / "spark-submit"), "--class", task.entry_point, task.jars[0], *task.arguments]
    done = subprocess.run(words, check=False, env={**os.environ, "SPARK_HOME": str(home)})
    if done.returncode:
        raise JarFailed(f"{task.entry_point} ended with exit code {done.returncode}; what it said is in the log.")


def hint(error: BaseException) -> str:
    """What to do about an error that comes of there being no cluster; "" for any other."""
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == "pyspark":
        return _ABSENT
    words = str(error)
    if "JAVA_GATEWAY_EXITED" in words and not _has_java():
        return _NO_JAVA
    return _UNKNOWN_ADDRESS if any(said in words for said in _NO_CONNECTOR) else ""


def _pyspark() -> Path:
    """Folder of PySpark, if it can start."""
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        raise SparkUnavailable(_ABSENT)
    if not _has_java():
        raise SparkUnavailable(_NO_JAVA)
    return Path(found.origin).parent


def _has_java() -> bool:
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=str(Path(home, "bin")) if home else None) is not None


class LazySession:
    """Stands for the session, or for its context, and starts it when it is first used."""

    def __init__(self, attribute: str = "") -> None:
        self._attribute = attribute

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """What `isinstance` asks for: code may check that it was given a session."""
        try:
            from pyspark.sql import SparkSession  # noqa: PLC0415
        except ImportError:
            return LazySession
        return type(SparkSession.builder.getOrCreate().sparkContext) if self._attribute else SparkSession

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        started = session()
        return getattr(getattr(started, self._attribute) if self._attribute else started, name)

    def __repr__(self) -> str:
        return "<Spark, not started yet>"


def names() -> dict[str, Any]:
    """What a notebook knows of Spark without importing it."""
    return {
        "spark": LazySession(),
        "sc": LazySession("sparkContext"),
        "sqlContext": LazySession(),
        "sql": lambda *words, **named: session().sql(*words, **named),
        "table": lambda name: session().table(name),
        "display": display,
    }


def display(*things: Any) -> None:
    """Show things as text; a DataFrame is computed, as it is where there is a screen."""
    for thing in things:
        if hasattr(type(thing), "show") and hasattr(type(thing), "rdd"):
            thing.show()
        else:
            print(thing)
