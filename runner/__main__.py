"""`python -m runner JOB_DIRECTORY [CACHE_DIRECTORY]`: run one job in the foreground."""

from __future__ import annotations

import sys
from pathlib import Path

from .job import run_job

_USAGE = 2


def main(arguments: list[str]) -> int:
    """Run the job; 0 if it completed, 1 if it ended otherwise, 3 if it had been started before."""
    if len(arguments) not in (1, 2):
        print("usage: python -m runner JOB_DIRECTORY [CACHE_DIRECTORY]", file=sys.stderr)
        return _USAGE
    cache = Path(arguments[1]).absolute() if len(arguments) > 1 else None
    return run_job(Path(arguments[0]).absolute(), cache)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
