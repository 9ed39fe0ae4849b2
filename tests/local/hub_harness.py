"""A hub with real orchestrators, the real durable client and no Functions runtime, for tests in one event loop."""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any, Self

import durabletask.internal.orchestrator_service_pb2 as pb
from azure.durable_functions.client import DurableFunctionsClient
from azure.durable_functions.worker import DurableFunctionsWorker

from local.sidecar import Sidecar
from local.taskhub import TaskFailure, TaskHub

LIMIT = 100


class Harness:
    def __init__(
        self,
        orchestrators: list[Any],
        activities: list[Any] = [],  # noqa: B006
        default_version: str | None = None,
        **limits: Any,
    ) -> None:
        self._orchestrators = {function.__name__: function for function in orchestrators}
        self._activities = {function.__name__: function for function in activities}
        self._worker = DurableFunctionsWorker()
        self.turns = 0
        self.running = 0
        self.most_running = 0
        self.hub = TaskHub(self._orchestrate, self._act, **limits)
        self.sidecar = Sidecar(self.hub, default_version)
        self.client: Any = None
        self.address = ""

    async def _orchestrate(self, name: str, request: bytes) -> pb.OrchestratorResponse:
        await asyncio.sleep(0)
        answer = self._worker.execute_orchestration_request(self._orchestrators[name], base64.b64encode(request))
        response = pb.OrchestratorResponse()
        response.ParseFromString(base64.b64decode(answer))
        self.turns += 1
        return response

    async def _act(self, name: str, data: str | None, instance_id: str, task_id: int) -> str | None:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            result = self._activities[name](json.loads(data or "null"))
            if asyncio.iscoroutine(result):
                result = await result
            return json.dumps(result)
        except Exception as error:
            raise TaskFailure(type(error).__name__, str(error)) from error
        finally:
            self.running -= 1

    def deploy(self, name: str, orchestrator: Any, default_version: str | None) -> None:
        """Go on with other code, as after an upgrade."""
        self._worker = DurableFunctionsWorker()
        self._orchestrators[name] = orchestrator
        self.sidecar.default_version = default_version

    async def __aenter__(self) -> Self:
        self.address = await self.sidecar.serve()
        self.client = DurableFunctionsClient(json.dumps({"rpcBaseUrl": f"http://{self.address}"}))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()
        await self.hub.stop()
        await self.sidecar.stop()

    async def start(self, name: str, data: Any = None, instance_id: str | None = None, **more: Any) -> str:
        started: str = await self.client.schedule_new_orchestration(name, input=data, instance_id=instance_id, **more)
        return started

    async def end(self, instance_id: str) -> Any:
        return await self.client.wait_for_orchestration_completion(instance_id, timeout=LIMIT)

    async def run(self, name: str, data: Any = None, instance_id: str | None = None) -> Any:
        return await self.end(await self.start(name, data, instance_id))


def in_hub(harness: Harness, test: Callable[[Harness], Any]) -> None:
    async def whole() -> None:
        async with harness:
            await test(harness)

    asyncio.run(asyncio.wait_for(whole(), LIMIT))


async def until(condition: Callable[[], bool]) -> None:
    while True:
        if condition():
            return
        await asyncio.sleep(0.01)
