"""Slots of compute targets that take only so many jobs at once.

A step run takes a slot before its try is submitted, renews it whenever it is looked after, and gives it back when the
try has ended. Slots expire, so a crash leaves none behind for long. A job that outlived its slot (nobody looked after
it for that long) goes on and takes a slot again when there is one: for a while there may be one job too many, which
does less harm than ending a job that works.

Whoever finds no free slot gets a place in the queue, so that slots go round in the order in which they were asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.core.leases import Lease, ahead, free_slot, held_slot, occupied, queue_row, slot_row
from shared.ports.leases import LeaseStore

SLOT_VALIDITY = timedelta(minutes=15)
"""Three times the longest pause between two looks at a running job (`orchestrators/run_step.py`)."""
RENEW_BEFORE = timedelta(minutes=10)
"""A slot that lives longer than this is not renewed yet: a job that is looked at often need not write each time."""
QUEUE_VALIDITY = timedelta(minutes=2)
"""Four times the longest pause between two looks for a slot."""
TAKE_TRIES = 8
"""How often another slot is tried after somebody else took one first."""
LONGEST_WAIT_SECONDS = 30.0
FIRST_WAIT_SECONDS = 0.5
HEAD_WAIT_SECONDS = 5.0
"""Longest pause for who is next; each place further back waits that much longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupied:
    """There is no free slot.

    Attributes:
        taken: Slots that are taken.
        limit: Slots that there are.
        ahead: Step runs that wait in front.
    """

    taken: int
    limit: int
    ahead: int


class Slots:
    """The slots of all compute targets. Thread-safe."""

    def __init__(self, leases: LeaseStore, now: Callable[[], datetime]) -> None:
        self._leases = leases
        self._now = now
        self._known: dict[str, Lease] = {}
        """Slots by holder as this process wrote them last: what is here needs no look."""

    def take(self, target: str, limit: int, holder: str) -> Occupied | None:
        """Take a slot for a step run, or renew the one that it has; None once it has one.

        Args:
            target: The compute target.
            limit: How many slots it has.
            holder: Step run id.
        """
        for _ in range(TAKE_TRIES):
            now = self._now()
            rows = self._leases.of_target(target)
            held = held_slot(rows, holder)
            if held is not None and held.is_live(now):
                if self._renew(held, now):
                    return None
                continue
            waiting = ahead(rows, holder, now)
            slot = free_slot(rows, limit, now)
            if slot is None or occupied(rows, now) + waiting >= limit:
                self._queue(target, holder, rows, now)
                return Occupied(taken=occupied(rows, now), limit=limit, ahead=waiting)
            if self._claim(target, slot, holder, rows, now):
                return None
        return Occupied(taken=limit, limit=limit, ahead=0)  # Many take slots at this moment; the next look will tell.

    def keep(self, target: str, limit: int, holder: str) -> None:
        """Renew the slot of a job that is running, or take one again if it expired and there is one."""
        now = self._now()
        known = self._known.get(holder)
        if known is not None and (_lives_long(known, now) or (known.is_live(now) and self._renew(known, now))):
            return
        rows = self._leases.of_target(target)
        held = held_slot(rows, holder)
        if held is not None and held.is_live(now):
            self._renew(held, now)
            return
        slot = free_slot(rows, limit, now)
        if slot is not None:
            self._claim(target, slot, holder, rows, now)

    def release(self, target: str, holder: str) -> None:
        """Give back a step run's slot and its place in the queue, if it has any."""
        known = self._known.pop(holder, None)
        if known is not None and self._leases.delete(known):
            return  # Otherwise another process renewed it meanwhile.
        for row in self._leases.of_target(target):
            if row.holder == holder:
                self._leases.delete(row)

    def holders(self, target: str) -> list[str]:
        """Step runs that hold a slot of a target now."""
        now = self._now()
        return [row.holder for row in self._leases.of_target(target) if row.is_slot and row.is_live(now)]

    def taken(self, target: str) -> int:
        """How many jobs hold a slot of a target now."""
        return occupied(self._leases.of_target(target), self._now())

    def _renew(self, lease: Lease, now: datetime) -> bool:
        if _lives_long(lease, now):
            self._known[lease.holder] = lease
            return True
        renewed = lease.model_copy(update={"expires_at": (now + SLOT_VALIDITY).isoformat()})
        return self._remember(lease.holder, self._leases.replace(renewed))

    def _claim(self, target: str, slot: int, holder: str, rows: list[Lease], now: datetime) -> bool:
        """Take one slot, from nobody or from whoever let it expire, and give up whatever else the holder has."""
        row = slot_row(slot)
        lease = Lease(target=target, row=row, holder=holder, expires_at=(now + SLOT_VALIDITY).isoformat())
        expired = next((each for each in rows if each.row == row), None)
        if expired is None:
            taken = self._remember(holder, self._leases.insert(lease))
        else:
            taken = self._remember(holder, self._leases.replace(lease.model_copy(update={"etag": expired.etag})))
        for each in rows if taken else ():
            if each.holder == holder and each.row != row:
                self._leases.delete(each)
        return taken

    def _remember(self, holder: str, lease: Lease | None) -> bool:
        self._known.pop(holder, None)
        if lease is None:
            return False
        self._known[holder] = lease
        return True

    def _queue(self, target: str, holder: str, rows: list[Lease], now: datetime) -> None:
        """Get a place in the queue, or say that one is still wanted."""
        expires_at = (now + QUEUE_VALIDITY).isoformat()
        place = next((row for row in rows if row.holder == holder and not row.is_slot), None)
        if place is None:
            self._leases.insert(Lease(target=target, row=queue_row(now, holder), holder=holder, expires_at=expires_at))
        elif datetime.fromisoformat(place.expires_at) - now < QUEUE_VALIDITY / 2:
            self._leases.replace(place.model_copy(update={"expires_at": expires_at}))
        for row in rows:
            if not row.is_slot and not row.is_live(now) and row.holder != holder:
                self._leases.delete(row)


def wait_seconds(queued_at: str | None, now: datetime, ahead_of_it: int) -> float:
    """Pause before the next look for a slot: a quarter of the time waited so far, shorter for who is next."""
    waited = (now - datetime.fromisoformat(queued_at)).total_seconds() if queued_at else 0.0
    longest = min(LONGEST_WAIT_SECONDS, HEAD_WAIT_SECONDS * (ahead_of_it + 1))
    return min(longest, max(FIRST_WAIT_SECONDS, waited / 4))


def _lives_long(lease: Lease, now: datetime) -> bool:
    return datetime.fromisoformat(lease.expires_at) - now > RENEW_BEFORE
