"""How tests wait for what they can only look for: looks cost the very processors that the work itself needs."""

import time
from collections.abc import Callable

SHORTEST_SECONDS = 0.02
LONGEST_SECONDS = 0.25
SHARE = 0.15


def until[Value](
    look: Callable[[], Value | None], what: str = "it", *, limit: float = 100, pause: float | None = None
) -> Value:
    """The first true thing that `look` sees.

    Args:
        look: Looks once.
        what: What is waited for, for the error.
        limit: Seconds until the test fails; a machine five times slower keeps them.
        pause: Seconds between two looks, where being quick matters; otherwise they grow with the time that has passed.
    """
    began = time.monotonic()
    while not (seen := look()):
        waited = time.monotonic() - began
        assert waited < limit, f"after {limit} s still waiting for {what}"
        time.sleep(pause or min(max(SHORTEST_SECONDS, SHARE * waited), LONGEST_SECONDS))
    return seen
