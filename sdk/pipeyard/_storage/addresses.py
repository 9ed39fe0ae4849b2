"""Addresses of files on a datastore: asked for some hundred at a time, and anew before their signatures run out."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping

BATCH = 500
"""Files in one question; the workspace takes 1,000."""
FRESH_SECONDS = 40 * 60.0
"""Signatures last an hour: an address is used for less than that, so that what begins with it also ends."""

Ask = Callable[[list[str]], Mapping[str, str]]


class Addresses:
    """Addresses of some files. Safe for several threads."""

    def __init__(self, ask: Ask, paths: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        ordered = sorted(paths)
        batches = [ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH)]
        self._batch_of = {path: batch for batch in batches for path in batch}
        self._ask = ask
        self._clock = clock
        self._known: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def of(self, path: str) -> str:
        """The address of a file, good for a while."""
        with self._lock:
            address, asked_at = self._known.get(path, ("", 0.0))
            if not address or self._clock() - asked_at > FRESH_SECONDS:
                now = self._clock()
                self._known |= {each: (url, now) for each, url in self._ask(self._batch_of[path]).items()}
                address = self._known[path][0]
            return address
