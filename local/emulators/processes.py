"""Jobs as processes of this machine, each under a keeper that lets nothing of it outlive its end or the emulator's."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from runner.script import passed_on

_ROOT = Path(__file__).resolve().parents[2]
Reason = Literal["exited", "killed", "timed_out", "not_started", "lost"]


@dataclass(frozen=True, slots=True)
class Command:
    """A process of a job.

    Attributes:
        words: What to execute; the first word is looked up on the PATH of `environment`.
        environment: All of its variables.
        log: File that what it prints is added to.
    """

    words: Sequence[str]
    environment: Mapping[str, str]
    log: Path


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended.

    Attributes:
        reason: Why; `lost` where its keeper was killed.
        exit_codes: Of each process; negative for a signal, as those have that were ended because of the reason.
        message: What the system said about a process that could not be started.
    """

    reason: Reason
    exit_codes: list[int] = field(default_factory=list)
    message: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether every process ended by itself, with exit code 0."""
        return self.reason == "exited" and not any(self.exit_codes)

    @property
    def exit_code(self) -> int:
        """Of the process that failed first, as far as that can be told; 0 if none did."""
        return next((code for code in self.exit_codes if code > 0), min(self.exit_codes, default=0))


class Running:
    """A job under way."""

    def __init__(self, keeper: "subprocess.Popen[bytes]", ended: Path) -> None:
        self._keeper = keeper
        self._ended = ended
        self._lock = threading.Lock()

    def wait(self, timeout: float | None = None) -> Ended | None:
        """How it ended, or None if it has not within the time."""
        try:
            self._keeper.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        try:
            return Ended(**json.loads(self._ended.read_bytes()))
        except FileNotFoundError:
            return Ended(reason="lost", message="The process that kept the job was killed.")

    def kill(self) -> None:
        """End the whole tree; `wait` returns once that is done."""
        with self._lock, suppress(OSError):
            if self._keeper.stdin is not None and not self._keeper.stdin.closed:
                self._keeper.stdin.close()


class Processes:
    """Starts jobs. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: list[tuple[Running, subprocess.Popen[bytes]]] = []
        self._closed = False

    def start(self, commands: Sequence[Command], *, folder: Path, time_limit: float | None = None) -> Running:
        """Start the processes of a job together; the first that fails ends the others.

        Args:
            commands: The processes.
            folder: Working directory; next to it, `<folder>.ended.json` will say how the job ended.
            time_limit: Seconds after which all are killed.
        """
        ended = folder.with_name(f"{folder.name}.ended.json")
        ended.unlink(missing_ok=True)
        order = {
            "folder": str(folder),
            "ended": str(ended),
            "time_limit": time_limit,
            "commands": [asdict(command) | {"log": str(command.log)} for command in commands],
        }
        with self._lock:
            if self._closed:
                raise RuntimeError("The emulator is stopping.")
            keeper = subprocess.Popen(
                [sys.executable, "-S", "-m", "local.emulators.keeper"],
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                env=passed_on(os.environ),
                start_new_session=True,
            )
            running = Running(keeper, ended)
            self._running = [entry for entry in self._running if entry[1].poll() is None] + [(running, keeper)]
        if keeper.stdin is not None:
            with suppress(OSError):
                keeper.stdin.write(json.dumps(order).encode() + b"\n")
                keeper.stdin.flush()
        return running

    @property
    def closed(self) -> bool:
        """Whether the emulator is stopping: what ends now has not failed, it runs again at the next start."""
        return self._closed

    def close(self) -> None:
        """End every job and wait for it. Final."""
        with self._lock:
            self._closed = True
            under_way = list(self._running)
        for running, _ in under_way:
            running.kill()
        for running, _ in under_way:
            running.wait()
