"""What the operating system knows about processes: who is who, who descends from whom, who dies with whom."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import NamedTuple

_LINUX = sys.platform.startswith("linux")
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True) if _LINUX else None


class _Stat(NamedTuple):
    state: str
    parent: int
    group: int
    started: str


class Descendant(NamedTuple):
    """A process below another one."""

    pid: int
    group: int


def start_mark(pid: int) -> str | None:
    """Text that tells a process from a later one with the same id; None where no live process has the id."""
    if _LINUX:
        stat = _stat(pid)
        return stat.started if stat is not None and stat.state not in "ZX" else None
    import subprocess  # noqa: PLC0415 - only where there is no /proc

    command = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
    state, _, started = (
        subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip().partition(" ")
    )
    return started.strip() if started and not state.startswith("Z") else None


def become_subreaper() -> None:
    """Adopt every orphan below this process, so that none gets away. Does nothing where the system cannot."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent(parent: int) -> None:
    """Have this process killed when its parent dies. Does nothing where the system cannot."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before the call
            os._exit(1)


def descendants(root: int) -> list[Descendant]:
    """Every process below `root`; empty where the system does not tell."""
    if not _LINUX:
        return []
    children: dict[int, list[Descendant]] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 - thousands of entries, and only their names matter
        if entry.isdigit():
            stat = _stat(int(entry))
            if stat is not None and stat.state not in "ZX":
                children.setdefault(stat.parent, []).append(Descendant(int(entry), stat.group))
    found: list[Descendant] = []
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += [process.pid for process in below]
    return found


def group_exists(group: int) -> bool:
    """Whether a process group has members."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def send(pid: int, number: int) -> None:
    """Send a signal to a process that may be gone."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def send_group(group: int, number: int) -> None:
    """Send a signal to a process group that may be gone."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def _stat(pid: int) -> _Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The second field is the command's name in brackets, which may itself hold spaces and brackets.
    fields = text[text.rindex(b")") + 2 :].split()
    return _Stat(fields[0].decode(), int(fields[1]), int(fields[2]), fields[19].decode())
