"""How long the workspace keeps what it wrote, and how far a purge of the rest has come."""

from datetime import datetime, timedelta
from typing import ClassVar, Literal

from pydantic import Field

from .catalogue import CatalogueRecord
from .document import Document
from .records import RunRecord
from .status import RUN_TERMINAL

KEEP_LABEL = "keep"
"""A run with this label, whatever its value, is never removed."""
Mode = Literal["purge", "dry_run"]


class Retention(Document):
    """For how many days things are kept; 0 means for ever.

    Attributes:
        runs: Runs that have ended, with their logs, metrics and files.
        reuse: Results that no run has stood on for so long.
        audit: Lines of the audit log.
        history: What schedules did, what webhooks were sent, ended orchestrations, job files of compute services.
        unused: Content that nothing refers to; never less than a day, because it may be about to be referred to.
    """

    runs: int = Field(default=365, ge=0)
    reuse: int = Field(default=365, ge=0)
    audit: int = Field(default=730, ge=0)
    history: int = Field(default=90, ge=0)
    unused: int = Field(default=7, ge=1)

    def cutoff(self, what: Literal["runs", "reuse", "audit", "history", "unused"], now: datetime) -> datetime | None:
        """What is older than this may go; None where nothing may."""
        days: int = getattr(self, what)
        return now - timedelta(days=days) if days else None


KEEP_LONG = Retention()


class Removed(Document):
    """How much of one sort went (or would go)."""

    count: int = 0
    bytes: int = 0

    def plus(self, other: "Removed") -> "Removed":
        """Both together."""
        return Removed(count=self.count + other.count, bytes=self.bytes + other.bytes)


class Purge(CatalogueRecord):
    """A purge, or its dry run, and how far it has come: whoever goes on after a crash begins where this says.

    Attributes:
        mode: Whether anything is removed.
        plan: Digest of the phases' names: a purge that began with other phases, before an upgrade, begins anew.
        phase: Name of the phase that is at work, "" once it is over.
        position: Where the phase goes on, in its own words.
        marks: Name of the blob that holds what was marked until now; None where nothing was.
        removed: How much went, by sort.
        notes: Sentences for the administrator.
        results_dropped_at: When results were last dropped: their outputs wait a while, for runs that saw them just
            before.
    """

    kind: ClassVar[str] = "purge"
    label: ClassVar[str] = "purge"

    mode: Mode
    purge_id: str
    started_at: str
    ended_at: str | None = None
    plan: str
    phase: str
    position: str = ""
    marks: str | None = None
    removed: dict[str, Removed] = {}
    notes: tuple[str, ...] = ()
    results_dropped_at: str | None = None

    @property
    def key(self) -> str:
        """There is one of each mode."""
        return self.mode

    @property
    def dry_run(self) -> bool:
        """Whether it only looks."""
        return self.mode == "dry_run"

    def tallied(self, removed: dict[str, Removed]) -> dict[str, Removed]:
        """What went until now, and this."""
        merged = dict(self.removed)
        for sort, more in removed.items():
            if more.count:
                merged[sort] = merged.get(sort, Removed()).plus(more)
        return merged


def has_expired(run: RunRecord, cutoff: datetime | None) -> bool:
    """Whether a run may go: it ended long enough ago, and nobody said that it is to be kept."""
    if cutoff is None or run.status not in RUN_TERMINAL or KEEP_LABEL in run.labels:
        return False
    return datetime.fromisoformat(run.ended_at or run.created_at) < cutoff
