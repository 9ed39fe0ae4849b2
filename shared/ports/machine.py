"""What local processes leave on this machine's disk."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class MachineFiles(Protocol):
    """The content cache and the folders of jobs."""

    def sweep(self, before: datetime, is_needed: Callable[[str], bool], *, dry_run: bool) -> tuple[int, int]:
        """Remove what was not used since then.

        Args:
            before: The time.
            is_needed: Whether somebody still looks after a job, by its name.
            dry_run: Only count.

        Returns:
            How many files and folders went, and their bytes.
        """
        ...
