"""An emulated Databricks workspace behind a forwarder that keeps what is said, and a backend that talks to it."""

from collections.abc import Iterator

import pytest

from tests.fakes.http_server import HttpServer
from tests.local.emulators.databricks_emulator import DatabricksEmulator
from tests.unit.adapters.databricks_backend.desk import Desk


@pytest.fixture(scope="session")
def bricks(azurite, tmp_path_factory) -> Iterator[DatabricksEmulator]:
    emulator = DatabricksEmulator(azurite.account(), tmp_path_factory.mktemp("bricks") / "data")
    yield emulator
    emulator.stop()


@pytest.fixture
def desk(bricks, tmp_path) -> Iterator[Desk]:
    with HttpServer() as forwarder:
        forwarder.answer = forwarder.pass_on(bricks.url)
        yield Desk(bricks, forwarder, tmp_path)
        bricks.faults()
