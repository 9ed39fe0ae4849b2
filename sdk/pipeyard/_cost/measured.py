"""What a workspace does for a run, a step and a minute of waiting: the numbers of `measured.toml`."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache

from pipeyard._cost.documents import text_of

FILE = "measured.toml"


@lru_cache(maxsize=1)
def load_measured() -> Mapping[str, float]:
    """Every number by its name, whether it was measured or follows from something that was read."""
    document = tomllib.loads(text_of(FILE))
    return {name: float(entry["value"]) for part in ("measured", "derived") for name, entry in document[part].items()}


def looks(seconds: float, counts: Mapping[str, float]) -> int:
    """How often somebody looks at a job of so many seconds before it says that it has ended.

    The pauses grow from look to look up to a longest one, as in `orchestrators/run_step.py`.
    """
    wait = passed = counts["look_first_seconds"]
    found = 0
    while passed < seconds:
        found += 1
        wait = min(wait * counts["look_growth"], counts["look_longest_seconds"])
        passed += wait
    return found
