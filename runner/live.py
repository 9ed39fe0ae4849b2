"""The log and the metrics travel while the script runs, so that people can watch.

A tick never fails: what could not be uploaded is still in the file at the next one. Only `finish` insists.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from .blobs import APPEND_BYTES, append_block, create_append_blob, put_bytes, put_file
from .errors import TransferError
from .http_client import HttpClient, can_mend, pause_between

FIRST_INTERVAL_SECONDS = 0.5
LAST_INTERVAL_SECONDS = 5.0
MAX_BLOCKS = 50_000
"""Storage's own limit for one append blob."""

_GROWTH = 1.4
_RARELY_FROM_BLOCK = 20_000  # more than a day of ticks: from here on blocks are rationed
_RARELY_SECONDS = 60.0
_BLOCKS_FOR_THE_END = 100
_LIVE_TIMEOUT_SECONDS = 5.0
_LIVE_METRICS_BYTES = 4 << 20
_TEXT = "text/plain; charset=utf-8"
_CONFLICT = 412


class LogUpload:
    """A growing file that becomes an append blob, or one block blob if the script ended before the first tick.

    Where a service may run a job a second time (`again`), it always goes on with the blob that there may be.

    Attributes:
        interval_seconds: Time until the next tick.
        cut: The log was longer than storage takes.
        url: Where it goes.
    """

    def __init__(self, client: HttpClient, path: Path, url: str, *, again: bool = False) -> None:
        self.interval_seconds = FIRST_INTERVAL_SECONDS
        self.cut = False
        self._client = client
        self._path = path
        self.url = url
        self._again = again
        self._created = False
        self._sent = 0
        self._blocks = 0
        self._position: int | None = None
        self._in_doubt = 0  # bytes of a block whose fate is unknown

    def tick(self, interrupted: Callable[[], bool]) -> None:
        """Upload what is new; stops between two blocks when `interrupted` says so."""
        with contextlib.suppress(OSError, TransferError):  # the bytes are still in the file
            self._advance(interrupted, MAX_BLOCKS - _BLOCKS_FOR_THE_END)
        limit = _RARELY_SECONDS if self._blocks > _RARELY_FROM_BLOCK else LAST_INTERVAL_SECONDS
        self.interval_seconds = min(limit, self.interval_seconds * _GROWTH)

    def finish(self, waits: tuple[float, ...]) -> bool:
        """Upload the rest. False if there was nothing to upload at all.

        Raises:
            OSError: The log cannot be read.
            TransferError: Storage did not take it.
        """
        if not self._path.exists() or not self._path.stat().st_size:
            return False
        if not self._created and not self._again:
            put_file(self._client, self.url, self._path, waits=waits, content_type=_TEXT)
            return True
        last: TransferError | None = None
        for _ in pause_between(waits):
            try:
                self._advance(lambda: False, MAX_BLOCKS)
            except TransferError as error:
                if not can_mend(error) and error.status != _CONFLICT:
                    raise
                last = error
            else:
                return True
        raise last or TransferError("The log was not uploaded.")

    def _advance(self, interrupted: Callable[[], bool], max_blocks: int) -> None:
        size = self._path.stat().st_size
        while self._sent < size and not interrupted():
            if not self._created:
                created = create_append_blob(self._client, self.url, _LIVE_TIMEOUT_SECONDS)
                self._position = 0 if created else None
                self._created = True
            if self._blocks >= max_blocks:
                self.cut = max_blocks == MAX_BLOCKS
                return
            self._append()

    def _append(self) -> None:
        with self._path.open("rb") as stream:
            data = os.pread(stream.fileno(), APPEND_BYTES, self._sent)
        try:
            end = append_block(self._client, self.url, data, self._position, _LIVE_TIMEOUT_SECONDS)
        except TransferError as error:
            if error.status == _CONFLICT and self._in_doubt:
                self._count(self._in_doubt, None if self._position is None else self._position + self._in_doubt)
                return
            if error.status == _CONFLICT:
                self._position = None
            elif can_mend(error) and not self._in_doubt:
                self._in_doubt = len(data)
            raise
        self._count(len(data), end)

    def _count(self, sent: int, position: int | None) -> None:
        self._sent += sent
        self._position = position
        self._blocks += 1
        self._in_doubt = 0


class MetricsUpload:
    """A small file that is uploaded whole whenever it has changed."""

    def __init__(self, client: HttpClient, path: Path, url: str) -> None:
        self._client = client
        self._path = path
        self.url = url
        self._sent = 0

    def tick(self) -> None:
        """Upload the file if it is new and small."""
        try:
            if self._sent < self._path.stat().st_size <= _LIVE_METRICS_BYTES:
                data = self._path.read_bytes()
                put_bytes(self._client, self.url, data, waits=(), timeout_seconds=_LIVE_TIMEOUT_SECONDS)
                self._sent = len(data)
        except (OSError, TransferError):
            return  # the next tick sees the same file

    def finish(self, waits: tuple[float, ...]) -> bool:
        """Upload the file if it has changed. False if there is none.

        Raises:
            OSError: The file cannot be read.
            TransferError: Storage did not take it.
        """
        if not self._path.is_file() or not self._path.stat().st_size:
            return False
        if self._path.stat().st_size != self._sent:
            put_file(self._client, self.url, self._path, waits=waits)
        return True


class LiveUploads:
    """Both, on one timetable."""

    def __init__(self, log: LogUpload, metrics: MetricsUpload) -> None:
        self._log = log
        self._metrics = metrics
        self._next = time.monotonic() + log.interval_seconds

    def seconds_left(self) -> float:
        """Time until the next tick is due."""
        return self._next - time.monotonic()

    def tick(self, interrupted: Callable[[], bool]) -> None:
        """Upload what is new if it is time."""
        if self.seconds_left() <= 0:
            self._log.tick(interrupted)
            self._metrics.tick()
            self._next = time.monotonic() + self._log.interval_seconds
