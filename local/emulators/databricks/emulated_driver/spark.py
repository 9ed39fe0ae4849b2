"""`spark` of notebooks and scripts: a local session where PySpark is installed, else an explanation on first use."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any

_SUBMIT = "--master local[2] --conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=2 pyspark-shell"
_ABSENT = (
    "PySpark is not installed where the Databricks emulator runs, so there is no Spark session. Install pyspark and "
    "Java beside Pipeyard, list pyspark as a library of the step, or use a real workspace."
)


class SparkUnavailable(RuntimeError):
    """The code wants Spark, and there is none."""


def prepare_environment() -> None:
    """Have any session that this process starts be a local one, with this Python for its workers."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ.setdefault("PYSPARK_SUBMIT_ARGS", _SUBMIT)


def session() -> Any:
    """The Spark session.

    Raises:
        SparkUnavailable: PySpark is not installed.
    """
    if importlib.util.find_spec("pyspark") is None:
        raise SparkUnavailable(_ABSENT)
    from pyspark.sql import SparkSession  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415

    return SparkSession.builder.getOrCreate()


class LazySession:
    """Stands for the session, or for its context, and starts it when it is first used."""

    def __init__(self, attribute: str = "") -> None:
        self._attribute = attribute

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
    }
