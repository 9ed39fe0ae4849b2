"""Files that were fetched once, kept by the digest that the workspace names for them.

The cache lies in `~/.cache/pipeyard` unless `PIPEYARD_CACHE` names another folder. It may be deleted at any time.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

CACHE_VARIABLE = "PIPEYARD_CACHE"
NAME_CHARACTERS = 80

_UNUSUAL = re.compile(r"[^A-Za-z0-9._-]+")


def cache_folder() -> Path:
    """Where fetched files are kept."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else Path.home() / ".cache" / "pipeyard"


def cached_path(digest: str, name: str) -> Path:
    """The place of a file in the cache. Its name ends as the original does: readers look at the extension."""
    key = hashlib.sha256(digest.encode()).hexdigest()
    plain = _UNUSUAL.sub("_", name.rpartition("/")[2])[-NAME_CHARACTERS:]
    return cache_folder() / "files" / key[:2] / key / (plain or "file")


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for one evaluation, on the cache's disk if there is one: it may have to hold much."""
    parent: Path | None = cache_folder() / "scratch"
    try:
        cache_folder().joinpath("scratch").mkdir(parents=True, exist_ok=True)
    except OSError:
        parent = None  # a job's home may be read-only; the system's temporary folder is not
    with TemporaryDirectory(dir=parent, ignore_cleanup_errors=True) as folder:
        yield Path(folder)
