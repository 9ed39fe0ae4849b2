"""Storage for the runner's tests: a recording server, and a real Azurite."""

import pytest

from tests.unit.runner.azurite import azurite
from tests.unit.runner.blob_server import BlobServer


@pytest.fixture
def server():
    store = BlobServer()
    yield store
    store.close()


@pytest.fixture(scope="session")
def azurite_url():
    with azurite() as url:
        yield url
