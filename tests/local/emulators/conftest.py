from collections.abc import Iterator

import pytest

from tests.local.emulators.azure_ml_client import AzureMl
from tests.local.emulators.databricks_emulator import DatabricksEmulator
from tests.local.emulators.emulator_process import EmulatorProcess


@pytest.fixture(scope="session")
def azure_ml(azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureMl]:
    """A workspace for all tests, which keep to names of their own."""
    storage = azurite.account()
    emulator = EmulatorProcess("azure_ml", tmp_path_factory.mktemp("emulator") / "azure_ml", storage)
    client = AzureMl(emulator, storage)
    try:
        yield client
    finally:
        client.blobs.close()
        emulator.stop()


@pytest.fixture
def faulty(azure_ml: AzureMl) -> Iterator[EmulatorProcess]:
    """The emulator, with its switches off again in the end."""
    yield azure_ml.emulator
    azure_ml.emulator.faults()


@pytest.fixture(scope="session")
def shared_databricks(azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabricksEmulator]:
    """A Databricks workspace for all tests, which keep to names of their own."""
    emulator = DatabricksEmulator(azurite.account(), tmp_path_factory.mktemp("databricks") / "data")
    yield emulator
    emulator.stop()


@pytest.fixture
def databricks(shared_databricks: DatabricksEmulator) -> Iterator[DatabricksEmulator]:
    """That workspace, with its switches off again in the end."""
    yield shared_databricks
    shared_databricks.faults()


@pytest.fixture
def own_databricks(azurite, tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabricksEmulator]:
    """A Databricks workspace for a test that kills it."""
    monkeypatch.setenv("PIPEYARD_EMULATOR_CLUSTERS", "0101-000000-first")
    emulator = DatabricksEmulator(azurite.account(), tmp_path / "data")
    yield emulator
    emulator.stop()
