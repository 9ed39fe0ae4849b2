"""The engine's port on the local hub: ended orchestrations are counted and forgotten, live ones stay."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from azure.durable_functions import SyncDurableFunctionsClient

from shared.adapters.durable_engine import DurableEngine
from tests.local.hub_harness import Harness, in_hub, until

# The durable library warns once per process about its own converter.
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning")


def quick(ctx, _):
    return "done"
    yield


def waiting(ctx, _):
    yield ctx.wait_for_external_event("go")


def test_ended_orchestrations_are_forgotten_and_live_ones_stay():
    harness = Harness([quick, waiting])

    async def check(h):
        client = SyncDurableFunctionsClient(json.dumps({"rpcBaseUrl": f"http://{h.address}"}))
        engine = DurableEngine(client)
        for number in range(3):
            await h.run("quick", None, f"quick-{number}")
        await h.start("waiting", None, "live")
        await until(lambda: h.turns == 4)
        now = datetime.now(UTC)
        long_ago, soon = now - timedelta(days=3650), now + timedelta(minutes=1)
        assert await asyncio.to_thread(engine.count_ended, soon) == 3
        assert await asyncio.to_thread(engine.count_ended, now - timedelta(hours=1)) == 0
        assert await asyncio.to_thread(engine.forget_ended, long_ago, now - timedelta(hours=1)) == (0, True)
        assert await asyncio.to_thread(engine.forget_ended, long_ago, soon) == (3, True)
        assert await asyncio.to_thread(engine.count_ended, soon) == 0
        assert await asyncio.to_thread(engine.is_alive, "live")
        client.close()

    in_hub(harness, check)
