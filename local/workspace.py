"""Puts the local workspace together: storage, function app, task hub, HTTP and timers, started and stopped in order."""

import asyncio
import contextlib
import functools
import http.client
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local.azurite import Azurite, Ports, with_free_ports
from local.blob_triggers import BlobTriggers
from local.data_folder import DataFolder
from local.emulated_services import EmulatedServices
from local.functions_host import FunctionsHost
from local.history_recorder import HistoryRecorder
from local.host_settings import default_version, route_prefix
from local.http_routes import RouteTable
from local.http_server import HttpApp, HttpServer, listen
from local.sidecar import Sidecar
from local.taskhub import MAX_ACTIVITIES, MAX_TURNS, RunOrchestrator, TaskHub
from local.timers import Timers

if TYPE_CHECKING:
    from local.test_issuer import TestIssuer

log = logging.getLogger(__name__)

_HTTP_THREADS = 12
_HEALTH_LIMIT = 20.0
_HOOK_LIMIT = 6.0
_STOP_LIMIT = 9.0
_STORAGE_AT_LEAST = 2.0
_OK, _NOT_FOUND = 200, 404


class WorkspaceError(Exception):
    """The workspace cannot start; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line decides."""

    app: Path
    """Directory of `function_app.py`."""
    data: Path
    port: int
    """0 picks a free one."""
    azurite_ports: Ports
    """A 0 picks a free one."""
    azurite_package: Path
    on_shutdown: Callable[[], None]
    """Called in a thread after the last request, before storage goes away."""
    watched: Callable[[], list[tuple[str, bool]]]
    """(prefix, whether folders below count, too) of the folders whose blobs an app with a blob trigger waits for."""
    auth: bool = False
    """Whether callers need a token of the test issuer."""
    record_histories: Path | None = None
    """Where the histories of orchestrations are written down."""


