"""`python -m local`: runs Pipeyard on this machine until Ctrl-C."""

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

from local.azurite import AzuriteError, Ports
from local.data_folder import FolderInUseError
from local.functions_host import IndexingError
from local.timers import ScheduleError
from local.workspace import Options, Workspace, WorkspaceError

_REPOSITORY = Path(__file__).resolve().parent.parent
_QUIET = ("durabletask", "durabletask-tracing", "azure", "uvicorn", "asyncio", "httpx", "httpcore")
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_THREADS_LIMIT = 0.5
_COLLECT_AFTER = 20_000
"""New objects between two collections of the youngest."""


def main(arguments: list[str] | None = None) -> int:
    """Run the workspace; returns the exit code."""
    options = _options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        asyncio.run(_run(options))
    except (AzuriteError, FolderInUseError, IndexingError, ScheduleError, WorkspaceError) as error:
        print(f"Pipeyard cannot start. {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def _options(arguments: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m local", description="Run Pipeyard on this machine.")
    parser.add_argument("--port", type=int, default=7071, help="HTTP port; 0 picks a free one (default: 7071)")
    parser.add_argument(
        "--data", type=Path, default=_REPOSITORY / ".pipeyard", help="folder for all data (default: .pipeyard)"
    )
    parser.add_argument(
        "--azurite-ports",
        type=_ports,
        default=Ports(10000, 10001, 10002),
        metavar="BLOB,QUEUE,TABLE",
        help="storage ports; 0,0,0 picks free ones (default: 10000,10001,10002)",
    )
    parser.add_argument("--auth", action="store_true", help="ask for tokens of the test issuer (docs/identity.md)")
    parser.add_argument(
        "--record-histories", type=Path, metavar="FOLDER", help="write down what orchestrations do (CONTRIBUTING.md)"
    )
    parser.add_argument("--app", type=Path, default=_REPOSITORY, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    return Options(
        app=asked.app,
        data=asked.data,
        port=asked.port,
        azurite_ports=asked.azurite_ports,
        azurite_package=_REPOSITORY / "node_modules" / "azurite",
        on_shutdown=_shut_down_app if asked.app.resolve() == _REPOSITORY else _nothing,
        watched=_watched_by_app if asked.app.resolve() == _REPOSITORY else _everything,
        auth=asked.auth,
        record_histories=asked.record_histories,
    )


def _ports(value: str) -> Ports:
    try:
        blob, queue, table = (int(part) for part in value.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError("give three port numbers: BLOB,QUEUE,TABLE") from error
    return Ports(blob, queue, table)


def _shut_down_app() -> None:
    # Imported when called: it belongs to the function app, which reads its settings on import.
    from shared import bootstrap  # noqa: PLC0415

    bootstrap.shutdown()


def _nothing() -> None:
    """Another app than Pipeyard has no jobs to end."""


def _watched_by_app() -> list[tuple[str, bool]]:
    from shared import bootstrap  # noqa: PLC0415
    from shared.services import arrivals  # noqa: PLC0415

    return arrivals.watched_folders(bootstrap.workspace())


def _everything() -> list[tuple[str, bool]]:
    """Another app than Pipeyard wants to hear of every blob."""
    return [("", True)]


async def _run(options: Options) -> None:
    stopped = asyncio.Event()
    for number in _STOP_SIGNALS:
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue  # started under nohup
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    workspace = Workspace(options)
    starting = asyncio.create_task(workspace.start())
    waiting = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait([starting, waiting], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting
            # One write, so that a function that prints from a thread cannot break the line others wait for.
            sign_in = "sign-in with tokens of the test issuer" if options.auth else "no sign-in"
            where = f"Local workspace: loopback only, {sign_in}. Data folder: {workspace.data}"
            print(f"{where}\nPipeyard is ready at {workspace.url}\n", end="", flush=True)
            workspace.start_timers()
            _relax_garbage_collection()
            await waiting
            print("Stopping.", flush=True)
    finally:
        waiting.cancel()
        starting.cancel()
        await asyncio.wait([starting])
        await workspace.stop()


def _relax_garbage_collection() -> None:
    """Spare the collector the many objects of imported modules, which live as long as the process.

    Looking through them again and again took a fifth of the host's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 20)


def _leave(code: int) -> None:
    """Exit, also when an activity is still busy in a thread: the interpreter would wait for it without limit."""
    deadline = time.monotonic() + _THREADS_LIMIT
    while time.monotonic() < deadline and _busy_threads():
        time.sleep(0.01)
    if not _busy_threads():
        sys.exit(code)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _busy_threads() -> bool:
    return any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread())


if __name__ == "__main__":
    _leave(main())
