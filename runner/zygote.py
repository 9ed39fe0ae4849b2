"""Forks runners on demand: the server side of `zygote_client`.

Starting a Python interpreter costs more processor time than everything else that a runner does for a small script.
So one process imports the runner's modules once and then forks itself for every job. It has a single thread, holds no
state, and ends when its host closes the socket on descriptor 0, without touching the runners: they have sessions of
their own and outlive both.

Protocol: the host sends a job directory and a newline, the answer is the runner's process id or `error TEXT`.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import traceback
from pathlib import Path

from .job import run_job

_LOG_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def main() -> None:
    """Serve the socket on descriptor 0 until its other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system buries the runners
    connection = socket.socket(fileno=0)
    warm_up()
    received = b""
    while True:
        chunk = connection.recv(65536)
        if not chunk:
            return
        received += chunk
        while b"\n" in received:
            line, _, received = received.partition(b"\n")
            connection.sendall(_fork(Path(os.fsdecode(line)), connection))


def warm_up() -> None:
    """Do once what every runner would otherwise do again."""
    socket.getaddrinfo("127.0.0.1", 80)  # loads a codec and the system's resolver
    gc.collect()
    gc.freeze()  # a runner's first collection must not copy every page of its parent


def _fork(root: Path, connection: socket.socket) -> bytes:
    try:
        pid = os.fork()
    except OSError as error:
        return f"error {error.strerror}\n".encode()
    if pid:
        return f"{pid}\n".encode()
    code = 1
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDONLY)
        log = os.open(root / "runner.log", _LOG_FLAGS, 0o600)
        connection.detach()
        os.dup2(null, 0, inheritable=False)  # closes this copy of the socket: the host must see the zygote's end
        os.dup2(log, 1, inheritable=False)
        os.dup2(log, 2, inheritable=False)
        code = run_job(root)
    except BaseException:  # noqa: BLE001 - a fork must never return into its parent's loop
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
