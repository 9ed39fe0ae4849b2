"""Removes the directories of local jobs some time after their ends were recorded.

Later rather than at once, for two reasons: removing a dozen files is slow enough to be felt between two steps, and
as long as `result.json` is there, a submit that comes late finds the job instead of starting it again.
"""

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FORGOTTEN_FILE = "forgotten"
KEEP_SECONDS = 300.0
_SWEEP_SECONDS = 30.0


class JobJanitor:
    """Sweeps one folder of job directories, from a thread that ends with the process."""

    def __init__(self, jobs: Path) -> None:
        self._jobs = jobs
        self._closed = threading.Event()

    def start(self) -> None:
        """Sweep now and again from here on."""
        threading.Thread(target=self._work, name="job-janitor", daemon=True).start()

    def close(self) -> None:
        """Sweep no more."""
        self._closed.set()

    def mark(self, job: Path) -> None:
        """Note that a job's directory is not needed any more. A directory that does not exist is fine."""
        if job.is_dir():
            (job / FORGOTTEN_FILE).touch(mode=0o600)

    def sweep(self, keep_seconds: float = KEEP_SECONDS) -> None:
        """Remove every directory that was marked at least `keep_seconds` ago."""
        for mark in list(self._jobs.glob(f"*/{FORGOTTEN_FILE}")):
            try:
                age = time.time() - mark.stat().st_mtime
            except FileNotFoundError:
                continue
            if age >= keep_seconds:
                shutil.rmtree(mark.parent, onexc=_make_removable)

    def _work(self) -> None:
        while not self._closed.wait(_SWEEP_SECONDS):
            self.sweep()


def _make_removable(function: Callable[..., Any], path: str, error: BaseException) -> None:
    """Open folders that a script closed. Files stay as they are: they may be the cache's too."""
    if isinstance(error, FileNotFoundError):
        return
    if not isinstance(error, PermissionError):
        raise error
    folder = Path(path) if function in (os.scandir, os.listdir, os.open) else Path(path).parent
    folder.chmod(0o700)
    if folder == Path(path):
        shutil.rmtree(path)
    else:
        Path(path).unlink()
