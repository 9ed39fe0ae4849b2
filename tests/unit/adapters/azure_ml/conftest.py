import pytest

from tests.fakes.http_server import HttpServer


@pytest.fixture
def arm():
    """In the place of Azure Resource Manager."""
    with HttpServer() as server:
        yield server
