import pytest

from tests.unit.adapters.azure_ml.arm_server import ArmServer


@pytest.fixture
def arm():
    server = ArmServer()
    yield server
    server.close()
