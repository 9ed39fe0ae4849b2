"""How many runs may be started: by one caller in a minute, and by all of them together.

What is known is kept in memory between requests, so that the ordinary submit costs one request to storage: a row per
caller, replaced with its etag, which tells when another instance has counted meanwhile.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from shared.core.catalogue import CatalogueRecord
from shared.core.errors import Conflict, NotFound, TooManyRequests
from shared.core.identity import Caller
from shared.ports.services import Services

_TRIES = 5
_LOOK_EVERY = timedelta(seconds=5)
_REMEMBERED_CALLERS = 1000
_QUEUE_WAIT_SECONDS = 10


class RunRate(CatalogueRecord):
    """How many runs a caller has started in a minute.

    Attributes:
        minute: Its beginning, in ISO 8601.
    """

    kind: ClassVar[str] = "run_rate"
    label: ClassVar[str] = "run rate"

    caller_id: str
    minute: str
    count: int

    @property
    def key(self) -> str:
        """The caller's id."""
        return self.caller_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits; 0 turns one off."""

    runs_per_minute: int = 0
    active_runs: int = 0


NO_LIMITS = Limits()


class RunLimits:
    """The limits of one workspace, and what this process remembers of them. Safe for many threads."""

    def __init__(self, services: Services, limits: Limits) -> None:
        self._services = services
        self._limits = limits
        self._lock = threading.Lock()
        self._rates: dict[str, RunRate] = {}
        self._active = 0
        self._looked: datetime | None = None

    def admit(self, caller: Caller) -> None:
        """Count a run that a caller is about to start.

        Raises:
            TooManyRequests: A limit is reached; nothing was counted.
        """
        now = self._services.clock.now()
        if self._limits.active_runs:
            self._check_queue(now)
        if self._limits.runs_per_minute and caller.authenticated:
            self._count(caller, now)

    def _check_queue(self, now: datetime) -> None:
        limit = self._limits.active_runs
        with self._lock:
            # Runs that have ended since the last look make the count too high, so nobody is refused without a look.
            old = self._looked is None or now - self._looked >= _LOOK_EVERY or self._active >= limit
        if old:
            active = len(self._services.runs.list_active_run_ids())
            with self._lock:
                self._active, self._looked = active, now
        with self._lock:
            if self._active >= limit:
                raise TooManyRequests(
                    f"{self._active} runs are not over yet; this workspace takes at most {limit} at a time. "
                    "Try again when some have ended.",
                    wait_seconds=_QUEUE_WAIT_SECONDS,
                )
            self._active += 1

    def _count(self, caller: Caller, now: datetime) -> None:
        minute = now.replace(second=0, microsecond=0).isoformat()
        for _ in range(_TRIES):
            known = self._rates.get(caller.id) or self._services.catalogue.find(RunRate, caller.id)
            count = known.count + 1 if known is not None and known.minute == minute else 1
            if count > self._limits.runs_per_minute:
                raise TooManyRequests(
                    f"{caller.name} has started {self._limits.runs_per_minute} runs in this minute, which is the most "
                    f"that one caller may. Try again in {60 - now.second} seconds.",
                    wait_seconds=60 - now.second,
                )
            rate = RunRate(caller_id=caller.id, minute=minute, count=count, etag=known.etag if known else None)
            try:
                written = self._write(rate)
            except (Conflict, NotFound):  # another instance counted meanwhile
                self._rates.pop(caller.id, None)
                continue
            with self._lock:
                if len(self._rates) >= _REMEMBERED_CALLERS:
                    self._rates.clear()
                self._rates[caller.id] = written
            return
        raise TooManyRequests(f"{caller.name} starts many runs at the same moment. Try again.", wait_seconds=1)

    def _write(self, rate: RunRate) -> RunRate:
        catalogue = self._services.catalogue
        return catalogue.insert(rate) if rate.etag is None else catalogue.replace(rate)
