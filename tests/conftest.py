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
START_SECONDS = 30
STOP_SECONDS = 10


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


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, "Azurite ended at its start"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "Azurite did not start"
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    server = Azurite(*free_ports(3))
    hosts_and_ports = [
        word
        for service, port in server.ports.items()
        for word in (f"--{service.lower()}Host", "127.0.0.1", f"--{service.lower()}Port", str(port))
    ]
    command = ["node", str(ROOT / "node_modules/azurite/dist/src/azurite.js"), "--silent", "--skipApiVersionCheck"]
    command += ["--disableTelemetry", "--inMemoryPersistence", *hosts_and_ports]
    accounts = ";".join(f"{account_name(number)}:{ACCOUNT_KEY}" for number in range(ACCOUNTS))
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"AZURITE_ACCOUNTS": accounts},
    )
    try:
        for port in server.ports.values():
            wait_for_port(port, process)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)


@pytest.fixture
def storage_account(azurite: Azurite) -> str:
    """Connection string of an empty storage account."""
    return azurite.account()
