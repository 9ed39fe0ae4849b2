"""Keeps the processes of one job: ends the whole tree when told, in time, and when whoever started it is gone.

The first line of standard input is the order (`Order` of `local.emulators.processes` as JSON); any later one, and the
end of input, kill everything. How the job ended is written to a file. Imports little, because every job starts one.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from runner.processes import become_subreaper, descendants, die_with_parent, send, send_group

_TICK = 0.05
_SETTLE_SECONDS = 5.0


def main() -> int:
    """Run an order; returns the exit code of the keeper itself."""
    line = sys.stdin.buffer.readline()
    if not line:
        return 0
    order = json.loads(line)
    become_subreaper()
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a Ctrl-C is the emulator's to decide about
    wake, woken = os.pipe()
    for end in (wake, woken):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    # Written down as it happens, so that an order that cannot start ends like any other.
    ended: dict[str, Any] = {"reason": "exited", "exit_codes": []}
    running: list[subprocess.Popen[bytes]] = []
    try:
        running += [_start(command, order["folder"]) for command in order["commands"]]
        ended["reason"] = _watch(running, order["time_limit"], wake)
    except OSError as error:
        ended.update(reason="not_started", message=f"{error.filename or 'The command'}: {error.strerror}")
    _end_all(running)
    ended["exit_codes"] = [process.returncode for process in running]
    draft = Path(order["ended"] + ".tmp")
    draft.write_text(json.dumps(ended), encoding="utf-8")
    draft.replace(order["ended"])
    return 0


def _start(command: dict[str, Any], folder: str) -> "subprocess.Popen[bytes]":
    keeper = os.getpid()
    with Path(command["log"]).open("ab") as log:
        return subprocess.Popen(
            command["words"],
            cwd=folder,
            env=command["environment"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(keeper),  # noqa: PLW1509 - the keeper has one thread
        )


def _watch(running: "list[subprocess.Popen[bytes]]", time_limit: float | None, wake: int) -> str:
    """Return why the job is over: all have ended, one has failed, the time is up, or somebody says so."""
    deadline = None if time_limit is None else time.monotonic() + time_limit
    orders = sys.stdin.fileno()
    while True:
        codes = [process.poll() for process in running]
        if any(codes) or None not in codes:
            return "exited"
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            return "timed_out"
        ready, _, _ = select.select([orders, wake], [], [], left)
        if orders in ready:
            return "killed"
        if wake in ready:
            os.read(wake, 4096)


def _end_all(running: "list[subprocess.Popen[bytes]]") -> None:
    """Kill what is left of the tree: also what has left its session, which became a child of ours."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < deadline:
        for process in running:
            if process.poll() is None:
                send_group(process.pid, signal.SIGKILL)
        below = descendants(os.getpid())
        for one in below:
            send(one.pid, signal.SIGKILL)
        while _reap(running):
            pass
        if not below and all(process.poll() is not None for process in running):
            return
        time.sleep(_TICK / 10)


def _reap(running: "list[subprocess.Popen[bytes]]") -> bool:
    """Collect one adopted process that has ended."""
    own = {process.pid for process in running}
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    if found is None:
        return False
    if found.si_pid in own:
        for process in running:
            process.poll()
    else:
        os.waitpid(found.si_pid, 0)
    return True


if __name__ == "__main__":
    sys.exit(main())
