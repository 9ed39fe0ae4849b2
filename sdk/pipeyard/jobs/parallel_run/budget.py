"""How much may go wrong before a parallel run gives up."""

from dataclasses import dataclass

from pipeyard._core.parallel_run import ParallelRunSettings


@dataclass(slots=True, kw_only=True)
class ErrorBudget:
    """Counts what was done and what failed.

    Attributes:
        total: All mini-batches.
        done: Mini-batches that are over, failed ones included.
        failed: Mini-batches that failed at their last try.
        items: Items of the mini-batches that are over.
        failed_items: Items that failed: all of a failed mini-batch, and those that `run()` returned nothing for.
    """

    settings: ParallelRunSettings
    total: int
    done: int = 0
    failed: int = 0
    items: int = 0
    failed_items: int = 0

    def count(self, items: int, succeeded: int, *, failed: bool) -> None:
        """Take note of a mini-batch that is over."""
        self.done += 1
        self.failed += failed
        self.items += items
        self.failed_items += max(0, items - succeeded)

    def overdrawn(self) -> str:
        """Why the run must stop, as a sentence; "" while it may go on."""
        allowed = self.settings
        if 0 <= allowed.error_threshold < self.failed_items:
            return f"{self.failed_items} items failed, more than the error_threshold of {allowed.error_threshold}."
        if allowed.allowed_failed_count is not None and self.failed > allowed.allowed_failed_count:
            return f"{self.failed} mini-batches failed, more than allowed_failed_count, {allowed.allowed_failed_count}."
        percent = allowed.allowed_failed_percent
        if percent is not None and self.failed * 100 > percent * self.total:
            return f"{self.failed} of {self.total} mini-batches failed, more than allowed_failed_percent, {percent:g}."
        return ""

    def summary(self) -> str:
        """Where the run stands, as a line for the log."""
        return (
            f"processed {self.done}/{self.total} mini-batches, {self.items} items, "
            f"{self.failed_items} items failed, {self.failed} mini-batches failed"
        )
