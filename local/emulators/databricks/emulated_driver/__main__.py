"""`python -m emulated_driver TASK`: run a task, note its end, and fail as it failed."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from .program import run
from .task import Task


def main(file: Path) -> int:
    """Run the task of a file; returns the exit code."""
    sys.path.remove(str(Path(__file__).parents[1]))  # the code's own imports are not to find what is here
    task = Task.read(file)
    outcome = run(task)
    if outcome.trace:
        print(outcome.trace, file=sys.stderr, end="")
    sys.stdout.flush()
    for thread in threading.enumerate():  # which may still write files, as the interpreter would let them
        if thread not in {threading.main_thread(), threading.current_thread()} and not thread.daemon:
            thread.join()
    outcome.write(Path(task.result))
    return 0 if outcome.succeeded else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
