"""Time as the application sees it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The wall clock."""

    def now(self) -> datetime:
        """Current time, aware, in UTC."""
        ...
