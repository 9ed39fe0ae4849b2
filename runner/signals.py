"""Signals as something to wait for, in a process with one thread.

SIGTERM asks for the job's cancellation, SIGINT and SIGUSR1 interrupt it because the machine's owner needs it to end.
While files travel a request breaks off the transfer at once; at other times it waits until somebody looks.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Iterator
from types import FrameType

from .errors import StopError

CANCELED = "canceled"
INTERRUPTED = "interrupted"


class Signals:
    """The signal handlers of this process.

    Attributes:
        stop: `canceled` or `interrupted` once somebody asked for the end, None before.
    """

    def __init__(self) -> None:
        self.stop: str | None = None
        self._breaks_off = False
        self._wakeup, write_end = os.pipe()
        os.set_blocking(self._wakeup, False)
        os.set_blocking(write_end, False)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGUSR1, self._on_stop)

    def wait(self, seconds: float) -> None:
        """Sleep until a signal arrives, at most `seconds`."""
        ready, _, _ = select.select([self._wakeup], [], [], max(0.0, seconds))
        if ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wakeup, 4096)

    @contextlib.contextmanager
    def breaking_off(self) -> Iterator[None]:
        """Within, a request for the end raises.

        Raises:
            StopError: Somebody asked for the end.
        """
        self._breaks_off = True
        try:
            if self.stop is not None:
                raise StopError(self.stop)
            yield
        finally:
            self._breaks_off = False

    def _on_stop(self, number: int, _frame: FrameType | None) -> None:
        if self.stop is None:
            self.stop = CANCELED if number == signal.SIGTERM else INTERRUPTED
        if self._breaks_off:
            self._breaks_off = False
            raise StopError(self.stop)
