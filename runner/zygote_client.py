"""The host's end of the zygote: starts it when needed and asks it for runners. Safe for many threads."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

_ANSWER_SECONDS = 20.0
_EXIT_SECONDS = 5.0
_PACKAGE_PARENT = Path(__file__).resolve().parent.parent
# Isolated and without site-packages: neither the host's PYTHON* variables nor its packages reach a runner.
_START = "import sys; sys.path.insert(0, sys.argv[1]); from runner.zygote import main; main()"


class ZygoteError(Exception):
    """No runner was started; trying again may help."""


class ZygoteClient:
    """A zygote that lives no longer than this process. The runners that it forks live on."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        """Prepare, start nothing.

        Args:
            environment: What runners, and through them scripts, may see.
            log: File for whatever the zygote itself has to complain about.
        """
        self._environment = environment
        self._log = log
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the zygote, None while there is none."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the zygote ahead of the first job."""
        with self._lock:
            self._ensure()

    def fork(self, root: Path) -> int:
        """Start a runner for a job directory; returns its process id.

        Raises:
            ZygoteError: Twice no success.
        """
        with self._lock:
            try:
                return self._ask(root)
            except (OSError, ValueError):  # killed meanwhile: a second one is a new one
                self._discard()
            try:
                return self._ask(root)
            except (OSError, ValueError) as error:
                self._discard()
                raise ZygoteError(f"No runner could be started: {error}") from error

    def close(self) -> None:
        """End the zygote; runners go on."""
        with self._lock:
            self._discard()

    def _ask(self, root: Path) -> int:
        connection = self._ensure()
        connection.sendall(os.fsencode(root) + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            chunk = connection.recv(4096)
            if not chunk:
                raise ConnectionResetError("The zygote is gone.")
            answer += chunk
        text = answer.decode(errors="replace").strip()
        if not text.isdigit():
            raise ValueError(text.removeprefix("error "))
        return int(text)

    def _ensure(self) -> socket.socket:
        if self._socket is not None:
            return self._socket
        ours, theirs = socket.socketpair()
        ours.settimeout(_ANSWER_SECONDS)
        try:
            with theirs, self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-c", _START, str(_PACKAGE_PARENT)],
                    stdin=theirs.fileno(),
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env=self._environment,
                    start_new_session=True,
                )
        except BaseException:
            ours.close()
            raise
        self._socket = ours
        return ours

    def _discard(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_EXIT_SECONDS)
            if self._process.returncode is None:
                self._process.kill()
                self._process.wait()
            self._process = None
