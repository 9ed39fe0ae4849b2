"""What a workspace asks of storage while nothing happens: the figures of ARCHITECTURE.md."""

import dataclasses

import pytest

from shared.adapters.azure_transport import TransactionCounter
from shared.adapters.storage.table_catalogue import TableCatalogue
from shared.adapters.storage.table_runs import TableRunStore
from shared.adapters.tables import TableGateway
from shared.services.deliveries import restart_deliveries
from shared.services.runs import reconcile_runs
from shared.services.workspace import Workspace
from shared.steps import STEP_TYPES
from tests.unit.services.scheduling import MINUTE, World


@pytest.mark.parametrize(("schedule", "requests"), [(None, 3), ("time", 4), ("files", 6)])
def test_a_minute_without_work(world: World, storage_account: str, schedule: str | None, requests: int):
    counter = TransactionCounter()
    tables = TableGateway.from_connection_string(storage_account, counter)
    services = dataclasses.replace(
        world.workspace.services, runs=TableRunStore(tables), catalogue=TableCatalogue(tables)
    )
    if schedule == "time":
        world.schedule(recurrence={"frequency": "Day", "hours": [6]})
    if schedule == "files":
        world.waiting(polling_interval_minutes=60)
    world.workspace = Workspace(services, STEP_TYPES, name="test", max_parallel_steps=1)
    for _ in range(3):
        before = counter.total
        reconcile_runs(world.workspace, world.engine)
        restart_deliveries(world.workspace, world.engine)
        world.tick(MINUTE)
    assert counter.total - before == requests
    tables.close()
