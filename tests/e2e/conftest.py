"""One workspace for all end-to-end tests that do not need one of their own, and a fresh pipeline for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.guarded import Guarded
from tests.e2e.workspace import Api, Flow, Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The shared workspace's process."""
    running = Server(tmp_path_factory.mktemp("workspace"))
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def api(server: Server) -> Iterator[Api]:
    """A client of the shared workspace."""
    client = Api(server.facts["url"])
    yield client
    client.close()


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A shared workspace that asks for tokens, with low limits and quick tries of webhooks."""
    running = Guarded(tmp_path_factory.mktemp("guarded"))
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A workspace for one test, which may kill it."""
    running = Server(tmp_path_factory.mktemp("own"))
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture
def flow(api: Api, tmp_path: Path) -> Flow:
    """A pipeline that nobody else knows, in the shared workspace."""
    return Flow(api, tmp_path)
