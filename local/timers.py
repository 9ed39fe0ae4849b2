"""timerTrigger bindings: six-field NCRONTAB schedules in UTC."""

import asyncio
import json
import logging
import os
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

from local.functions_host import Function, FunctionsHost, InvocationError

log = logging.getLogger(__name__)

_SETTING = re.compile(r"%([^%]+)%")
_FIELDS = 6
_LONGEST_SLEEP = 60.0
"""Seconds. Sleeping in pieces follows the wall clock when the machine was asleep or the clock was set."""


class ScheduleError(Exception):
    """A timer's schedule cannot be read."""


class Timer:
    """One timer function. Its ticks run one after another; those missed during a long tick are skipped."""

    def __init__(self, host: FunctionsHost, function: Function) -> None:
        self._host = host
        self._function = function
        self._expression = _resolved(function)
        self._next = _next_after(function, self._expression, _now())
        self._last: datetime | None = None

    async def run(self) -> None:
        """Tick until cancelled."""
        if self._function.trigger.get("runOnStartup"):
            await self.tick(_now())
        while True:
            self._next = _next_after(self._function, self._expression, _now())
            await _sleep_until(self._next)
            await self.tick(self._next)

    async def tick(self, due: datetime) -> None:
        """Call the function once; a failure is logged and the schedule goes on."""
        last = (self._last or due).isoformat()
        state = {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": {"Last": last, "Next": self._next.isoformat(), "LastUpdated": last},
            "IsPastDue": _now() - due > timedelta(seconds=_LONGEST_SLEEP),
        }
        self._last = due
        try:
            await self._host.invoke(self._function, self._host.datum(json.dumps(state), "json"))
        except InvocationError:
            log.exception("Timer %s failed", self._function.name)


class Timers:
    """All timers of an app."""

    def __init__(self, host: FunctionsHost, functions: Iterable[Function]) -> None:
        found = [function for function in functions if function.trigger["type"] == "timerTrigger"]
        self._timers = [Timer(host, function) for function in found]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin ticking in the background."""
        self._tasks = [asyncio.create_task(timer.run()) for timer in self._timers]

    async def stop(self) -> None:
        """Tick no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


async def _sleep_until(moment: datetime) -> None:
    while True:
        left = (moment - _now()).total_seconds()
        if left <= 0:
            return
        await asyncio.sleep(min(left, _LONGEST_SLEEP))


def _resolved(function: Function) -> str:
    def setting(found: re.Match[str]) -> str:
        value = os.environ.get(found[1])
        if value is None:
            raise ScheduleError(f"Timer {function.name}: the setting {found[1]} of its schedule is not set.")
        return value

    return _SETTING.sub(setting, str(function.trigger["schedule"])).strip()


def _next_after(function: Function, expression: str, moment: datetime) -> datetime:
    problem = f"Timer {function.name}: the schedule {expression!r} is not a six-field NCRONTAB expression"
    if len(expression.split()) != _FIELDS:
        raise ScheduleError(f"{problem}.")
    try:
        return next(CronSim(expression.upper(), moment))
    except (CronSimError, StopIteration) as error:
        raise ScheduleError(f"{problem}: {error}.") from error
