"""The file of all rows. Mini-batches end in any order; their rows are written in the order of the mini-batches."""

import shutil
from pathlib import Path


class RowFile:
    """Collects rows by mini-batch in a folder of its own, so that memory does not grow with the result."""

    def __init__(self, staging: Path) -> None:
        self._staging = staging
        self._parts: set[int] = set()
        staging.mkdir(parents=True, exist_ok=True)

    def add(self, index: int, text: str) -> None:
        """Keep the rows of a mini-batch."""
        if text:
            (self._staging / f"{index:09d}").write_text(text, encoding="utf-8", newline="")
            self._parts.add(index)

    def write(self, target: Path) -> None:
        """Write all rows; a run without any still has its file."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for index in sorted(self._parts):
                with (self._staging / f"{index:09d}").open("rb") as part:
                    shutil.copyfileobj(part, file)
