"""A progress bar where somebody watches and the package `rich` is installed."""

import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(title: str, total_bytes: int, *, show: bool) -> Iterator[Callable[[int], None]]:
    """Gives a function that is told of bytes as they arrive; safe for several threads."""
    if not show or not sys.stdout.isatty() or importlib.util.find_spec("rich") is None:
        yield lambda _: None
        return
    from rich.progress import (  # noqa: PLC0415 - an optional package
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), transient=True) as bar:
        task = bar.add_task(title, total=total_bytes)
        lock = threading.Lock()

        def advance(count: int) -> None:
            with lock:
                bar.advance(task, count)

        yield advance
