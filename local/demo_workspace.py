"""A local workspace in a process of its own, for as long as a `with` block lasts."""

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
READY = re.compile(r"ready at (https?://\S+)")
READY_LIMIT_SECONDS = 90
STOP_LIMIT_SECONDS = 20
LOG_TAIL_LINES = 30


class WorkspaceStartError(Exception):
    """The workspace did not become ready; the message has the end of its log."""


@contextlib.contextmanager
def running_workspace(data: Path, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """Start a workspace that keeps its data in `data`, on free ports; yields its URL and stops it at the end.

    Args:
        data: The data folder; made if it is not there.
        settings: More environment variables for the workspace.

    Raises:
        WorkspaceStartError: It ended early or took too long.
    """
    data.mkdir(parents=True, exist_ok=True)
    log = data / "workspace.log"
    command = [sys.executable, "-m", "local", "--port", "0", "--data", str(data), "--azurite-ports", "0,0,0"]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **(settings or {})},
        ) as process,
    ):
        try:
            yield _wait_until_ready(process, log)
        finally:
            _stop(process)


def _wait_until_ready(process: subprocess.Popen[str], log: Path) -> str:
    found: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    if process.stdout is None:  # pragma: no cover  (Popen was told to make a pipe)
        raise AssertionError
    threading.Thread(target=_read, args=(process.stdout, found), daemon=True).start()
    with contextlib.suppress(queue.Empty):
        url = found.get(timeout=READY_LIMIT_SECONDS)
        if url is not None:
            return url
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
    raise WorkspaceStartError(f"The local workspace did not start. The end of its log:\n{tail}")


def _read(stream: IO[str], found: queue.SimpleQueue[str | None]) -> None:
    """Announce the URL, or None at the end; keep reading, so that the pipe never fills up."""
    for line in stream:
        if match := READY.search(line):
            found.put(match[1])
    found.put(None)


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
