"""The workspace's data folder: one workspace at a time, and a note for clients of where it listens."""

import fcntl
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from local.azurite import Ports


class FolderInUseError(Exception):
    """Another workspace holds the folder; the message says which and what to do."""


def write_private(file: Path, text: str) -> None:
    """Write a file that nobody else may read, whole or not at all."""
    draft = file.with_name(f".{file.name}.tmp")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    draft.replace(file)


class DataFolder:
    """A folder under lock. The lock is the kernel's, so that of a killed workspace is free again at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None
        self._note = path / "workspace.json"
        self._ports = path / "ports.json"

    def lock(self) -> None:
        """Take the folder.

        Raises:
            FolderInUseError: Another workspace has it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = (self.path / "workspace.lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            lock.close()
            raise FolderInUseError(
                f"Another workspace (process {owner}) uses the data folder {self.path}. "
                f"Stop it with Ctrl-C or `kill {owner}`, or choose another folder with --data DIR."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock
        self._note.unlink(missing_ok=True)  # of a killed workspace

    def last_ports(self) -> Ports | None:
        """Where storage listened the last time: living jobs of a killed workspace still look for it there."""
        try:
            return Ports(**json.loads(self._ports.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def remember_ports(self, ports: Ports) -> None:
        """Note where storage listens."""
        self._ports.write_text(json.dumps(asdict(ports)), encoding="utf-8")

    def announce(self, facts: dict[str, Any]) -> None:
        """Write `workspace.json`, whole or not at all."""
        draft = self._note.with_suffix(".tmp")
        draft.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        draft.replace(self._note)

    def release(self) -> None:
        """Withdraw the note and give the folder back, if it is ours."""
        if self._lock is not None:
            self._note.unlink(missing_ok=True)
            self._lock.close()
            self._lock = None
