"""Runs an emulator as a process of its own; always ended by its id."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

REPOSITORY = Path(__file__).resolve().parents[3]
TOKEN = {"Authorization": "Bearer anything"}


class EmulatorProcess:
    """One emulated service over one data folder."""

    def __init__(self, service: str, data: Path, storage: str, **faults: Any) -> None:
        self.service = service
        self.data = data
        self._storage = storage
        self._faults = faults
        self.start()

    def start(self) -> None:
        environment = {
            **os.environ,
            "PIPEYARD_STORAGE": self._storage,
            "PIPEYARD_EMULATOR_FAULTS": json.dumps(self._faults),
        }
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data.parent / f"{self.data.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local.emulators", self.service, "--port", "0", "--data", str(self.data)],
                cwd=REPOSITORY,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split()[-1]
        self.http = httpx.Client(base_url=self.url, headers=TOKEN, timeout=30)

    def faults(self, **switches: Any) -> None:
        """Set the switches; those that are not named are off."""
        self.http.put("/_emulator/faults", json=switches).raise_for_status()

    def calls(self) -> Any:
        return self.http.get("/_emulator/requests").json()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self._gone()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(30)
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self._gone()

    def _gone(self) -> None:
        self.process.wait(30)
        self.http.close()
        if self.process.stdout is not None:
            self.process.stdout.close()
