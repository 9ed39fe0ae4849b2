"""A parallel run from start to end."""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from pipeyard._core.parallel_run import ParallelRunSettings
from pipeyard.core.run import Run
from pipeyard.exceptions import PipeyardException, UserErrorException
from pipeyard.jobs import _step
from pipeyard.jobs.parallel_run.batches import MiniBatch, cut, find_sources
from pipeyard.jobs.parallel_run.budget import ErrorBudget
from pipeyard.jobs.parallel_run.output import RowFile
from pipeyard.jobs.parallel_run.pool import WorkerPool
from pipeyard.jobs.parallel_run.worker import Setup
from pipeyard.parallel_run import Folders

PROGRESS_SECONDS = 10.0
"""At least this long between two lines about the progress; the first mini-batches are told at once."""
FIRST_LINES = 3


def main(arguments: Sequence[str]) -> int:
    """Run, and say on the log what went wrong; returns the exit code."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        _run(tuple(arguments))
    except PipeyardException as error:
        _step.say(f"The parallel run failed: {error.message}")
        return 1
    return 0


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    """Leave through every `with` block, so that no worker is left."""
    del frame
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(128 + number)


def _run(arguments: tuple[str, ...]) -> None:
    settings = _step.read_settings(ParallelRunSettings)
    sources = find_sources(settings.inputs)
    if not Path(settings.entry_script).is_file():
        raise UserErrorException(f"The entry script {settings.entry_script} is not in the step's source directory.")
    if settings.node_count > 1:
        _step.say(f"node_count is {settings.node_count}, but this compute is one machine: one node does all the work.")
    staging = Path(tempfile.mkdtemp(prefix="parallel_run_"))
    try:
        batches = cut(sources, settings, staging)
        rows = RowFile(staging / "rows")
        _work(settings, batches, _setup(settings, arguments, staging), rows)
        _write(settings, rows)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _setup(settings: ParallelRunSettings, arguments: tuple[str, ...], staging: Path) -> Setup:
    output = _step.path_of(settings.output) if settings.output is not None else None
    temporary = staging / "temp"
    temporary.mkdir(parents=True, exist_ok=True)
    if output is not None:
        Path(output).mkdir(parents=True, exist_ok=True)
    folders = Folders(
        working=str(Path.cwd()), input=_step.path_of(settings.inputs[0]), output=output, temporary=str(temporary)
    )
    return Setup(
        entry_script=settings.entry_script,
        arguments=arguments,
        logging_level=settings.logging_level,
        folders=folders,
    )


def worker_count(settings: ParallelRunSettings, batches: int) -> int:
    """How many workers make sense."""
    return max(1, min(settings.process_count_per_node or os.cpu_count() or 1, batches))


def _work(settings: ParallelRunSettings, batches: Sequence[MiniBatch], setup: Setup, rows: RowFile) -> None:
    budget = ErrorBudget(settings=settings, total=len(batches))
    size = worker_count(settings, len(batches))
    _step.say(f"{len(batches)} mini-batches of {', '.join(settings.inputs)} for {size} workers")
    progress = _Progress(budget)
    pool = WorkerPool(setup, size=size, timeout_seconds=settings.run_invocation_timeout, max_try=settings.run_max_try)
    try:
        with pool:
            for outcome in pool.run(batches):
                failed = bool(outcome.error)
                # A partition is one item, whatever number of rows is made of it.
                succeeded = int(not failed) if outcome.batch.partition is not None else outcome.succeeded
                budget.count(outcome.batch.items, succeeded, failed=failed)
                if settings.output_action == "append_row":
                    rows.add(outcome.batch.index, outcome.rows)
                progress.tell()
                if reason := budget.overdrawn():
                    raise UserErrorException(reason)
    finally:
        progress.end()


def _write(settings: ParallelRunSettings, rows: RowFile) -> None:
    if settings.output is not None and settings.output_action == "append_row":
        target = Path(_step.path_of(settings.output)) / settings.append_row_file_name
        rows.write(target)
        _step.say(f"rows are in {settings.append_row_file_name} of the output {settings.output}")


class _Progress:
    """Lines in the log, now and then, and the final counts as metrics."""

    def __init__(self, budget: ErrorBudget) -> None:
        self._budget = budget
        self._run = Run.get_context()
        self._next = time.monotonic()

    def tell(self) -> None:
        if self._budget.done > FIRST_LINES and time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PROGRESS_SECONDS
        _step.say(self._budget.summary())
        self._log((("processed_mini_batches", self._budget.done), ("failed_items", self._budget.failed_items)))

    def end(self) -> None:
        budget = self._budget
        _step.say(f"end: {budget.summary()}")
        self._log(
            (
                ("total_mini_batches", budget.total),
                ("processed_mini_batches", budget.done),
                ("failed_mini_batches", budget.failed),
                ("processed_items", budget.items),
                ("failed_items", budget.failed_items),
            )
        )

    def _log(self, values: Iterable[tuple[str, int]]) -> None:
        for name, value in values:
            self._run.log(name, value)
