"""Records that may be believed for some seconds: each step of a run asks for the same ones again and again."""

from collections.abc import Callable
from datetime import datetime, timedelta

BELIEVED_FOR = timedelta(seconds=10)


class Recent[Record]:
    """Records as they were read last. Thread-safe: single operations on dicts are."""

    def __init__(self, believed_for: timedelta = BELIEVED_FOR) -> None:
        self._believed_for = believed_for
        self._records: dict[str, tuple[datetime, Record]] = {}

    def get(self, key: str, now: datetime, read: Callable[[], Record | None]) -> Record | None:
        """The record, read again if it was read too long ago. That there is none is not remembered."""
        known = self._records.get(key)
        if known is not None and now - known[0] < self._believed_for:
            return known[1]
        found = read()
        if found is None:
            self.forget(key)
        else:
            self._records[key] = (now, found)
        return found

    def forget(self, key: str) -> None:
        """Read the record anew when it is next asked for."""
        self._records.pop(key, None)
