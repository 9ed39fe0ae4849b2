"""Emulators of Azure's compute services, each started by the first connection to it and ended with the workspace.

The workspace holds the listeners, so an address is good from the start and survives an emulator that dies: the next
connection starts another one, which finds its state on disk.
"""

import asyncio
import contextlib
import logging
import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

log = logging.getLogger(__name__)

SETTINGS = {
    "azure_ml": "PIPEYARD_AZURE_ML_EMULATOR",
    "databricks": "PIPEYARD_DATABRICKS_EMULATOR",
    "data_lake_analytics": "PIPEYARD_DATA_LAKE_ANALYTICS_EMULATOR",
}
"""The setting that tells the app where a service is."""
_ROOT = Path(__file__).resolve().parent.parent
_STOP_LIMIT = 2.0
_SHORT_LIFE = 2.0
_BACKOFF = 1.0


class EmulatedServices:
    """All of them.

    Args:
        folder: Where they keep their state and logs.
        connection_string: The storage that their jobs read and write.
    """

    def __init__(self, folder: Path, connection_string: str) -> None:
        self.urls: dict[str, str] = {}
        self._services = [_Service(name, folder, {"PIPEYARD_STORAGE": connection_string}) for name in SETTINGS]

    def listen(self) -> dict[str, str]:
        """Take a free port for each; returns the settings that name them."""
        self.urls = {service.name: service.listen() for service in self._services}
        return {SETTINGS[name]: url for name, url in self.urls.items()}

    def start(self) -> None:
        """Wait for connections."""
        for service in self._services:
            service.start()

    async def stop(self) -> None:
        """End those that were started."""
        await asyncio.gather(*(service.stop() for service in self._services))


class _Service:
    def __init__(self, name: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self._folder = folder
        self._environment = environment
        self._listener: socket.socket | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None

    def listen(self) -> str:
        self._listener = socket.create_server(("127.0.0.1", 0))
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def start(self) -> None:
        if self._listener is not None:
            self._keeping = asyncio.create_task(self._keep(self._listener))

    async def stop(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        if self._process is not None and self._process.returncode is None:
            await _end(self._process)
        if self._listener is not None:
            self._listener.close()

    async def _keep(self, listener: socket.socket) -> None:
        while True:
            await _connection(listener)
            began = time.monotonic()
            self._process = await self._spawn(listener)
            code = await self._process.wait()
            log.warning("The emulator of %s ended with exit code %s; see %s.", self.name, code, self._log)
            if time.monotonic() - began < _SHORT_LIFE:
                await asyncio.sleep(_BACKOFF)

    @property
    def _log(self) -> Path:
        return self._folder / f"{self.name}.log"

    async def _spawn(self, listener: socket.socket) -> asyncio.subprocess.Process:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        options = ["--fd", str(listener.fileno()), "--data", str(self._folder / self.name), "--until-input-ends"]
        with self._log.open("ab") as output:
            # A session of its own: a Ctrl-C is the workspace's to act on. Our end of its standard input, closed by our
            # death, is what makes it stop then.
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "local.emulators", self.name, *options),
                cwd=_ROOT,
                env={**os.environ, **self._environment},
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                pass_fds=[listener.fileno()],
                start_new_session=True,
            )


async def _connection(listener: socket.socket) -> None:
    """Return when somebody waits to be accepted."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        loop.remove_reader(listener)
        waiting.set_result(None)

    loop.add_reader(listener, wake)
    try:
        await waiting
    finally:
        loop.remove_reader(listener)


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_LIMIT)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
