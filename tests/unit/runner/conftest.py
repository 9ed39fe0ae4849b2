"""Storage for the runner's tests: a server that records."""

import pytest

from tests.unit.runner.blob_server import BlobServer


@pytest.fixture
def server():
    store = BlobServer()
    yield store
    store.close()