class Workspace:
    """A workspace from `start` to `stop`."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._folder = DataFolder(options.data.resolve())
        self._ports = with_free_ports(options.azurite_ports, self._folder.last_ports())
        self._azurite = Azurite(self._folder.path, self._ports, options.azurite_package)
        self._host = FunctionsHost(options.app.resolve())
        run_orchestrator: RunOrchestrator = self._host.run_orchestrator
        if options.record_histories is not None:
            run_orchestrator = HistoryRecorder(run_orchestrator, options.record_histories)
        self._hub = TaskHub(run_orchestrator, self._host.run_activity)
        self._sidecar = Sidecar(self._hub, default_version(options.app))
        self._emulated = EmulatedServices(self._folder.path / "emulators", self._ports.connection_string)
        self._issuer = _test_issuer(self._folder.path) if options.auth else None
        self._listener: socket.socket | None = None
        self._server: HttpServer | None = None
        self._timers: Timers | None = None
        self._blob_triggers: BlobTriggers | None = None
        self._indexed = False
        self.url = ""

    @property
    def data(self) -> Path:
        """Absolute data folder."""
        return self._folder.path

    async def start(self) -> None:
        """Return when the function app answers.

        Raises:
            WorkspaceError: The port is taken or the app does not become healthy.
            FolderInUseError: Another workspace uses the data folder.
            AzuriteError: Azurite cannot run.
            IndexingError: The app cannot be imported.
            ScheduleError: A timer's schedule cannot be read.
        """
        self._folder.lock()
        self._listener = self._listen()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        os.environ.update(self._settings())
        # Azurite's second of starting passes while the app is imported.
        await asyncio.to_thread(self._azurite.start)
        self._emulated.start()
        await self._host.index()
        self._indexed = True
        functions, connection = list(self._host.functions.values()), self._ports.connection_string
        self._blob_triggers = BlobTriggers(self._host, functions, connection, self._options.watched)
        self._timers = Timers(self._host, functions)
        self._host.connect(await self._sidecar.serve(), self.url)
        await self._azurite.ready()
        prefix = route_prefix(self._host.directory)
        app = HttpApp(self._host, RouteTable(functions, prefix), self._blob_triggers.triggers)
        self._server = HttpServer(self._listener, app)
        await self._server.start()
        await _in_daemon_thread(functools.partial(_await_health, self.url, prefix))
        self._announce()

    def start_timers(self) -> None:
        """Begin the timers' ticks, of which some happen at once, and to look for blobs; meant for after `start`."""
        if self._timers is not None:
            self._timers.start()
        if self._blob_triggers is not None:
            self._blob_triggers.start()

    def _announce(self) -> None:
        self._folder.remember_ports(self._ports)
        self._folder.announce(
            {
                "url": self.url,
                "pid": os.getpid(),
                "data": str(self.data),
                "blob_port": self._ports.blob,
                "queue_port": self._ports.queue,
                "table_port": self._ports.table,
                "azurite_pid": self._azurite.pid,
                "emulators": self._emulated.urls,
            }
        )

    async def stop(self) -> None:
        """End everything that `start` began, as far as it got. Takes less than ten seconds."""
        deadline = time.monotonic() + _STOP_LIMIT
        for step in (
            self._stop_taking_work,
            self._call_hook,
            self._stop_issuer,
            self._hub.stop,
            self._sidecar.stop,
            self._emulated.stop,
            lambda: self._azurite.stop(max(_STORAGE_AT_LEAST, deadline - time.monotonic())),
        ):
            try:
                await step()
            except Exception:
                log.exception("A step of stopping failed; going on with the next")
        self._host.stop()
        if self._listener is not None:
            self._listener.close()
        self._folder.release()

    async def _stop_taking_work(self) -> None:
        if self._timers is not None:
            await self._timers.stop()
        if self._blob_triggers is not None:
            await self._blob_triggers.stop()
        if self._server is not None:
            await self._server.stop()
        # Nothing new may start while the app's jobs are being ended: it would see them fail and record that.
        self._hub.pause()

    def _listen(self) -> socket.socket:
        port = self._options.port
        try:
            return listen(port)
        except OSError as error:
            raise WorkspaceError(
                f"Port {port} is taken ({error.strerror}). Choose another one with --port, or 0 for a free one."
            ) from error

    def _settings(self) -> dict[str, str]:
        connection = self._ports.connection_string
        return {
            "AzureWebJobsStorage": connection,
            "PIPEYARD_STORAGE": connection,
            "TASK_HUB_NAME": "LocalHub",
            "PIPEYARD_DATA_DIR": str(self.data),
            "PIPEYARD_BASE_URL": self.url,
            "PIPEYARD_FILE_STORE": str(self.data / "workspacefilestore"),
            "PIPEYARD_LOCAL_PROCESS": "1",
            **self._emulated.listen(),
            **self._sign_in(),
            # Turns run in the same threads as synchronous activities and HTTP functions; each has room at its limit.
            "PYTHON_THREADPOOL_THREAD_COUNT": str(MAX_ACTIVITIES + MAX_TURNS + _HTTP_THREADS),
        }

    def _sign_in(self) -> dict[str, str]:
        # Both ways are loopback only, so webhooks may stay on this machine, too.
        if self._issuer is None:
            return {"PIPEYARD_AUTH": "none", "PIPEYARD_PRIVATE_WEBHOOKS": "1"}
        self._issuer.start()
        return {**self._issuer.settings(), "PIPEYARD_PRIVATE_WEBHOOKS": "1"}

    async def _stop_issuer(self) -> None:
        if self._issuer is not None:
            await asyncio.to_thread(self._issuer.stop)

    async def _call_hook(self) -> None:
        if not self._indexed:
            return
        try:
            await asyncio.wait_for(_in_daemon_thread(self._options.on_shutdown), _HOOK_LIMIT)
        except TimeoutError:
            log.warning("Ending the app's jobs took more than %.0f s; going on without.", _HOOK_LIMIT)


def _test_issuer(folder: Path) -> "TestIssuer":
    from local.test_issuer import TestIssuer  # noqa: PLC0415 - cryptography would slow every other start down

    return TestIssuer(folder)


def _in_daemon_thread(work: Callable[[], None]) -> asyncio.Future[None]:
    """Run `work` in a thread that the end of the process does not wait for, unlike one of asyncio's own."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[None] = loop.create_future()

    def report(error: Exception | None) -> None:
        if outcome.done():
            return
        if error is None:
            outcome.set_result(None)
        else:
            outcome.set_exception(error)

    def run() -> None:
        error: Exception | None = None
        try:
            work()
        except Exception as raised:  # noqa: BLE001 -- it is raised again where it is awaited
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(report, error)

    threading.Thread(target=run, daemon=True).start()
    return outcome


def _await_health(url: str, prefix: str) -> None:
    """Return when GET /health answers 200, or 404 because the app has no such route."""
    address = url.removeprefix("http://")
    path = "/" + "/".join(part for part in (prefix, "health") if part)
    deadline = time.monotonic() + _HEALTH_LIMIT
    last = "no answer"
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(address, timeout=max(1.0, deadline - time.monotonic()))
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            if answer.status in (_OK, _NOT_FOUND):
                return
            last = f"{answer.status}: {answer.read(500).decode('utf-8', 'replace')}"
        except OSError as error:
            last = str(error)
        finally:
            connection.close()
        time.sleep(0.2)
    raise WorkspaceError(f"The function app did not become healthy in {_HEALTH_LIMIT:.0f} s. GET {path}: {last}")
