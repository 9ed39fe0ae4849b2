"""Places on compute targets that take only so many jobs at once: who holds one, who waits for one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from .document import Document


class Lease(Document):
    """A row of a target: a slot that a step run holds, or its place in the queue for one.

    Rows expire, so that whatever ends without a word cannot keep a slot for ever.

    Attributes:
        row: `slot:00000` for the first slot; `queue:<time>:<holder>` for a place in the queue, first come first served.
        holder: Step run id.
        expires_at: The row counts for nothing from then on.
        etag: The row's version as read or written; not stored in the row.
    """

    schema_version: Literal[1] = 1
    target: str
    row: str
    holder: str
    expires_at: str
    etag: Annotated[str | None, Field(exclude=True)] = None

    @property
    def is_slot(self) -> bool:
        """Whether this is a slot rather than a place in the queue."""
        return self.row.startswith("slot:")

    def is_live(self, now: datetime) -> bool:
        """Whether the row still counts."""
        return datetime.fromisoformat(self.expires_at) > now


def slot_row(slot: int) -> str:
    """Key of a slot, counted from 0."""
    return f"slot:{slot:05d}"


def queue_row(since: datetime, holder: str) -> str:
    """Key of a place in the queue; keys are in the order in which their holders came."""
    return f"queue:{since.isoformat()}:{holder}"


def held_slot(rows: Sequence[Lease], holder: str) -> Lease | None:
    """The slot that somebody holds, live or not."""
    return next((row for row in rows if row.is_slot and row.holder == holder), None)


def occupied(rows: Sequence[Lease], now: datetime) -> int:
    """How many slots are taken."""
    return sum(row.is_slot and row.is_live(now) for row in rows)


def ahead(rows: Sequence[Lease], holder: str, now: datetime) -> int:
    """How many wait in front of somebody; all who wait, where they do not wait themselves."""
    queue = sorted((row for row in rows if not row.is_slot and row.is_live(now)), key=lambda row: row.row)
    return next((place for place, row in enumerate(queue) if row.holder == holder), len(queue))


def free_slot(rows: Sequence[Lease], limit: int, now: datetime) -> int | None:
    """The first slot that nobody holds, None where there is none."""
    taken = {row.row for row in rows if row.is_slot and row.is_live(now)}
    if len(taken) >= limit:
        return None
    return next(slot for slot in range(limit) if slot_row(slot) not in taken)
