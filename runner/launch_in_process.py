"""What a cluster starts instead of a script: finds the runner beside itself, and has it run the script.

Arguments: the launcher's own folder, the snapshot's folder below the home of all of these, the job, the script, and
then the script's own. Everything is looked for from here, so that only one path has to be right.
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys

_PACKAGE = "pipeyard_runner"


def _own_folder(declared: str) -> str:
    """Where this file lies. Some clusters run a file without telling it its name."""
    known = globals().get("__file__") or inspect.getsourcefile(_own_folder) or ""
    folder = os.path.dirname(os.path.abspath(known))  # noqa: PTH100, PTH120 - nothing else of pathlib is needed here
    return folder if os.path.isdir(os.path.join(folder, _PACKAGE)) else declared  # noqa: PTH112, PTH118 - likewise


def _launch(words: list[str]) -> None:
    declared, snapshot, job, script, *arguments = words
    folder = _own_folder(declared)
    sys.path.insert(0, folder)
    try:
        module = importlib.import_module(f"{_PACKAGE}.in_process")
    finally:
        sys.path.remove(folder)
    # What the cluster shows its scripts without their importing it, such as `spark` and `dbutils`.
    shown = {name: value for name, value in globals().items() if not name.startswith("_")}
    for own in ("importlib", "inspect", "os", "sys", "annotations"):
        shown.pop(own, None)
    module.run(folder, snapshot, job, script, arguments, shown)


if __name__ == "__main__":
    _launch(sys.argv[1:])
