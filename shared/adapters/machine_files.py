"""The content cache and the job folders below the data folder of this machine, as the `MachineFiles` port.

Jobs have hard links into the cache, so a file that goes from the cache stays with those that read it.
"""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path


class DataFolder:
    """What local processes leave below the data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._cache = data_dir / "cache"
        self._jobs = data_dir / "jobs"

    def sweep(self, before: datetime, is_needed: Callable[[str], bool], *, dry_run: bool) -> tuple[int, int]:
        """See `MachineFiles.sweep`."""
        limit = before.timestamp()
        count = size = 0
        for path in self._old_files(limit):
            count, size = count + 1, size + _bytes(path)
            if not dry_run:
                path.unlink(missing_ok=True)
        for folder in self._jobs.glob("*/"):
            if _used_at(folder) < limit and not is_needed(folder.name):
                count, size = count + 1, size + sum(_bytes(path) for path in folder.rglob("*"))
                if not dry_run:
                    shutil.rmtree(folder, ignore_errors=True)  # a folder that a script closed is the janitor's
        return count, size

    def _old_files(self, limit: float) -> Iterator[Path]:
        for path in self._cache.glob("*/*/*"):
            if _used_at(path) < limit:
                yield path


def _used_at(path: Path) -> float:
    """When it was last read or made; the seal of a cached file is its time of modification, which says nothing."""
    try:
        status = path.lstat()
    except OSError:  # gone meanwhile
        return float("inf")
    return max(status.st_atime, status.st_ctime) if path.is_file() else status.st_mtime


def _bytes(path: Path) -> int:
    try:
        return path.lstat().st_size if path.is_file() else 0
    except OSError:
        return 0
