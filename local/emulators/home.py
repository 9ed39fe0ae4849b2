"""What every emulator stands on: its folder, the storage, the switches for faults, and processes."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.emulators.environments import Environments
from local.emulators.faults import Faults
from local.emulators.processes import Processes
from local.emulators.storage import Storage

FAULTS_SETTING = "PIPEYARD_EMULATOR_FAULTS"


@dataclass(frozen=True, slots=True)
class Home:
    """An emulator's surroundings."""

    folder: Path
    """Its own; survives a restart."""
    storage: Storage
    faults: Faults
    processes: Processes
    environments: Environments

    @classmethod
    @contextmanager
    def open(cls, folder: Path, environment: Mapping[str, str]) -> "Iterator[Home]":
        """Move in: the folder is one emulator's at a time, and at the end no process is left.

        Waits for a predecessor that is just ending.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            processes = Processes()
            try:
                yield cls(
                    folder=folder,
                    storage=Storage(environment["PIPEYARD_STORAGE"]),
                    faults=Faults.parse(environment.get(FAULTS_SETTING, "{}")),
                    processes=processes,
                    environments=Environments(folder / "environments", processes),
                )
            finally:
                processes.close()
