"""What tests of every kind share: one Azurite per session, an empty storage account per test."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# How long an example takes says how busy the machine is; a test that hangs has pytest's own time limit.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")

ROOT = Path(__file__).parents[1]
ACCOUNTS = 400
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
START_SECONDS = 100
STOP_SECONDS = 30
PORT_TRIES = 3


class Azurite:
    """A running Azurite in memory. Every account of it is empty until somebody asks for it."""

    def __init__(self, blob_port: int, queue_port: int, table_port: int) -> None:
        self.ports = {"Blob": blob_port, "Queue": queue_port, "Table": table_port}
        self._used = 0

    def account(self) -> str:
        """Connection string of an account that nobody used before."""
        name = account_name(self._used)
        self._used += 1
        endpoints = "".join(
            f"{service}Endpoint=http://127.0.0.1:{port}/{name};" for service, port in self.ports.items()
        )
        return f"DefaultEndpointsProtocol=http;AccountName={name};AccountKey={ACCOUNT_KEY};{endpoints}"


def account_name(number: int) -> str:
    assert number < ACCOUNTS
    return f"pipeyardtest{number:04d}"


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


def start_azurite() -> tuple[subprocess.Popen[bytes], Azurite]:
    """A process that listens. Somebody else may take a port that was free a moment ago: then others are tried."""
    accounts = ";".join(f"{account_name(number)}:{ACCOUNT_KEY}" for number in range(ACCOUNTS))
    command = ["node", str(ROOT / "node_modules/azurite/dist/src/azurite.js"), "--silent", "--skipApiVersionCheck"]
    command += ["--disableTelemetry", "--inMemoryPersistence"]
    for _ in range(PORT_TRIES):
        server = Azurite(*free_ports(3))
        options = [f"--{service.lower()}Port={port}" for service, port in server.ports.items()]
        process = subprocess.Popen(
            [*command, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"AZURITE_ACCOUNTS": accounts},
        )
        if all(answers(port, process) for port in server.ports.values()):
            return process, server
        stop(process)
    raise AssertionError("Azurite did not start.")


def answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether the process comes to listen."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    process, server = start_azurite()
    yield server
    stop(process)


@pytest.fixture
def storage_account(azurite: Azurite) -> str:
    """Connection string of an empty storage account."""
    return azurite.account()
