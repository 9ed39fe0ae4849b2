"""Azurite, the storage emulator, as a child process of the workspace; see `azurite.js` for how it lives and saves."""

import asyncio
import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

_WRAPPER = Path(__file__).with_name("azurite.js")
_PORT_RANGE = (20_000, 32_000)
_PORT_TRIES = 100
_START_LIMIT = 30.0
_STOP_LIMIT = 5.0
_PREDECESSOR_LIMIT = 10.0
_LOG_TAIL = 2000

REQUEST_LOG_SETTING = "PIPEYARD_AZURITE_LOG"
"""Environment variable: a file that gets a line for every storage request; for benchmarks and for curiosity."""
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The emulator's well-known key: public, the same on every machine, good for nothing but Azurite."""


class AzuriteError(Exception):
    """Azurite cannot run; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the three services listen on 127.0.0.1."""

    blob: int
    queue: int
    table: int

    @property
    def numbers(self) -> tuple[int, int, int]:
        """The three ports."""
        return self.blob, self.queue, self.table

    @property
    def connection_string(self) -> str:
        """Storage connection string for the three endpoints."""
        ends = {"Blob": self.blob, "Queue": self.queue, "Table": self.table}
        endpoints = "".join(f"{name}Endpoint=http://127.0.0.1:{port}/{ACCOUNT};" for name, port in ends.items())
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};{endpoints}"


def with_free_ports(ports: Ports, preferred: Ports | None = None) -> Ports:
    """Replace each 0 by a port that is free now, the preferred one if it is.

    They are drawn below the range from which the system takes ports for outgoing connections: there, a port that is
    free now may be taken by anybody before Azurite comes to listen on it.
    """
    with contextlib.ExitStack() as probes:
        chosen = [
            port or probes.enter_context(_free_listener(wish)).getsockname()[1]
            for port, wish in zip(ports.numbers, preferred.numbers if preferred else (0, 0, 0), strict=True)
        ]
    return Ports(*chosen)


def _free_listener(wish: int) -> socket.socket:
    for attempt in range(_PORT_TRIES):
        port = wish if wish and attempt == 0 else random.randrange(*_PORT_RANGE)  # noqa: S311 -- no secret
        with contextlib.suppress(OSError):
            return socket.create_server(("127.0.0.1", port))
    raise AzuriteError("No free port was found for Azurite; choose some with --azurite-ports BLOB,QUEUE,TABLE.")


class Azurite:
    """One Azurite over one data folder.

    Args:
        folder: The workspace's data folder; Azurite's files go to its subfolder `azurite`.
        ports: Ports to listen on.
        package: The installed npm package.
    """

    def __init__(self, folder: Path, ports: Ports, package: Path) -> None:
        self._location = folder / "azurite"
        self._record = folder / "azurite.json"
        requests = os.environ.get(REQUEST_LOG_SETTING)
        self._quiet = requests is None
        self._log = Path(requests) if requests else folder / "azurite.log"
        self._ports = ports
        self._package = package
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the process; `ready` tells when it can be used.

        Raises:
            AzuriteError: It or Node.js is not installed, or one of its ports is taken.
        """
        main = self._package / "dist" / "src" / "azurite.js"
        if not main.is_file():
            raise AzuriteError(f"Azurite is not installed at {self._package}. Run `npm ci` in the repository.")
        node = shutil.which("node")
        if node is None:
            raise AzuriteError("Node.js is needed for Azurite, but `node` is not on the path.")
        self._await_predecessor()
        for port in self._ports.numbers:
            _require_free(port)
        self._location.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as log:
            # A session of its own: a Ctrl-C or a killpg that ends the workspace must leave Azurite the time to write
            # its state. Our end of its standard input, closed by our death, is what makes it stop.
            self._process = subprocess.Popen(
                [node, str(_WRAPPER), str(main), *self._arguments()],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started = psutil.Process(self._process.pid).create_time()
        self._record.write_text(json.dumps({"pid": self._process.pid, "started": started}), encoding="utf-8")

    def _arguments(self) -> list[str]:
        loopback = [part for name in ("blob", "queue", "table") for part in (f"--{name}Host", "127.0.0.1")]
        ports = ["--blobPort", str(self._ports.blob), "--queuePort", str(self._ports.queue)]
        ports += ["--tablePort", str(self._ports.table)]
        options = ["--skipApiVersionCheck", "--disableTelemetry", *(["--silent"] if self._quiet else [])]
        return ["--location", str(self._location), *loopback, *ports, *options]

    async def ready(self) -> None:
        """Return when all three services accept connections.

        Raises:
            AzuriteError: It ended or did not come up in time.
        """
        deadline = time.monotonic() + _START_LIMIT
        for port in self._ports.numbers:
            while not await _accepts(port):
                if self._process is None or self._process.poll() is not None:
                    raise AzuriteError(f"Azurite ended while starting. Its output:\n{self._output()}")
                if time.monotonic() > deadline:
                    raise AzuriteError(f"Azurite did not start in {_START_LIMIT:.0f} s. Its output:\n{self._output()}")
                await asyncio.sleep(0.02)

    async def stop(self, limit: float = _STOP_LIMIT) -> None:
        """Let it write its state and end; after `limit` seconds, end it (its last autosave is then the state)."""
        process = self._process
        if process is None:
            return
        process.terminate()  # does nothing if it has ended already
        try:
            await asyncio.to_thread(process.wait, limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()
        self._process = None
        self._record.unlink(missing_ok=True)

    def _await_predecessor(self) -> None:
        """Wait for the Azurite of a killed workspace, which may still be writing to our folder."""
        predecessor = _recorded_process(self._record)
        if predecessor is None:
            return
        try:
            predecessor.wait(_PREDECESSOR_LIMIT)
        except psutil.TimeoutExpired:
            predecessor.kill()
            predecessor.wait(_STOP_LIMIT)

    def _output(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:].strip()


def _recorded_process(record: Path) -> psutil.Process | None:
    """The process of a record, if it is still that one: pids are reused, start times tell them apart."""
    try:
        noted = json.loads(record.read_text(encoding="utf-8"))
        process = psutil.Process(int(noted["pid"]))
        same = abs(process.create_time() - float(noted["started"])) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, KeyError, TypeError, psutil.NoSuchProcess):
        return None
    return process if same else None


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise AzuriteError(
                f"Port {port}, which Azurite needs, is taken ({error.strerror}). "
                f"End the program that uses it, or choose other ports with --azurite-ports BLOB,QUEUE,TABLE."
            ) from error


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
