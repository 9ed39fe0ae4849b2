"""Rows of runs and steps, and results by reuse key."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.core.records import ClaimOwner, Page, ReuseEntry, RunFilter, RunRecord, StepRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResult:
    """A row of the reuse store: exactly one of the first two is there.

    Attributes:
        entry: A finished result.
        claim: Somebody's announcement that the result is on its way.
        key: The reuse key; None where the row is the latest result of a step in an experiment.
        address: Where the row is.
        etag: Its version.
    """

    entry: ReuseEntry | None
    claim: ClaimOwner | None
    key: str | None
    address: tuple[str, str]
    etag: str


class RunStore(Protocol):
    """Rows of runs and their steps. Rows of one run share a partition; lists are newest first."""

    def create_run(self, run: RunRecord) -> bool:
        """Write a new run with its index rows. False, and nothing changed, if the run id exists already."""
        ...

    def get_run(self, run_id: str) -> RunRecord:
        """The run's row.

        Raises:
            NotFound: No such run.
        """
        ...

    def update_run(self, run: RunRecord) -> RunRecord:
        """Replace the row if it still has `run.etag`; index rows follow. Returns the record with its new etag.

        A run that reaches a terminal status leaves the list of active runs.

        Raises:
            Conflict: Somebody changed the row since it was read.
            NotFound: No such run.
        """
        ...

    def list_runs(self, run_filter: RunFilter, page_size: int, continuation_token: str | None) -> Page[RunRecord]:
        """One page, newest first. A page may be shorter than `page_size` and still have a successor.

        Raises:
            InvalidDocument: The token was not made by an earlier page.
        """
        ...

    def list_active_run_ids(self) -> list[str]:
        """Every run that is not in a terminal status, in no particular order."""
        ...

    def created_before(self, before: datetime, position: str, size: int) -> tuple[list[RunRecord], str | None]:
        """Up to `size` runs that were created earlier, newest first, and the position after them, None at the end.

        Unlike a page of `list_runs` it can be asked for again after some of the runs were deleted. Records are
        copies: a status may lag, and `etag` is not filled in.
        """
        ...

    def delete_run(self, run: RunRecord) -> int:
        """Delete a run's row, its steps, and the copies in the lists; returns how many rows went.

        Can be repeated after a crash with the same record: the copy that `created_before` finds goes last.
        """
        ...

    def forget_creation(self, run_id: str, before: datetime) -> None:
        """Take a run that never came to be off the list of active ones, unless its creation began later."""
        ...

    def put_steps(self, run_id: str, steps: list[StepRecord]) -> None:
        """Write many rows of steps at once, whatever is there; durable when it returns."""
        ...

    def insert_step(self, run_id: str, step: StepRecord) -> StepRecord | None:
        """Write the first row of a step; returns it with its etag. None, and nothing changed, if there is a row."""
        ...

    def replace_step(self, run_id: str, step: StepRecord) -> StepRecord:
        """Replace a row that still has `step.etag`; returns it with its new one.

        Raises:
            Conflict: Somebody changed the row since it was read.
        """
        ...

    def get_step(self, run_id: str, ordinal: int) -> StepRecord | None:
        """A step's row, None while there is none."""
        ...

    def get_steps(self, run_id: str) -> list[StepRecord]:
        """All step rows of a run, by ordinal. Steps that have not begun have no row."""
        ...


class ReuseStore(Protocol):
    """Finished results by reuse key, claims on keys under way, and the latest result per step of an experiment."""

    def find(self, key: str) -> ReuseEntry | None:
        """The finished result for a key; None where there is none (a claim alone is none)."""
        ...

    def claim(self, key: str, owner: ClaimOwner) -> ReuseEntry | ClaimOwner | None:
        """Announce that `owner` is about to produce this key.

        Returns:
            None when the claim is ours (also when it was ours before); the finished entry if there is one; else the
            owner who holds it.
        """
        ...

    def take_over(self, key: str, dead: ClaimOwner, owner: ClaimOwner) -> bool:
        """Replace the claim of an owner who will never finish. False if the row changed meanwhile: look again."""
        ...

    def release(self, key: str, owner: ClaimOwner) -> None:
        """Drop the claim if `owner` still holds it; otherwise do nothing."""
        ...

    def publish(self, entry: ReuseEntry) -> None:
        """Make a result findable by its key: replaces a claim or an older entry."""
        ...

    def set_latest(self, experiment: str, entries: list[ReuseEntry]) -> None:
        """Make these results the latest of their steps (`step_name`) in an experiment."""
        ...

    def forget(self, key: str) -> None:
        """Drop a finished entry that turned out not to be there any more. Missing is fine."""
        ...

    def rows(self, position: str, size: int) -> tuple[list[StoredResult], str | None]:
        """Up to `size` rows of any kind, and the position after them, None at the end."""
        ...

    def drop(self, row: StoredResult) -> bool:
        """Delete a row that is still as it was read. False if somebody else changed it."""
        ...

    def latest(self, experiment: str) -> dict[str, ReuseEntry]:
        """The latest finished result of every step of an experiment, by step name."""
        ...
