"""A script from start to end: read, compile, run. Nothing runs unless all of the script is right."""

import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from pipeyard._core.data_lake_analytics import DataLakeAnalyticsSettings
from pipeyard._optional import require
from pipeyard.exceptions import PipeyardException, UserErrorException
from pipeyard.jobs import _step
from pipeyard.jobs.usql.session import Session


def main() -> int:
    """Run, and say on the log what went wrong; returns the exit code."""
    folder = Path(tempfile.mkdtemp(prefix="usql_"))
    try:
        return _run(_step.read_settings(DataLakeAnalyticsSettings), folder)
    except PipeyardException as error:
        _step.say(f"The script failed: {error.message}")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(settings: DataLakeAnalyticsSettings, folder: Path) -> int:
    for package in ("duckdb", "lark"):
        require(package, "usql")
    from pipeyard._core.usql.compiler import compile_script  # noqa: PLC0415 - after the packages are known to be there
    from pipeyard._core.usql.places import Places  # noqa: PLC0415 - as above
    from pipeyard._core.usql.problems import CompileFailed  # noqa: PLC0415 - as above
    from pipeyard._core.usql.step_values import script_text, step_values  # noqa: PLC0415 - as above

    began = time.perf_counter()
    data = _read(settings.script_name)
    inputs, outputs = _ports(os.environ)
    try:
        values = step_values(os.environ, {**inputs, **outputs})
        plan = compile_script(script_text(data), values, Places(inputs, outputs))
    except CompileFailed as error:
        for problem in error.problems:
            _step.say(problem.text(settings.script_name))
        _step.say(f"{len(error.problems)} errors: nothing has run." if len(error.problems) > 1 else "Nothing has run.")
        return 1
    _step.say(f"{settings.script_name} compiled in {time.perf_counter() - began:.2f} s: {len(plan.steps)} steps")
    with Session(folder) as session:
        for step in plan.steps:
            session.run(step)
    return 0


def _read(name: str) -> bytes:
    """The script of the source directory, which is the working directory.

    Raises:
        UserErrorException: It is not there.
    """
    path = Path(name)
    if not path.is_file():
        raise UserErrorException(f"The script {name} is not in the step's source directory.")
    return path.read_bytes()


def _ports(environment: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Paths of inputs and of outputs, told apart by where the job keeps them."""
    inputs: dict[str, str] = {}
    outputs: dict[str, str] = {}
    for name, path in _step.paths(environment).items():
        folder = Path(path).parent
        is_output = folder.name == "outputs" and folder.parent.name != "inputs"
        (outputs if is_output else inputs)[name] = path
    return inputs, outputs
