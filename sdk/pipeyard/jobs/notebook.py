"""The driver of `notebook` steps: papermill executes the notebook with the step's own Python as its kernel.

Jupyter's folders are temporary ones: nothing of the user's home decides what runs, and nothing is left there.
"""

import json
import logging
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeyard._core.notebook import NotebookSettings
from pipeyard._optional import require
from pipeyard.exceptions import PipeyardException, UserErrorException
from pipeyard.jobs import _step

KERNEL = "pipeyard_step"
PARAMETER_PREFIX = "AML_PARAMETER_"
KEPT_FOLDER = Path("outputs")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def main() -> int:
    """Run, and say on the log what went wrong; returns the exit code."""
    folder = Path(tempfile.mkdtemp(prefix="notebook_"))
    try:
        _isolate(folder)
        _run(_step.read_settings(NotebookSettings), folder)
    except PipeyardException as error:
        _step.say(f"The notebook failed: {error.message}")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _isolate(folder: Path) -> None:
    """Jupyter's own folders, and a kernel that is this interpreter. Jupyter reads them once, when it is imported."""
    kernel = folder / "data" / "kernels" / KERNEL
    kernel.mkdir(parents=True)
    words = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    specification = {"argv": words, "display_name": "Python of the step", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(specification), encoding="utf-8")
    others = [path for path in [os.environ.get("JUPYTER_PATH")] if path]
    os.environ["JUPYTER_PATH"] = os.pathsep.join([str(folder / "data"), *others])
    for variable in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        place = folder / variable.lower()
        place.mkdir(mode=0o700)
        os.environ[variable] = str(place)
    os.environ["JUPYTER_PLATFORM_DIRS"] = "1"


def _run(settings: NotebookSettings, folder: Path) -> None:
    if not Path(settings.notebook).is_file():
        raise UserErrorException(f"The notebook {settings.notebook} is not in the step's source directory.")
    papermill = require("papermill", "notebook")
    require("ipykernel", "notebook")
    _log_cells()
    executed = folder / Path(settings.notebook).name
    try:
        papermill.execute_notebook(
            settings.notebook,
            str(executed),
            parameters=parameters_of(settings),
            kernel_name=settings.kernel_name or KERNEL,
            language=None if settings.kernel_name else "python",
            execution_timeout=settings.timeout_seconds,
            progress_bar=False,
            log_output=True,
            autosave_cell_every=0,
        )
    except papermill.exceptions.PapermillExecutionError as error:
        trace = _COLOURS.sub("", "\n".join(error.traceback))
        raise UserErrorException(f"cell {error.cell_index} raised {error.ename}: {error.evalue}\n{trace}") from error
    except Exception as error:  # a kernel that dies or hangs has many exceptions
        raise UserErrorException(f"{type(error).__name__}: {error}") from error
    finally:
        _keep(settings, executed)


def parameters_of(settings: NotebookSettings, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The notebook's parameters: values of the step's inputs, paths of inputs and outputs, and the settings' own."""
    begin = len(PARAMETER_PREFIX)
    values = {name[begin:]: text for name, text in environment.items() if name.startswith(PARAMETER_PREFIX)}
    files = _step.paths(environment)
    files.pop(settings.output_notebook or "", None)
    named = {name: value for name, value in {**values, **files}.items() if name.isidentifier()}
    return {**named, **settings.parameters}


def _log_cells() -> None:
    """What cells print, in the step's log."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("papermill")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def _keep(settings: NotebookSettings, executed: Path) -> None:
    """The executed notebook among the step's files, of a failed one too, and as the output that asks for it."""
    if not executed.is_file():
        return
    KEPT_FOLDER.mkdir(exist_ok=True)
    shutil.copyfile(executed, KEPT_FOLDER / executed.name)
    if settings.output_notebook is not None:
        shutil.copyfile(executed, _step.path_of(settings.output_notebook))


if __name__ == "__main__":
    sys.exit(main())
