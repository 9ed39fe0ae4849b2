"""The orchestration engine as triggers and activities see it."""

from datetime import datetime
from typing import Protocol


class Engine(Protocol):
    """The orchestration engine as triggers and activities see it."""

    def start_run(self, run_id: str) -> None:
        """Start the run's orchestration under the run's own id; does nothing if it is alive already."""
        ...

    def start_step(self, run_id: str, ordinal: int) -> None:
        """Start the orchestration of one step of a live run again."""
        ...

    def start_collecting(self, schedule_id: str) -> None:
        """Have the files that arrived for a schedule turned into runs; does nothing if that is under way already."""
        ...

    def start_delivery(self, webhook_id: str, delivery_id: str) -> None:
        """Start the orchestration that delivers a message to a webhook; does nothing if it is alive already."""
        ...

    def is_alive(self, instance_id: str) -> bool:
        """Whether an orchestration with this id exists and has not ended."""
        ...

    def count_ended(self, before: datetime) -> int:
        """How many orchestrations that were created earlier have ended and are still remembered."""
        ...

    def forget_ended(self, since: datetime, before: datetime) -> tuple[int, bool]:
        """Forget ended orchestrations that were created in this time.

        Returns:
            How many went, and whether these were all: a call ends after some minutes.
        """
        ...

    def raise_event(self, instance_id: str, event: str, data: dict[str, str | int]) -> None:
        """Send an event; nothing happens if no such orchestration is alive."""
        ...
