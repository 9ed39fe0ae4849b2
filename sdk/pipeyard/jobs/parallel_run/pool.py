"""Worker processes: each mini-batch goes to the next free one; those that hang, die or fail are taken care of."""

import contextlib
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Self

from pipeyard.exceptions import UserErrorException
from pipeyard.jobs import _step
from pipeyard.jobs.parallel_run.batches import MiniBatch
from pipeyard.jobs.parallel_run.worker import Broken, Ready, Setup, Task, Tried, work

MAX_STILLBORN = 3
"""Workers in a row that may die before their `init()` has returned."""
_END_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A mini-batch that is over.

    Attributes:
        error: Why it failed at its last try, "" where it did not.
    """

    batch: MiniBatch
    succeeded: int = 0
    rows: str = ""
    error: str = ""


@dataclass(slots=True, eq=False)
class _Worker:
    process: SpawnProcess
    connection: Connection
    ready: bool = False
    task: Task | None = None
    deadline: float = float("inf")


class WorkerPool:
    """A fixed number of workers. Use it in a `with` block: no worker is left after it.

    Args:
        setup: What the workers are told.
        size: How many.
        timeout_seconds: For one call of `run()`.
        max_try: Tries of a mini-batch.
    """

    def __init__(self, setup: Setup, *, size: int, timeout_seconds: float, max_try: int) -> None:
        self._setup = setup
        self._size = size
        self._timeout_seconds = timeout_seconds
        self._max_try = max_try
        self._context = multiprocessing.get_context("spawn")  # a forked copy of a process with threads may hang
        self._workers: list[_Worker] = []
        self._waiting: deque[Task] = deque()
        self._stillborn = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            with contextlib.suppress(OSError):
                worker.connection.send(None) if worker.task is None and worker.ready else self._signal(
                    worker, signal.SIGTERM
                )
        deadline = time.monotonic() + _END_SECONDS
        for worker in self._workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
        for worker in self._workers:
            self._discard(worker)
        self._workers.clear()

    def run(self, batches: Sequence[MiniBatch]) -> Iterator[Outcome]:
        """Work on all mini-batches, and tell of each when it is over, in any order.

        Raises:
            UserErrorException: The entry script cannot be used.
        """
        self._waiting.extend(Task(batch=batch, attempt=1) for batch in batches)
        for _ in range(min(self._size, len(batches))):
            self._start()
        while self._waiting or any(worker.task for worker in self._workers):
            self._give_out()
            yield from self._look()

    def _start(self) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=work, args=(self._setup, theirs), daemon=False)
        process.start()
        theirs.close()  # so that the end of the process is the end of the pipe
        self._workers.append(_Worker(process, ours))

    def _give_out(self) -> None:
        for worker in self._workers:
            if worker.ready and worker.task is None and self._waiting:
                worker.task = self._waiting.popleft()
                worker.deadline = time.monotonic() + self._timeout_seconds
                with contextlib.suppress(OSError):  # it just died: its sentinel says so
                    worker.connection.send(worker.task)

    def _look(self) -> Iterator[Outcome]:
        """Wait until something happens, and take note of it."""
        left = min(worker.deadline for worker in self._workers) - time.monotonic()
        seconds = None if left == float("inf") else max(0.0, left)
        found = set(wait([worker.connection for worker in self._workers], seconds))
        for worker in list(self._workers):
            if worker.connection in found:
                yield from self._hear(worker)
            elif worker.deadline <= time.monotonic():
                yield from self._lose(
                    worker, f"run() took longer than {self._timeout_seconds:g} seconds and was ended."
                )

    def _hear(self, worker: _Worker) -> Iterator[Outcome]:
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join(_END_SECONDS)
            yield from self._lose(worker, f"The worker died ({_cause(worker.process.exitcode)}).")
            return
        match message:
            case Ready():
                worker.ready, self._stillborn = True, 0
            case Broken(text=text):
                raise UserErrorException(f"The entry script could not be loaded, or its init() failed:\n{text}")
            case Tried() as tried:
                task, worker.task, worker.deadline = worker.task, None, float("inf")
                if task is not None:
                    yield from self._settle(task, tried)

    def _settle(self, task: Task, tried: Tried) -> Iterator[Outcome]:
        if not tried.error:
            yield Outcome(batch=task.batch, succeeded=tried.succeeded, rows=tried.rows)
            return
        number = f"mini-batch {task.batch.index} failed (try {task.attempt} of {self._max_try})"
        _step.say(f"{number}: {tried.error}")
        if tried.again and task.attempt < self._max_try:
            self._waiting.appendleft(Task(batch=task.batch, attempt=task.attempt + 1))
        else:
            yield Outcome(batch=task.batch, error=tried.error)

    def _lose(self, worker: _Worker, why: str) -> Iterator[Outcome]:
        """A worker is gone, or must go: another one takes its place, and its mini-batch has had a try."""
        self._discard(worker)
        self._workers.remove(worker)
        if worker.task is not None:
            yield from self._settle(worker.task, Tried(index=worker.task.batch.index, error=why))
        elif not worker.ready:
            self._stillborn += 1
            _step.say(f"{why} Its init() had not returned.")
            if self._stillborn >= MAX_STILLBORN:
                raise UserErrorException(f"{MAX_STILLBORN} workers in a row died before their init() had returned.")
        if self._waiting:
            self._start()

    def _discard(self, worker: _Worker) -> None:
        self._signal(worker, signal.SIGKILL)
        worker.process.join()
        worker.connection.close()

    def _signal(self, worker: _Worker, number: int) -> None:
        pid = worker.process.pid
        if pid is None:
            return
        try:
            os.killpg(pid, number)  # the worker and what its script has started
        except (ProcessLookupError, PermissionError):
            with contextlib.suppress(ProcessLookupError):
                if worker.process.exitcode is None:  # it has no group of its own yet
                    os.kill(pid, number)


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"signal {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"
