"""A job as a process: the script of a folder, its blobs fetched, run by DuckDB, and its files written as blobs.

`python -m local.emulators.data_lake_analytics.process`, started in the job's folder. At its end `report.json` says what
every step of the plan did, and what went wrong.
"""

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.emulators.processes import Command
from local.emulators.storage import Storage, StorageError
from runner.script import passed_on

SCRIPT, REPORT = "script.usql", "report.json"
_ROOT = Path(__file__).resolve().parents[3]


def command(folder: Path, script: str, connection: str) -> Command:
    """The process for a script, which works in `<folder>/work`."""
    work = folder / "work"
    work.mkdir(mode=0o700)
    (work / SCRIPT).write_text(script, encoding="utf-8", newline="")
    environment = {**passed_on(os.environ), "PIPEYARD_STORAGE": connection, "PYTHONPATH": str(_ROOT)}
    return Command([sys.executable, "-m", __name__], environment, folder / "log.txt")


def main() -> int:
    """Run the script of the working directory; returns the exit code."""
    report: dict[str, Any] = {"stages": []}
    folder = Path.cwd()
    script = (folder / SCRIPT).read_bytes().decode()
    message = _run(script, folder, Storage(os.environ["PIPEYARD_STORAGE"]), report["stages"])
    if message is not None:
        report["error"] = message
        print(message)
    (folder / REPORT).write_text(json.dumps(report), encoding="utf-8")
    return 0 if message is None else 1


def _run(script: str, folder: Path, storage: Storage, stages: list[dict[str, Any]]) -> str | None:
    """Every step of the plan; returns what went wrong. Blobs are written once everything is done."""
    # Here, because the emulator imports this module for the name of its command only.
    from pipeyard._core.usql.compiler import compile_script  # noqa: PLC0415 - as above
    from pipeyard._core.usql.plan import ExtractStep, OutputStep  # noqa: PLC0415 - as above
    from pipeyard.exceptions import PipeyardException  # noqa: PLC0415 - as above
    from pipeyard.jobs.usql.session import Session  # noqa: PLC0415 - as above

    from local.emulators.data_lake_analytics.files import BlobFiles  # noqa: PLC0415 - as above

    files = BlobFiles(storage, folder)
    try:
        with Session(folder) as session:
            for number, step in enumerate(compile_script(script, {}).steps, 1):
                began, before, written, here = time.perf_counter(), files.read, 0, step
                if isinstance(step, ExtractStep):
                    here = replace(step, files=tuple(files.fetch(each) for each in step.files))
                elif isinstance(step, OutputStep):
                    here = replace(step, path=str(files.output(step.path)))
                session.run(here)
                if isinstance(here, OutputStep):
                    written = Path(here.path).stat().st_size
                name = f"SV{number}_{type(step).__name__.removesuffix('Step')}"
                stages.append(_stage(name, time.perf_counter() - began, files.read - before, written))
        files.store()
    except (PipeyardException, StorageError) as error:
        return files.readable(getattr(error, "message", str(error)))
    return None


def _stage(name: str, seconds: float, read: int, written: int) -> dict[str, Any]:
    """A step of the plan, in the words of the service's statistics: one vertex each."""
    return {
        "stageName": name,
        "totalCount": 1,
        "succeededCount": 1,
        "failedCount": 0,
        "runningCount": 0,
        "dataRead": read,
        "dataWritten": written,
        "totalProgress": 100,
        "totalSucceededTime": f"PT{seconds:.6f}S",
    }


if __name__ == "__main__":
    sys.exit(main())
