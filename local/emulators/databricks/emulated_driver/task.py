"""What the driver is told: one JSON file per task."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

# Not by PYTHONPATH, which every process that the code starts would inherit.
_START = """\
import runpy, sys
sys.path[0] = sys.argv.pop(1)
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes:
        kind: `script`, `notebook`, `wheel` or `jar`.
        result: File to note the end in.
        scratch: Folder for what only this task needs.
        workspace: Folder of the workspace's objects.
        volumes: Folder of `/Volumes`.
        dbfs: Folder of DBFS' root.
        code: The script or notebook.
        arguments: What follows the program's name in `sys.argv`.
        parameters: Values of widgets.
        package: Distribution that has the entry point.
        entry_point: Name of the entry point, or of a JAR's class.
        init_scripts: Shell scripts to run before the code.
        places: URIs and the local folders or files that stand for them.
        jars: JARs for Spark; a JAR's task runs the first one.
        spark_conf: The cluster's settings of Spark, as far as they mean something on this machine.
    """

    kind: str
    result: str
    scratch: str
    workspace: str
    volumes: str
    dbfs: str
    code: str = ""
    arguments: list[str] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    package: str = ""
    entry_point: str = ""
    init_scripts: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    jars: list[str] = field(default_factory=list)
    spark_conf: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Task:
        """Read a task's file."""
        given = json.loads(file.read_text(encoding="utf-8"))
        return cls(**{name: given[name] for name in (one.name for one in fields(cls)) if name in given})

    def write(self, file: Path) -> None:
        """Write it for `read`."""
        file.write_text(json.dumps(self.__dict__, indent=2), encoding="utf-8")

    @staticmethod
    def command(file: Path, python: str = sys.executable) -> list[str]:
        """Command line that runs the task of a file."""
        package = Path(__file__).parent
        return [python, "-u", "-c", _START, str(package.parent), package.name, str(file)]

    def notebook(self, code: Path, parameters: dict[str, str], scratch: Path) -> Task:
        """Another notebook of the same task."""
        result = str(scratch / "result.json")
        return replace(
            self,
            kind="notebook",
            code=str(code),
            parameters=parameters,
            scratch=str(scratch),
            result=result,
            init_scripts=[],
        )
