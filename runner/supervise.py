"""Watches the script until it and everything that it started is gone."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from typing import NamedTuple

from .live import LiveUploads
from .processes import descendants, group_exists, send, send_group
from .signals import INTERRUPTED, Signals

TIMED_OUT = "timed_out"
_KILL_SECONDS = 30.0
_INTERRUPTED_GRACE_SECONDS = 3.0  # whoever interrupts waits for every job of the machine
_LOOK_AGAIN_SECONDS = 0.02
_PEAK_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024


class Ended(NamedTuple):
    """A script that is gone.

    Attributes:
        exit_code: Negative is the signal that ended it.
        stopped: Why it was ended from outside, None where it ended by itself.
        clean: Nothing of it is left.
    """

    exit_code: int
    stopped: str | None
    wall_seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    clean: bool


class Script:
    """A started script and everything below it."""

    def __init__(self, pid: int, started: float) -> None:
        self._pid = pid
        self._started = started
        self._ended = 0.0
        self._status: int | None = None
        self._usage: resource.struct_rusage | None = None
        self._group_gone = False

    def reap(self) -> bool:
        """Take note of every child that has ended. False when no child is left."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._pid:
                self._ended, self._status, self._usage = time.monotonic(), status, usage

    def has_ended(self) -> bool:
        """Whether the script itself is gone."""
        self.reap()
        return self._status is not None

    def is_left(self) -> bool:
        """Whether the script or any process below it is still there."""
        children = self.reap()
        # Once empty, the group's number may be given to strangers: never look again.
        self._group_gone = self._group_gone or not group_exists(self._pid)
        return children or not self._group_gone

    def signal_all(self, number: int) -> None:
        """Signal every process of the script once."""
        if not self._group_gone:
            send_group(self._pid, number)
        for process in descendants(os.getpid()):
            if process.group != self._pid:
                send(process.pid, number)

    def ended(self, stopped: str | None, *, clean: bool) -> Ended:
        """What is known at the end."""
        status, usage = self._status, self._usage
        if status is None or usage is None:  # unkillable: stuck in the kernel
            return Ended(-signal.SIGKILL, stopped, time.monotonic() - self._started, 0.0, 0, clean)
        code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        wall_seconds = self._ended - self._started
        peak = usage.ru_maxrss * _PEAK_UNIT_BYTES
        return Ended(code, stopped, wall_seconds, usage.ru_utime + usage.ru_stime, peak, clean)


def supervise(
    script: Script, signals: Signals, live: LiveUploads, timeout_seconds: float | None, grace_seconds: float
) -> Ended:
    """Wait for the script's end, by itself or by force; whatever it left running is ended too.

    Args:
        script: The started script.
        signals: Wakes this function when a child ends or somebody asks for the end.
        live: Ticks while waiting.
        timeout_seconds: Longest time for the script, None for no limit.
        grace_seconds: Time between asking (SIGTERM) and forcing (SIGKILL).
    """
    deadline = time.monotonic() + (float("inf") if timeout_seconds is None else timeout_seconds)
    stopped = None
    while not script.has_ended():
        left = deadline - time.monotonic()
        stopped = signals.stop or (TIMED_OUT if left <= 0 else None)
        if stopped:
            break
        live.tick(lambda: signals.stop is not None or script.has_ended() or time.monotonic() >= deadline)
        signals.wait(min(live.seconds_left(), deadline - time.monotonic()))
    if stopped == INTERRUPTED:
        grace_seconds = min(grace_seconds, _INTERRUPTED_GRACE_SECONDS)
    clean = _end(script, signals, grace_seconds)
    return script.ended(stopped, clean=clean)


def end_everything() -> None:
    """Kill whatever runs below this process: the way out when nobody watches the script any more."""
    deadline = time.monotonic() + _KILL_SECONDS
    while time.monotonic() < deadline:
        for process in descendants(os.getpid()):
            send(process.pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(_LOOK_AGAIN_SECONDS)


def _end(script: Script, signals: Signals, grace_seconds: float) -> bool:
    if not script.is_left():
        return True
    script.signal_all(signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while script.is_left() and time.monotonic() < deadline:
        signals.wait(min(_LOOK_AGAIN_SECONDS, deadline - time.monotonic()))
    deadline = time.monotonic() + _KILL_SECONDS
    while script.is_left():
        if time.monotonic() >= deadline:
            return False
        script.signal_all(signal.SIGKILL)
        signals.wait(_LOOK_AGAIN_SECONDS)
    return True
